import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HanwayError } from "../../../src/base/error.ts";
import { encodeGetResponse, readMeterTransfer } from "../../../src/han/mailbox/transfer.ts";

describe("prefixes of the gas meter's tunnel (GBCS 10.2.2.1)", () => {
  it("GET is one octet", () => {
    expect(readMeterTransfer(Uint8Array.of(0x01))).toEqual({ type: "get" });
  });

  it("PUT is its prefix and the message as it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (message) => {
        const read = readMeterTransfer(Uint8Array.of(0x03, ...message));
        expect(read).toEqual({ type: "put", message });
      }),
    );
  });

  it.each([
    ["nothing", [], "decode/truncated", 0],
    ["more than GET", [0x01, 0x00], "decode/trailing", 1],
    ["the hub's own prefix", [0x02, 0x00], "decode/value", 0],
    ["PUT of nothing", [0x03], "decode/truncated", 1],
    ["a message without prefix", [0xdf, 0x09, 0x01], "decode/value", 0],
  ])("%s is refused with field and offset", (_what, data, code, offset) => {
    expect(() => readMeterTransfer(Uint8Array.from(data))).toThrow(
      expect.objectContaining({ code, offset, field: expect.any(String) }),
    );
  });

  it("whatever comes, it is read or refused with a code", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        try {
          readMeterTransfer(data);
        } catch (error) {
          expect(error).toBeInstanceOf(HanwayError);
        }
      }),
    );
  });

  it("GET-RESPONSE is 02, the count left and the message; 02 00 where nothing waits", () => {
    expect([...encodeGetResponse(0, new Uint8Array())]).toEqual([0x02, 0x00]);
    expect([...encodeGetResponse(3, Uint8Array.of(9, 8))]).toEqual([0x02, 0x03, 9, 8]);
    expect(encodeGetResponse(256, new Uint8Array())[1]).toBe(255);
  });
});
