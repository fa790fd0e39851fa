import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { decodeZcl } from "../../src/zcl/frame.ts";
import { STATUS } from "../../src/zcl/index.ts";
import { defaultResponse, readAttributesResponse, wantsDefaultResponse } from "../../src/zcl/reply.ts";

const frame = (hex: string, cluster = 0) => decodeZcl(fromHex(hex), { cluster });

describe("ZCL 2.5.12 Default Response", () => {
  test("repeats sequence and command, turns the direction, wants none itself", () => {
    expect(toHex(defaultResponse(frame("091101", 0x0702), 0x0702, STATUS.NOT_FOUND))).toBe("10110b018b");
    expect(toHex(defaultResponse(frame("0112010200", 0x0702), 0x0702, STATUS.SUCCESS))).toBe("18120b0100");
  });

  test("is due for an error always, for success unless disabled, never for a Default Response", () => {
    expect(wantsDefaultResponse(frame("091101", 0x0702), 0)).toBe(true);
    expect(wantsDefaultResponse(frame("191101", 0x0702), 0)).toBe(false);
    expect(wantsDefaultResponse(frame("191101", 0x0702), 1)).toBe(true);
    expect(wantsDefaultResponse(frame("08110b0101", 0x0702), 1)).toBe(false);
    // Command 0B of a cluster is another matter.
    expect(wantsDefaultResponse(frame("09130b02000000c00000", 0x0702), 0)).toBe(true);
  });
});

describe("ZCL 2.5.2 Read Attributes Response", () => {
  test("has a record for each attribute asked for, in order", () => {
    const answer = readAttributesResponse(frame("00070000000500"), (id) =>
      id === 0
        ? { status: STATUS.SUCCESS, dataType: 0x20, value: 3 }
        : { status: STATUS.UNSUPPORTED_ATTRIBUTE },
    );
    expect(toHex(answer)).toBe("180701" + "0000002003" + "050086");
  });
});
