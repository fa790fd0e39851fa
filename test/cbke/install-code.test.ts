import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { HanwayError } from "../../src/base/error.ts";
import { crc16X25, InstallCode } from "../../src/base/install-code.ts";
import { installCodeKey } from "../../src/cbke/install-code.ts";

describe("install codes (Smart Energy 5.4.8.1)", () => {
  it.each([
    ["83FED3407A932B70", "cd4fa064773f46941ec986c09963d1a8"],
    ["83FED3407A939738C552", "a833a77434f3bfbd7a7ab97942149287"],
    ["83FED3407A939723A5C639FF4C12", "58c1828cf7f1c3fe29e7b1024ad84bfa"],
    ["83FED3407A939723A5C639B26916D505C3B5", "66b6900981e1ee3ca4206b6b861c02bb"],
    ["11223344556677884AF7", "41618fc0c83b0e14a589954b16e31466"],
  ])("hashes %s to its published link key", (label, key) => {
    expect(toHex(installCodeKey(InstallCode(label)))).toBe(key);
  });

  it("reads the groups of a printed label", () => {
    expect(InstallCode("83FE D340-7A93 2B70")).toEqual(InstallCode("83FED3407A932B70"));
  });

  it("computes CRC-16/X-25 as catalogued", () => {
    expect(crc16X25(new TextEncoder().encode("123456789"))).toBe(0x906e);
  });

  it("refuses a wrong CRC and never repairs it", () => {
    expect(() => InstallCode("83FED3407A932B71")).toThrow(
      expect.objectContaining({ code: "decode/checksum", offset: 6 }) as HanwayError,
    );
  });

  it("refuses lengths that no install code has, and keeps the code out of the message", () => {
    let message = "";
    try {
      InstallCode("83FED3407A2B70");
    } catch (error) {
      message = error instanceof HanwayError ? `${error.code} ${error.message}` : "";
    }
    expect(message).toMatch(/^decode\/length /);
    expect(message).not.toContain("83FED3");
  });
});
