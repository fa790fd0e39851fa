import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReader, ByteWriter, fromHex, toHex } from "../../src/base/bytes.ts";
import { HanwayError } from "../../src/base/error.ts";
import { DATA_TYPES, dataTypeNamed } from "../../src/zcl/data-type.ts";
import { readValue } from "../../src/zcl/read-value.ts";
import type { ZclValue } from "../../src/zcl/value.ts";
import { writeValue } from "../../src/zcl/write-value.ts";
import { arbitraryValue } from "./arbitrary.ts";

function typeOf(name: string) {
  const type = dataTypeNamed(name);
  if (!type) throw new Error(name);
  return type;
}
function decode(name: string, octets: Uint8Array): ZclValue {
  const reader = new ByteReader(octets);
  const value = readValue(reader, typeOf(name), "value");
  reader.finish("value");
  return value;
}
function encode(name: string, value: ZclValue): Uint8Array {
  const writer = new ByteWriter();
  writeValue(writer, typeOf(name), value, "value");
  return writer.done();
}

/** Type, octets in order of sending, value (ZCL 2.6.2). */
const CASES: [string, string, ZclValue][] = [
  ["uint8", "ff", 255],
  ["uint16", "3412", 0x1234],
  ["uint24", "563412", 0x123456],
  ["uint32", "ffffffff", 0xffffffff],
  ["uint40", "0000000001", 2 ** 32],
  ["uint48", "ffffffffffff", 2 ** 48 - 1],
  ["uint56", "01000000000080", 0x80000000000001n],
  ["uint64", "ffffffffffffffff", 2n ** 64n - 1n],
  ["int8", "80", -128],
  ["int16", "feff", -2],
  ["int24", "000080", -(2 ** 23)],
  ["int32", "ffffff7f", 2 ** 31 - 1],
  ["int40", "ffffffffff", -1],
  ["int48", "000000000080", -(2 ** 47)],
  ["int56", "ffffffffffffff", -1n],
  ["int64", "0000000000000080", -(2n ** 63n)],
  ["map8", "a5", 0xa5],
  ["enum16", "0100", 1],
  ["bool", "00", false],
  ["bool", "01", true],
  ["bool", "ff", null],
  ["octstr", "00", new Uint8Array()],
  ["octstr", "02beef", fromHex("beef")],
  ["octstr", "ff", null],
  ["string", "0568656c6c6f", "hello"],
  ["string", "ff", null],
  ["string", "02c328", fromHex("c328")],
  ["string", "03efbfbd", "\ufffd"],
  ["octstr16", "0200beef", fromHex("beef")],
  ["octstr16", "ffff", null],
  ["string16", "01007a", "z"],
  ["ToD", "173bff00", { hours: 23, minutes: 59, seconds: null, hundredths: 0 }],
  ["date", "720c19ff", { year: 2014, month: 12, day: 25, weekday: null }],
  ["date", "ff0314ff", { year: null, month: 3, day: 20, weekday: null }],
  ["UTC", "804a371c", 0x1c374a80],
  ["EUI64", "0807060504030201", "0102030405060708"],
  ["key128", "000102030405060708090a0b0c0d0e0f", fromHex("000102030405060708090a0b0c0d0e0f")],
  ["semi", "003c", 1],
  ["semi", "0100", 2 ** -24],
  ["semi", "00fc", Number.NEGATIVE_INFINITY],
  ["semi", "007e", Number.NaN],
  ["semi", "017e", fromHex("017e")],
  ["single", "0000c03f", 1.5],
  ["single", "00000080", -0],
  ["single", "0000c07f", Number.NaN],
  ["single", "0100c07f", fromHex("0100c07f")],
  ["double", "000000000000f03f", 1],
  ["array", "2102000100ffff", { elementType: 0x21, elements: [1, 0xffff] }],
  ["array", "21ffff", { elementType: 0x21, elements: null }],
  [
    "struct",
    "02002007410161",
    {
      members: [
        { dataType: 0x20, value: 7 },
        { dataType: 0x41, value: fromHex("61") },
      ],
    },
  ],
  ["struct", "ffff", { members: null }],
  ["nodata", "", null],
];

describe("ZCL 2.6.2 data types", () => {
  test.each(CASES)("%s %s", (name, hex, value) => {
    expect(decode(name, fromHex(hex))).toEqual(value);
    expect(toHex(encode(name, value))).toBe(hex);
  });

  test("whatever the type and value, it decodes back to itself", () => {
    for (const type of DATA_TYPES) {
      fc.assert(
        fc.property(arbitraryValue(type), (value) => {
          expect(decode(type.name, encode(type.name, value))).toEqual(value);
        }),
        { numRuns: 30 },
      );
    }
  });

  test("whatever the octets, they encode back to themselves or are refused with an offset", () => {
    for (const type of DATA_TYPES) {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 20 }), (octets) => {
          try {
            expect(toHex(encode(type.name, decode(type.name, octets)))).toBe(toHex(octets));
          } catch (error) {
            if (!(error instanceof HanwayError)) throw error;
            expect(error.code).toMatch(/^decode\//);
            expect(error.offset).toBeLessThanOrEqual(octets.length);
          }
        }),
        { numRuns: 60 },
      );
    }
  });

  test("every semi-precision number survives", () => {
    for (let bits = 0; bits <= 0xffff; bits++) {
      const octets = Uint8Array.of(bits & 0xff, bits >> 8);
      if (toHex(encode("semi", decode("semi", octets))) !== toHex(octets)) expect.fail(toHex(octets));
    }
  });

  test("a number that the type cannot hold exactly is refused, not rounded", () => {
    for (const [name, value] of [
      ["single", 0.1],
      ["semi", 65535],
      ["uint8", 256],
      ["uint48", 2 ** 48],
      ["int24", -(2 ** 23) - 1],
      ["uint64", 2n ** 64n],
      ["uint64", 1],
      ["uint32", 1n],
      ["string", "\ud800"],
      ["octstr", new Uint8Array(255)],
      ["EUI64", "01"],
      ["key128", new Uint8Array(15)],
    ] as [string, ZclValue][]) {
      expect(() => encode(name, value), `${name} ${value}`).toThrow(HanwayError);
    }
  });
});
