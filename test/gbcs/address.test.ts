import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/base/bytes.ts";
import { readAddress } from "../../src/gbcs/address.ts";
import { describeShared } from "../shared-data.ts";

/** CCS02 Command of the Access Control Broker to a hub, on behalf of a supplier. */
const CCS02 = fromHex(
  "dd0000000000006011000000" +
    "00df090100000000000005160890b3d51f300000020800db1234567890a200" +
    "12000290b3d51f3001000000000000000003ea" +
    "1cd9200005160001030068" +
    "00001e0300ff0201090800db1234567890a0" +
    "0049287cecec3f657f241b16f9",
);
/** A block of a large Command: one block of a few octets is enough for the address. */
const BLOCK = fromHex(
  "dd0901000000000000051608" +
    "90b3d51f300000020800db1234567890a2000200120010" +
    "3100000000e0410001000002" +
    "abcd0000",
);

describe("address of a message for the router (GBCS 7.2)", () => {
  it("reads parties, counter, code and the supplementary party of a MAC-protected Command", () => {
    expect(readAddress(CCS02)).toEqual({
      form: "message",
      hasMac: true,
      hasSignature: false,
      cra: 1,
      counter: 0x516n,
      originator: "90b3d51f30000002",
      target: "00db1234567890a2",
      messageCode: 2,
      supplementaryRemoteParty: "90b3d51f30010000",
    });
  });

  it("tells a General Block Transfer block by its second octet (7.2.11)", () => {
    expect(readAddress(BLOCK)).toMatchObject({
      form: "block",
      cra: 1,
      counter: 0x516n,
      originator: "90b3d51f30000002",
      target: "00db1234567890a2",
      messageCode: 0x12,
    });
  });

  it.each([
    ["nothing", new Uint8Array(0), "decode/truncated", "message", 0],
    ["text", Buffer.from("hello"), "decode/value", "groupingHeader", 0],
    ["a lone tag", fromHex("dd"), "decode/truncated", "macHeader", 1],
    ["65,537 octets", new Uint8Array(65_537).fill(0xdf), "decode/size", "message", 65_536],
  ])("refuses %s as a value, never with an exception", (_name, octets, refused, field, offset) => {
    expect(readAddress(octets)).toEqual({ refused, field, offset });
  });

  it("refuses a message cut at any octet", () => {
    for (const message of [CCS02, BLOCK])
      for (let end = 0; end < message.length; end++)
        expect(readAddress(message.subarray(0, end))).toHaveProperty("refused");
  });

  it("refuses octets behind the end", () => {
    for (const message of [CCS02, BLOCK])
      expect(readAddress(Uint8Array.of(...message, 0))).toMatchObject({ refused: "decode/trailing" });
  });

  it("returns a value for any octets", () => {
    const prefix = fc.constantFrom(new Uint8Array(0), CCS02.subarray(0, 40), BLOCK.subarray(0, 40));
    fc.assert(
      fc.property(prefix, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        const address = readAddress(Uint8Array.of(...start, ...rest));
        if ("refused" in address) expect(address.offset).toBeLessThanOrEqual(start.length + rest.length);
      }),
    );
  });
});

describeShared("addresses of the published messages", "rtds.jsonl", (path) => {
  it("reads every one", () => {
    for (const line of readFileSync(path, "utf8").trim().split("\n")) {
      const record: { kind: string; hex: string } = JSON.parse(line);
      const address = readAddress(fromHex(record.hex));
      expect(address).toMatchObject({ form: "message", cra: { RESPONSE: 2, ALERT: 3 }[record.kind] ?? 1 });
    }
  });
});
