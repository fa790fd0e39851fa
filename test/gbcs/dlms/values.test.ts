import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import {
  type Data,
  dateTimeFromUnix,
  dateTimeToUnix,
  decodeData,
  decodeDateTime,
  encodeData,
  encodeDateTime,
  obisText,
  parseObis,
} from "../../../src/gbcs/dlms/index.ts";

describe("A-XDR types (DLMS UA, Data)", () => {
  const forms: [hex: string, data: Data][] = [
    ["00", { type: "null" }],
    ["0101 1105", { type: "array", value: [{ type: "u8", value: 5 }] }],
    ["0201 1105", { type: "structure", value: [{ type: "u8", value: 5 }] }],
    ["0300", { type: "boolean", value: false }],
    ["03ff", { type: "boolean", value: true }],
    ["0301", { type: "boolean", value: true, octet: 1 }],
    ["0407 fe", { type: "bit-string", bits: 7, value: fromHex("fe") }],
    ["0407 ff", { type: "bit-string", bits: 7, value: fromHex("ff") }],
    ["05fffffffe", { type: "i32", value: -2 }],
    ["06fffffffe", { type: "u32", value: 4294967294 }],
    ["0902abcd", { type: "octet-string", value: fromHex("abcd") }],
    ["0a024869", { type: "visible-string", value: "Hi" }],
    ["0a01a3", { type: "visible-string", value: "£" }],
    ["0c02c2a3", { type: "utf8-string", value: "£" }],
    ["0c03efbbbf", { type: "utf8-string", value: "\ufeff" }],
    ["0d42", { type: "bcd", value: 0x42 }],
    ["0fdd", { type: "i8", value: -35 }],
    ["108000", { type: "i16", value: -32768 }],
    ["11ff", { type: "u8", value: 255 }],
    ["12ffff", { type: "u16", value: 65535 }],
    ["14ffffffffffffffff", { type: "i64", value: -1n }],
    ["15ffffffffffffffff", { type: "u64", value: 18446744073709551615n }],
    ["1602", { type: "enum", value: 2 }],
    ["173fc00000", { type: "float32", value: 1.5 }],
    ["183ff8000000000000", { type: "float64", value: 1.5 }],
    ["1907df0101ff000000008000ff", { type: "date-time", value: fromHex("07df0101ff000000008000ff") }],
    ["1a07df0101ff", { type: "date", value: fromHex("07df0101ff") }],
    ["1b00000000", { type: "time", value: fromHex("00000000") }],
    ["1cff", { type: "delta-i8", value: -1 }],
    ["ff", { type: "dont-care" }],
  ];
  for (const [spaced, data] of forms) {
    const hex = spaced.replaceAll(" ", "");
    it(`${hex} is ${data.type}`, () => {
      expect(decodeData(fromHex(hex))).toEqual(data);
      expect(toHex(encodeData(data))).toBe(hex);
    });
  }

  it("unpacks a log of (u32, u16, octet-string) and packs it again", () => {
    const hex = "13020306120912 1c35f900 8154 02009b 1c35f901 8155 020090".replaceAll(" ", "");
    const log = decodeData(fromHex(hex));
    expect(log).toMatchObject({
      type: "compact-array",
      value: [
        {
          value: [
            { type: "u32", value: 0x1c35f900 },
            { type: "u16", value: 0x8154 },
            { value: fromHex("009b") },
          ],
        },
        { value: [{ value: 0x1c35f901 }, { value: 0x8155 }, { value: fromHex("0090") }] },
      ],
    });
    expect(toHex(encodeData(log))).toBe(hex);
  });

  it("unpacks nested arrays of a described count", () => {
    const hex = "13 0202 11 010002 12 0a 0100020003 0400050006".replaceAll(" ", "");
    const data = decodeData(fromHex(hex));
    expect(data).toMatchObject({
      element: { elements: [{ type: "u8" }, { type: "array", count: 2, element: { type: "u16" } }] },
      value: [
        { value: [{ value: 1 }, { type: "array", value: [{ value: 2 }, { value: 3 }] }] },
        { value: [{ value: 4 }, { type: "array", value: [{ value: 5 }, { value: 6 }] }] },
      ],
    });
    expect(toHex(encodeData(data))).toBe(hex);
  });
});

describe("logical names", () => {
  it("go to text and back", () => {
    expect(obisText(fromHex("00001e0300ff"))).toBe("0-0:30.3.0.255");
    expect(toHex(parseObis("0-0:30.3.0.255"))).toBe("00001e0300ff");
  });
  it("are refused out of range or out of form", () => {
    for (const text of ["0-0:30.3.0", "0-0:30.3.0.256", "0.0.30.3.0.255", ""])
      expect(() => parseObis(text)).toThrow(/obis/);
    expect(() => obisText(new Uint8Array(5))).toThrow(/6 octets/);
  });
});

describe("COSEM date-time (Blue Book 4.1.6.1)", () => {
  it("of an instant is UTC without day of week and deviation", () => {
    const octets = encodeDateTime(dateTimeFromUnix(Date.UTC(2015, 0, 1)));
    expect(toHex(octets)).toBe("07df0101ff000000008000ff");
  });
  it("names an instant, with its deviation", () => {
    const at = (hex: string) => dateTimeToUnix(decodeDateTime(fromHex(hex)));
    expect(at("07df0101ff000000008000ff")).toBe(Date.UTC(2015, 0, 1));
    expect(at("07df0101ff0c1e0f32ffc400")).toBe(Date.UTC(2015, 0, 1, 11, 30, 15, 500));
  });
  it("names none with wildcards or a day that is not there", () => {
    for (const hex of [
      "ffff0101ff000000008000ff",
      "07dffeffff000000008000ff",
      "07df021eff000000008000ff",
      "07df0101ffff0000008000ff",
    ])
      expect(dateTimeToUnix(decodeDateTime(fromHex(hex)))).toBeUndefined();
  });
  it("is 12 octets", () => {
    expect(() => decodeDateTime(new Uint8Array(11))).toThrow(/date-time has 12/);
  });
});
