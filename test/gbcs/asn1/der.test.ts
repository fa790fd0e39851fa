import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import {
  any,
  bigInt,
  bitString,
  boolean,
  choice,
  decodeDer,
  encodeDer,
  enumerated,
  explicit,
  formatGeneralizedTime,
  GENERALIZED_TIME_MAX,
  GeneralizedTime,
  generalizedTime,
  implicit,
  int,
  namedBits,
  nullValue,
  octets,
  oid,
  opaque,
  optional,
  parseGeneralizedTime,
  printableString,
  type Schema,
  seq,
  seqOf,
  utcTime,
  utf8String,
  type Value,
  withDefault,
} from "../../../src/gbcs/asn1/index.ts";

function refusal(schema: Schema<unknown>, hex: string): string {
  try {
    decodeDer(schema, fromHex(hex));
  } catch (error) {
    if (error instanceof HanwayError) return `${error.code} ${error.field}@${error.offset}`;
    throw error;
  }
  return "accepted";
}

const sample = seq({
  hash: octets(4),
  counter: int(0, 70_000),
  usage: withDefault(int(0, 1), 0),
  time: optional(generalizedTime),
});

describe("DER lengths (X.690 10.1)", () => {
  it.each([
    ["0481020102", "decode/length content@1", "long form below 128"],
    [`048200ff${"00".repeat(255)}`, "decode/length content@1", "zero-padded length"],
    ["0480010000", "decode/length content@1", "indefinite"],
    ["0484000000010a", "decode/size content@1", "four length octets"],
    ["04ff", "decode/size content@1", "reserved form"],
    ["0482ff", "decode/truncated content@1", "length cut off"],
    ["04", "decode/truncated content@1", "no length"],
    ["0403aabb", "decode/truncated content@0", "contents cut off"],
    ["0402aabbcc", "decode/trailing content@4", "trailing octets"],
    ["2404040200000000", "decode/value content@0", "constructed octet string"],
    ["1f0400", "decode/value content@0", "long identifier"],
    ["", "decode/truncated content@0", "nothing at all"],
  ])("refuses %s as %s (%s)", (hex, expected) => {
    expect(refusal(octets(0, 300), hex)).toBe(expected);
  });

  it("writes the shortest form on each side of the steps", () => {
    for (const length of [0, 127, 128, 255, 256, 65_535, 65_536]) {
      const value = new Uint8Array(length).fill(7);
      const der = encodeDer(octets(0, 70_000), value);
      expect(der.length - length).toBe(length < 128 ? 2 : length < 256 ? 3 : length < 65_536 ? 4 : 5);
      expect(decodeDer(octets(0, 70_000), der)).toEqual(value);
    }
  });
});

describe("INTEGER and ENUMERATED (X.690 8.3)", () => {
  it.each([
    [0, "020100"],
    [127, "02017f"],
    [128, "02020080"],
    [36_710, "0203008f66"],
    [-1, "0201ff"],
    [-128, "020180"],
    [-129, "0202ff7f"],
  ])("encodes %i as %s", (value, hex) => {
    expect(toHex(encodeDer(int(-1000, 70_000), value))).toBe(hex);
    expect(decodeDer(int(-1000, 70_000), fromHex(hex))).toBe(value);
    expect(toHex(encodeDer(bigInt(-1000n, 70_000n), BigInt(value)))).toBe(hex);
    expect(decodeDer(bigInt(-1000n, 70_000n), fromHex(hex))).toBe(BigInt(value));
  });

  it.each([
    ["02020001", "decode/value content@2"],
    ["0202ff80", "decode/value content@2"],
    ["0200", "decode/length content@2"],
    ["020109", "decode/value content@2"],
    ["0201ff", "decode/value content@2"],
    ["02080100000000000000", "decode/value content@2"],
    ["0a0100", "decode/value content@0"],
  ])("refuses %s for 0 to 8", (hex, expected) => {
    expect(refusal(int(0, 8), hex)).toBe(expected);
    expect(refusal(bigInt(0n, 8n), hex)).toBe(expected);
  });

  it("carries the whole range of a 64-bit counter", () => {
    const counter = bigInt(0n, 0xffff_ffff_ffff_ffffn);
    expect(toHex(encodeDer(counter, 0xffff_ffff_ffff_ffffn))).toBe("020900ffffffffffffffff");
    expect(decodeDer(counter, fromHex("020900ffffffffffffffff"))).toBe(0xffff_ffff_ffff_ffffn);
    expect(refusal(counter, "0209010000000000000000")).toBe("decode/value content@2");
  });
});

