import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import {
  decodeBlock,
  encodeBlock,
  type GbtBlock,
  gbtSettings,
  isBlock,
  joinBlocks,
  splitMessage,
} from "../../../src/gbcs/gbt/index.ts";
import { largeMessage } from "./message.ts";

const block: GbtBlock = {
  cra: 2,
  counter: 0x1_0000_0007n,
  originator: Eui64("00dbaaaaaaaaaaa0"),
  target: Eui64("90b3d51f3001ffff"),
  messageCode: 0x0033,
  securityControl: 0,
  invocationCounter: 0,
  last: false,
  streaming: true,
  window: 6,
  number: 2,
  confirmed: 0,
  data: fromHex("abcd"),
};
const hex =
  "dd09020000000100000007 0800dbaaaaaaaaaaa0 0890b3d51f3001ffff 00 020033 00 0e 00 00000000 e0 46 0002 0000 02 abcd";

const blocks = fc.record({
  cra: fc.constantFrom(1 as const, 2 as const, 3 as const),
  counter: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  originator: fc.constant(block.originator),
  target: fc.constant(block.target),
  messageCode: fc.nat(0xffff),
  securityControl: fc.nat(255),
  invocationCounter: fc.nat(0x7fff_ffff),
  last: fc.boolean(),
  streaming: fc.boolean(),
  window: fc.nat(63),
  number: fc.nat(0xffff),
  confirmed: fc.nat(0xffff),
  data: fc.uint8Array({ maxLength: 1200, size: "max" }),
});

describe("General Block Transfer block (GBCS 7.2.11)", () => {
  it("has the layout of its header and its data", () => {
    const octets = fromHex(hex.replaceAll(" ", ""));
    expect(decodeBlock(octets)).toEqual(block);
    expect(toHex(encodeBlock(block))).toBe(toHex(octets));
    expect(isBlock(octets)).toBe(true);
    expect(isBlock(largeMessage(10))).toBe(false);
  });

  it("encodes what it decodes for every value", () => {
    fc.assert(
      fc.property(blocks, (value) => {
        expect(decodeBlock(encodeBlock(value))).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  it("is refused with a coded error when cut off anywhere or longer than it says", () => {
    const octets = encodeBlock({ ...block, data: new Uint8Array(300) });
    for (let length = 0; length < octets.length; length++)
      expect(() => decodeBlock(octets.subarray(0, length))).toThrow(HanwayError);
    expect(() => decodeBlock(Uint8Array.from([...octets, 0]))).toThrow(HanwayError);
  });

  it("is taken as what it says, or refused with a coded error, when bits are flipped", () => {
    fc.assert(
      fc.property(blocks, fc.nat(), (value, flip) => {
        const octets = encodeBlock(value);
        const at = (flip >>> 3) % Math.min(octets.length, 60);
        octets[at] = (octets[at] ?? 0) ^ (1 << (flip & 7));
        try {
          expect(toHex(encodeBlock(decodeBlock(octets)))).toBe(toHex(octets));
        } catch (error) {
          expect(error).toBeInstanceOf(HanwayError);
          expect(error).toMatchObject({ field: expect.any(String), offset: expect.any(Number) });
        }
      }),
      { numRuns: 500 },
    );
  });

  const lies: [
    what: string,
    change: Partial<Record<"length" | "data", string>>,
    code: string,
    field: string,
  ][] = [
    [
      "a data length in two octets that fits one",
      { length: "0f", data: "8102abcd" },
      "decode/length",
      "data",
    ],
    ["data that end before the block does", { data: "01abcd" }, "decode/trailing", "block"],
    ["data that go beyond the block", { data: "03abcd" }, "decode/truncated", "data"],
    ["an indefinite data length", { data: "80abcd" }, "decode/length", "data"],
  ];
  for (const [what, { length = "0e", data = "02abcd" }, code, field] of lies) {
    it(`is refused with ${what}`, () => {
      const start = hex.replaceAll(" ", "").slice(0, 68);
      const octets = fromHex(`${start}${length}0000000000e04600020000${data}`);
      expect(() => decodeBlock(octets)).toThrow(expect.objectContaining({ code, field }));
    });
  }

  it("is refused with more data than a block may have", () => {
    expect(() => encodeBlock({ ...block, data: new Uint8Array(1201) })).toThrow(/1200/);
  });
});

describe("splitting and joining (GBCS 7.2.11)", () => {
  it("gives the message back for every size of message, block and window, in any order, with duplicates", () => {
    const sizes = {
      blockOctets: fc.integer({ min: 40, max: 1200 }),
      window: fc.integer({ min: 1, max: 63 }),
    };
    fc.assert(
      fc.property(fc.nat(5000), fc.record(sizes), fc.nat(), (length, given, turn) => {
        const message = largeMessage(length);
        const split = splitMessage(message, gbtSettings(given));
        const first = turn % split.length;
        const turned = [...split.slice(first), ...split.slice(0, first + 1)];
        const received = turned.map((one) => decodeBlock(encodeBlock(one)));
        expect(toHex(joinBlocks(received))).toBe(toHex(message));
        expect(split.map((one) => one.last)).toEqual(split.map((_, i) => i === split.length - 1));
      }),
      { numRuns: 100 },
    );
  });

  it("refuses a set with a block missing, and blocks of two messages", () => {
    const split = splitMessage(largeMessage(3000), gbtSettings());
    for (const missing of split)
      expect(() => joinBlocks(split.filter((one) => one !== missing))).toThrow(HanwayError);
    const [first, ...rest] = split;
    if (!first) throw new Error("unexpected");
    expect(() => joinBlocks([{ ...first, counter: 9n }, ...rest])).toThrow(/several messages/);
  });

  it("refuses blocks that carry another message than their header names", () => {
    const split = splitMessage(largeMessage(3000), gbtSettings());
    const renamed = split.map((one) => ({ ...one, target: Eui64("0000000000000001") }));
    expect(() => joinBlocks(renamed)).toThrow(/not the message/);
  });

  it("refuses a message that is too large for the settings, and settings that make no sense", () => {
    expect(() => splitMessage(largeMessage(3000), gbtSettings({ maxBlocks: 2 }))).toThrow(HanwayError);
    expect(() => gbtSettings({ window: 64 })).toThrow(expect.objectContaining({ field: "gbt.window" }));
    expect(() => gbtSettings({ blockOctets: 0 })).toThrow(
      expect.objectContaining({ code: "config/invalid" }),
    );
  });
});
