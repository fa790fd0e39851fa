import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HanwayError } from "../../src/base/error.ts";
import { InstallCode } from "../../src/base/install-code.ts";
import { parseLabel } from "../../src/base/label.ts";

const CODE = "83FED3407A939723A5C639B26916D505C3B5";
const WANTED = { eui64: "00db1234567890a1", installCode: InstallCode(CODE) };

describe("labels that installers meet", () => {
  it.each([
    ["the Zigbee QR code", `Z:00DB1234567890A1$I:${CODE}`],
    ["a QR code with more fields", `G$M:Hanway%Z$A:12$Z:00DB1234567890A1$D:7$I:${CODE}%G`],
    ["its fields the other way round", `I:${CODE}$Z:00DB1234567890A1`],
    ["two fields", `00DB1234567890A1|${CODE}`],
    ["printed groups", "00:DB:12:34:56:78:90:A1, 83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5"],
    ["printed words", `EUI64: 00DB1234567890A1\nInstall code: ${CODE}`],
    ["words of another maker", `IEEE 00-DB-12-34-56-78-90-A1 IC=${CODE}`],
    ["two words", `00db1234567890a1 ${CODE.toLowerCase()}`],
  ])("reads %s", (_what, text) => {
    expect(parseLabel(text)).toEqual(WANTED);
  });

  it("refuses a wrong CRC and does not repeat the label", () => {
    const wrong = `Z:00DB1234567890A1$I:${CODE.slice(0, -1)}6`;
    expect(() => parseLabel(wrong)).toThrow(/CRC/);
    expect(() => parseLabel(wrong)).toThrow(/^(?!.*83FED).*$/s);
  });

  it("refuses anything else with a coded error, quickly", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        try {
          parseLabel(text);
        } catch (error) {
          expect(error).toBeInstanceOf(HanwayError);
        }
      }),
    );
  });
});