describe("BIT STRING (X.690 11.2)", () => {
  const usage = namedBits(9);
  it.each([
    [1 << 0, "03020780"],
    [1 << 4, "03020308"],
    [1 << 5, "03020204"],
    [(1 << 0) | (1 << 8), "0303078080"],
    [0, "030100"],
  ])("encodes the named bits %i as %s", (mask, hex) => {
    expect(toHex(encodeDer(usage, mask))).toBe(hex);
    expect(decodeDer(usage, fromHex(hex))).toBe(mask);
  });

  it.each([
    ["03020680", "trailing zero bits"],
    ["03020781", "unused bits set"],
    ["03020880", "eight unused bits"],
    ["030107", "unused bits of no octet"],
    ["0300", "no count"],
    ["0303000001", "bits beyond the last name"],
  ])("refuses %s (%s)", (hex) => {
    expect(refusal(usage, hex)).toMatch(/^decode\/(value|length)/);
  });

  it("keeps trailing zeros of a plain bit string", () => {
    expect(decodeDer(bitString(4), fromHex("03020400"))).toEqual({ octets: fromHex("00"), unused: 4 });
  });
});

describe("GeneralizedTime (X.690 11.7)", () => {
  it("reads and writes the present, leap days and the time that means never", () => {
    for (const text of ["20150101000000Z", "20240229235959Z", "00000101000000Z", "99991231235959Z"]) {
      const der = new Uint8Array([0x18, 15, ...new TextEncoder().encode(text)]);
      const time = decodeDer(generalizedTime, der);
      expect(time).toBe(Date.parse(text.replace(/(....)(..)(..)(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z")) / 1000);
      expect(encodeDer(generalizedTime, time)).toEqual(der);
      expect(formatGeneralizedTime(time)).toBe(text);
      expect(parseGeneralizedTime(text)).toBe(time);
    }
    expect(formatGeneralizedTime(GENERALIZED_TIME_MAX)).toBe("99991231235959Z");
  });

  it.each([
    "20150229000000Z",
    "20151301000000Z",
    "20150100000000Z",
    "20150101240000Z",
    "20150101006000Z",
    "20150101000060Z",
    "201501010000Z",
    "20150101000000.5Z",
    "20150101000000",
    "20150101000000z",
    "2015010100000aZ",
    "20150101000000+0000",
  ])("refuses %s", (text) => {
    const octets = new TextEncoder().encode(text);
    const hex = toHex(new Uint8Array([0x18, octets.length, ...octets]));
    expect(refusal(generalizedTime, hex)).toMatch(/^decode\/(value|length)/);
    expect(() => parseGeneralizedTime(text)).toThrow(HanwayError);
  });

  it("agrees with the calendar of the platform", () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }), (seconds) => {
        const time = GeneralizedTime(seconds);
        expect(decodeDer(generalizedTime, encodeDer(generalizedTime, time))).toBe(time);
      }),
    );
  });

  it("splits the century of UTCTime at 1950 (RFC 5280 4.1.2.5.1)", () => {
    for (const text of ["19500101000000Z", "20491231235959Z"]) {
      const der = encodeDer(utcTime, parseGeneralizedTime(text));
      expect(new TextDecoder().decode(der.subarray(2))).toBe(text.slice(2));
      expect(formatGeneralizedTime(decodeDer(utcTime, der))).toBe(text);
    }
    expect(() => encodeDer(utcTime, parseGeneralizedTime("20500101000000Z"))).toThrow(HanwayError);
  });
});

