import type { DerReader } from "./der-reader.ts";
import type { DerWriter } from "./der-writer.ts";
import { type Schema, type Tagged, tagged } from "./schema.ts";

/** INTEGER as a number; `min` and `max` are inclusive and safe integers. */
export function int(min: number, max: number): Tagged<number> {
  return wholeNumber(0x02, (value) => value >= min && value <= max, `${min} to ${max}`);
}

/** INTEGER that is one of the listed numbers. */
export function intOneOf(...allowed: readonly number[]): Tagged<number> {
  return wholeNumber(0x02, (value) => allowed.includes(value), allowed.join(" or "));
}

/** ENUMERATED as its number, in the inclusive range. */
export function enumerated(min: number, max: number): Tagged<number> {
  return wholeNumber(0x0a, (value) => value >= min && value <= max, `${min} to ${max}`);
}

function wholeNumber(tag: number, allowed: (value: number) => boolean, range: string): Tagged<number> {
  return tagged(
    tag,
    (reader, end) => {
      checkInteger(reader, end);
      const start = reader.at;
      // Seven octets hold more than any safe integer; longer ones are out of every range allowed here.
      if (end - start > 7) reader.fail("decode/value", `not ${range}`, start);
      let value = (reader.octet(start) << 24) >> 24;
      for (let i = start + 1; i < end; i++) value = value * 256 + reader.octet(i);
      if (!allowed(value)) reader.fail("decode/value", `${value} is not ${range}`, start);
      reader.at = end;
      return value;
    },
    (writer, value) => {
      if (!Number.isSafeInteger(value) || !allowed(value)) writer.fail(`not a whole number ${range}`);
      let rest = value;
      let octet: number;
      do {
        octet = ((rest % 256) + 256) % 256;
        writer.octet(octet);
        rest = (rest - octet) / 256;
      } while (rest !== (octet < 0x80 ? 0 : -1));
    },
  );
}

/** INTEGER as a bigint in the inclusive range. */
export function bigInt(min: bigint, max: bigint): Tagged<bigint> {
  const limit = Math.max(min.toString(16).length, max.toString(16).length) / 2 + 2;
  return tagged(
    0x02,
    (reader, end) => {
      checkInteger(reader, end);
      const start = reader.at;
      if (end - start > limit) reader.fail("decode/value", "out of range", start);
      let value = BigInt((reader.octet(start) << 24) >> 24);
      for (let i = start + 1; i < end; i++) value = (value << 8n) | BigInt(reader.octet(i));
      if (value < min || value > max) reader.fail("decode/value", `not ${min} to ${max}`, start);
      reader.at = end;
      return value;
    },
    (writer, value) => {
      if (typeof value !== "bigint" || value < min || value > max)
        writer.fail(`not a bigint ${min} to ${max}`);
      let rest = value;
      let octet: number;
      do {
        octet = Number(BigInt.asUintN(8, rest));
        writer.octet(octet);
        rest >>= 8n;
      } while (rest !== (octet < 0x80 ? 0n : -1n));
    },
  );
}

/** X.690 8.3.2: at least one octet, and the first nine bits neither all zero nor all one. */
function checkInteger(reader: DerReader, end: number): void {
  const start = reader.at;
  if (end === start) reader.fail("decode/length", "integer without octets");
  if (end - start < 2) return;
  const first = reader.octet(start);
  const sign = reader.octet(start + 1) & 0x80;
  if ((first === 0 && sign === 0) || (first === 0xff && sign !== 0)) {
    reader.fail("decode/value", "integer is not in its shortest form");
  }
}

/** OCTET STRING of `min` to `max` octets, read as a view. The constructed form is refused. */
export function octets(min: number, max = min): Tagged<Uint8Array> {
  return tagged(
    0x04,
    (reader, end) => {
      const length = end - reader.at;
      if (length < min || length > max) {
        reader.fail("decode/length", `${length} octets, ${range(min, max)} allowed`);
      }
      return reader.takeTo(end);
    },
    (writer, value) => {
      if (!(value instanceof Uint8Array) || value.length < min || value.length > max) {
        writer.fail(`not an octet string of ${range(min, max)} octets`);
      }
      writer.octets(value);
    },
  );
}

function range(min: number, max: number): string {
  return min === max ? `${min}` : `${min} to ${max}`;
}

/** BOOLEAN: 00 or FF (X.690 11.1). */
export const boolean: Tagged<boolean> = tagged(
  0x01,
  (reader, end) => {
    if (end - reader.at !== 1) reader.fail("decode/length", "a boolean is one octet");
    const octet = reader.octet(reader.at);
    if (octet !== 0 && octet !== 0xff) reader.fail("decode/value", "a boolean is 00 or FF");
    reader.at = end;
    return octet === 0xff;
  },
  (writer, value) => {
    if (typeof value !== "boolean") writer.fail("not a boolean");
    writer.octet(value ? 0xff : 0);
  },
);

