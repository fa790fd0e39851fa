import { describe, expect, it } from "vitest";
import { ByteWriter, toHex } from "../../src/base/bytes.ts";

describe("ByteWriter", () => {
  const integers: [name: string, write: (out: ByteWriter) => ByteWriter, hex: string][] = [
    ["u8", (out) => out.u8(0x01), "01"],
    ["u16le", (out) => out.u16le(0x0102), "0201"],
    ["u16be", (out) => out.u16be(0x0102), "0102"],
    ["u24le", (out) => out.u24le(0x010203), "030201"],
    ["u32le", (out) => out.u32le(0x01020304), "04030201"],
    ["u32be", (out) => out.u32be(0x01020304), "01020304"],
    ["u64le", (out) => out.u64le(0x0102030405060708n), "0807060504030201"],
    ["u64be", (out) => out.u64be(0x0102030405060708n), "0102030405060708"],
  ];
  for (const [name, write, hex] of integers) {
    it(`writes ${name} also where the buffer has to grow for it`, () => {
      const out = new ByteWriter(1).u8(0xaa);
      for (let i = 0; i < 20; i++) write(out);
      expect(toHex(out.done())).toBe(`aa${hex.repeat(20)}`);
    });
  }
});