describe("constructed types", () => {
  it("leaves out an absent component and fills in a default one", () => {
    const value = decodeDer(sample, fromHex("30090404aabbccdd020105"));
    expect(value).toEqual({ hash: fromHex("aabbccdd"), counter: 5, usage: 0 });
    expect(toHex(encodeDer(sample, value))).toBe("30090404aabbccdd020105");
  });

  it("refuses an encoded default (X.690 11.5), naming the field", () => {
    expect(refusal(sample, "300c0404aabbccdd020105020100")).toBe("decode/value content.usage@11");
  });

  it("refuses an unknown component after the last and one in the wrong order", () => {
    expect(refusal(sample, "300b0404aabbccdd0201050500")).toBe("decode/trailing content@11");
    expect(refusal(sample, "30090201050404aabbccdd")).toBe("decode/value content.hash@2");
  });

  it("names the index in a list and bounds the count before reading on", () => {
    const list = seq({ entries: seqOf(seq({ id: octets(1) }), 0, 2) });
    expect(refusal(list, "300c300a3003040101300304020202")).toMatch(/^decode\/truncated|trailing/);
    expect(refusal(list, "3009300730030401013000")).toBe("decode/truncated content.entries[1].id@11");
    expect(refusal(list, "3011300f300304010130030401023003040103")).toBe("decode/size content.entries[2]@14");
  });

  it("keeps an element inside its parent", () => {
    expect(refusal(seq({ inner: seq({ id: octets(0, 9) }) }), "30043003040501aabbccdd")).toBe(
      "decode/truncated content.inner@2",
    );
  });

  it("replaces identifiers by implicit tags and wraps by explicit ones", () => {
    const schema = seq({
      a: implicit(1, int(0, 9)),
      b: implicit(2, seq({ c: nullValue })),
      d: explicit(3, boolean),
    });
    const value = { a: 1, b: { c: null }, d: true };
    expect(toHex(encodeDer(schema, value))).toBe("300c810101a2020500a3030101ff");
    expect(decodeDer(schema, fromHex("300c810101a2020500a3030101ff"))).toEqual(value);
    expect(refusal(schema, "300c810101a2020500a303010101")).toBe("decode/value content.d@13");
  });

  it("decides a choice by the identifier", () => {
    const schema = choice({ accepted: nullValue, code: int(0, 3) });
    expect(decodeDer(schema, fromHex("0500"))).toEqual({ kind: "accepted", value: null });
    expect(decodeDer(schema, fromHex("020103"))).toEqual({ kind: "code", value: 3 });
    expect(refusal(schema, "0a0100")).toBe("decode/value content@0");
    expect(refusal(schema, "")).toBe("decode/truncated content@0");
  });

  it("stops at a depth no message has", () => {
    let schema: Schema<unknown> = nullValue;
    let hex = "0500";
    for (let i = 0; i < 40; i++) {
      schema = seq({ x: schema });
      hex = `30${(hex.length / 2).toString(16).padStart(2, "0")}${hex}`;
    }
    expect(refusal(schema, hex)).toMatch(/^decode\/depth/);
  });
});