/** NULL. */
export const nullValue: Tagged<null> = tagged(
  0x05,
  (reader, end) => {
    if (end !== reader.at) reader.fail("decode/length", "a NULL has no contents");
    return null;
  },
  (writer, value) => {
    if (value !== null) writer.fail("not null");
  },
);

/** BIT STRING; `unused` counts the bits of the last octet that do not belong to it (0 to 7, all zero). */
export interface BitString {
  readonly octets: Uint8Array;
  readonly unused: number;
}

/** BIT STRING of at most `maxOctets` octets, read as a view. */
export function bitString(maxOctets: number): Tagged<BitString> {
  return tagged(
    0x03,
    (reader, end) => {
      const length = end - reader.at - 1;
      if (length < 0 || length > maxOctets) {
        reader.fail("decode/length", `bit string of up to ${maxOctets} octets wanted`);
      }
      const unused = reader.octet(reader.at);
      const last = length === 0 ? 0 : reader.octet(end - 1);
      if (unused > 7 || (length === 0 && unused !== 0)) {
        reader.fail("decode/value", "wrong count of unused bits");
      }
      if ((last & ((1 << unused) - 1)) !== 0) reader.fail("decode/value", "unused bits are set", end - 1);
      reader.at++;
      return { octets: reader.takeTo(end), unused };
    },
    (writer, value) => {
      const { octets: bits, unused } = value;
      const last = bits.at(-1) ?? 0;
      if (
        !(bits instanceof Uint8Array) ||
        bits.length > maxOctets ||
        !(Number.isInteger(unused) && unused >= 0 && unused <= (bits.length === 0 ? 0 : 7)) ||
        (last & ((1 << unused) - 1)) !== 0
      ) {
        writer.fail(`not a bit string of up to ${maxOctets} octets`);
      }
      writer.octets(bits);
      writer.octet(unused);
    },
  );
}

/**
 * BIT STRING with named bits (X.690 11.2.2: no trailing zero bits) as a mask in which named bit n is `1 << n`.
 * `bits` is the number of bits allowed, at most 16.
 */
export function namedBits(bits: number): Tagged<number> {
  const plain = bitString(Math.ceil(bits / 8));
  return tagged(
    0x03,
    (reader, end) => {
      const start = reader.at;
      const { octets: found, unused } = plain.readContents(reader, end);
      const count = found.length * 8 - unused;
      let mask = 0;
      for (let bit = 0; bit < count; bit++) {
        if (((found[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) mask |= 1 << bit;
      }
      if (mask >= 1 << bits) reader.fail("decode/value", `more than ${bits} named bits`, start);
      if (count !== bitLength(mask)) reader.fail("decode/value", "trailing zero bits", start);
      return mask;
    },
    (writer, mask) => {
      if (!Number.isInteger(mask) || mask < 0 || mask >= 1 << bits) writer.fail(`not a mask of ${bits} bits`);
      const count = bitLength(mask);
      const out = new Uint8Array(Math.ceil(count / 8));
      for (let bit = 0; bit < count; bit++) {
        if ((mask & (1 << bit)) !== 0) out[bit >> 3] = (out[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
      }
      plain.writeContents(writer, { octets: out, unused: out.length * 8 - count });
    },
  );
}

function bitLength(mask: number): number {
  return 32 - Math.clz32(mask);
}

/** One whole element with the identifier `tag`, kept as its encoding; what is inside is not looked at. */
export function opaque(tag: number, maxOctets: number): Schema<Uint8Array> {
  return whole((found) => found === tag, maxOctets);
}

/** One whole element of any type, kept as its encoding. */
export function any(maxOctets: number): Schema<Uint8Array> {
  return whole(() => true, maxOctets);
}

function whole(starts: (tag: number) => boolean, maxOctets: number): Schema<Uint8Array> {
  const read = (reader: DerReader): Uint8Array => {
    const start = reader.at;
    const tag = reader.peek();
    if (tag !== -1 && !starts(tag)) reader.fail("decode/value", "element of another type");
    const end = reader.openForeign();
    if (end - start > maxOctets) reader.fail("decode/size", `more than ${maxOctets} octets`, start);
    reader.at = start;
    return reader.takeTo(end);
  };
  const write = (writer: DerWriter, value: Uint8Array): void => {
    if (!(value instanceof Uint8Array) || value.length > maxOctets || !isOneElement(value, starts)) {
      writer.fail("not the encoding of one element of this type");
    }
    writer.octets(value);
  };
  return { starts, read, write };
}

function isOneElement(value: Uint8Array, starts: (tag: number) => boolean): boolean {
  const [tag, first] = value;
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f || !starts(tag)) return false;
  if (first < 0x80) return value.length === 2 + first;
  const count = first & 0x7f;
  const length = value.subarray(2, 2 + count).reduce((sum, octet) => sum * 256 + octet, 0);
  return count >= 1 && count <= 3 && length >= 0x80 && value[2] !== 0 && value.length === 2 + count + length;
}