describe("strings, object identifiers and opaque elements", () => {
  it.each([
    ["1.2.840.10045.4.3.2", "06082a8648ce3d040302"],
    ["2.5.4.45", "060355042d"],
    ["2.999.3", "0603883703"],
    ["0.0", "060100"],
  ])("encodes %s", (text, hex) => {
    expect(toHex(encodeDer(oid, text))).toBe(hex);
    expect(decodeDer(oid, fromHex(hex))).toBe(text);
  });

  it.each(["0600", "06022a80", "0603808001", "06022a86", "060a2affffffffffffffff7f"])(
    "refuses oid %s",
    (hex) => {
      expect(refusal(oid, hex)).toMatch(/^decode\//);
    },
  );

  it("takes well-formed UTF-8 and the printable set only", () => {
    expect(decodeDer(utf8String(9), fromHex("0c03e282ac"))).toBe("€");
    expect(refusal(utf8String(9), "0c02e282")).toBe("decode/value content@2");
    expect(refusal(utf8String(2), "0c03e282ac")).toBe("decode/length content@2");
    expect(refusal(printableString(9), "130140")).toBe("decode/value content@2");
  });

  it("hands an opaque element on whole", () => {
    const der = fromHex("3003020105");
    expect(decodeDer(opaque(0x30, 16), der)).toEqual(der);
    expect(encodeDer(opaque(0x30, 16), der)).toEqual(der);
    expect(decodeDer(any(16), fromHex("0500"))).toEqual(fromHex("0500"));
    expect(refusal(opaque(0x30, 4), "3003020105")).toBe("decode/size content@0");
    expect(refusal(opaque(0x30, 16), "0500")).toBe("decode/value content@0");
    expect(() => encodeDer(opaque(0x30, 16), fromHex("300302010500"))).toThrow(HanwayError);
  });
});

describe("encoding", () => {
  it("refuses values outside the schema, naming the field", () => {
    const fails = (write: () => Uint8Array, field: string) =>
      expect(write).toThrow(expect.objectContaining({ code: "encode/value", field }) as HanwayError);
    fails(() => encodeDer(sample, { hash: fromHex("aa"), counter: 1, usage: 0 }), "content.hash");
    fails(
      () => encodeDer(sample, { hash: fromHex("aabbccdd"), counter: 70_001, usage: 0 }),
      "content.counter",
    );
    fails(() => encodeDer(sample, { hash: fromHex("aabbccdd"), counter: 0.5, usage: 0 }), "content.counter");
    fails(() => encodeDer(namedBits(9), 512), "content");
    fails(() => encodeDer(seqOf(enumerated(0, 1), 0, 4), [0, 0, 2]), "content[2]");
  });
});

describe("every accepted encoding is the only one of its value", () => {
  const big = seq({
    a: bigInt(-(2n ** 70n), 2n ** 70n),
    b: optional(implicit(0, octets(0, 300))),
    c: seqOf(choice({ n: int(-70_000, 2 ** 40), z: nullValue, e: enumerated(0, 255) }), 0, 20),
    d: withDefault(namedBits(9), 16),
    t: generalizedTime,
    s: utf8String(80),
  });
  const values = fc.record({
    a: fc.bigInt(-(2n ** 70n), 2n ** 70n),
    b: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
    c: fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("n" as const), value: fc.integer({ min: -70_000, max: 2 ** 40 }) }),
        fc.record({ kind: fc.constant("z" as const), value: fc.constant(null) }),
        fc.record({ kind: fc.constant("e" as const), value: fc.nat(255) }),
      ),
      { maxLength: 20 },
    ),
    d: fc.nat(511),
    t: fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }).map(GeneralizedTime),
    s: fc.string({ unit: "binary", maxLength: 20 }),
  });

  it("round trip", () => {
    fc.assert(
      fc.property(values, (value) => {
        const { b, ...rest } = value;
        const expected = b === undefined ? rest : value;
        expect(decodeDer(big, encodeDer(big, value))).toEqual(expected);
      }),
    );
  });

  it("truncation, bit flips, lying lengths and noise: refused by HanwayError or re-encoded alike", () => {
    const survives = (der: Uint8Array) => {
      let value: Value<typeof big>;
      try {
        value = decodeDer(big, der);
      } catch (error) {
        if (!(error instanceof HanwayError)) throw error;
        expect(error.field).toMatch(/^content/);
        expect(error.offset).toBeLessThanOrEqual(der.length);
        return;
      }
      expect(toHex(encodeDer(big, value))).toBe(toHex(der));
    };
    fc.assert(
      fc.property(
        values,
        fc.nat(),
        fc.nat(255),
        fc.uint8Array({ maxLength: 60 }),
        (value, at, octet, noise) => {
          const der = encodeDer(big, value);
          for (let length = 0; length < der.length; length++) survives(der.subarray(0, length));
          const flipped = der.slice();
          flipped[at % der.length] = (flipped[at % der.length] ?? 0) ^ (1 << (octet & 7));
          survives(flipped);
          const lying = der.slice();
          lying[at % der.length] = octet;
          survives(lying);
          survives(noise);
          survives(new Uint8Array([0x30, noise.length, ...noise]));
        },
      ),
      { numRuns: 60 },
    );
  });
});
