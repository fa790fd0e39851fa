import type { DerReader } from "./der-reader.ts";
import { type Tagged, tagged } from "./schema.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const utf8Encoder = new TextEncoder();

/** UTF8String of at most `maxOctets` octets, well formed. */
export const utf8String = (maxOctets: number): Tagged<string> => text(0x0c, maxOctets, /^/);
/** PrintableString of at most `maxOctets` characters (X.680 41.4). */
export const printableString = (maxOctets: number): Tagged<string> =>
  text(0x13, maxOctets, /^[A-Za-z0-9 '()+,\-./:=?]*$/);
/** IA5String of at most `maxOctets` characters: ASCII. */
export const ia5String = (maxOctets: number): Tagged<string> => text(0x16, maxOctets, /^\p{ASCII}*$/u);

function text(tag: number, maxOctets: number, form: RegExp): Tagged<string> {
  return tagged(
    tag,
    (reader: DerReader, end) => {
      const start = reader.at;
      if (end - start > maxOctets) reader.fail("decode/length", `more than ${maxOctets} octets`);
      const octets = reader.takeTo(end);
      let value: string;
      try {
        value = utf8.decode(octets);
      } catch {
        reader.fail("decode/value", "not UTF-8", start);
      }
      if (!form.test(value)) reader.fail("decode/value", "character not allowed", start);
      return value;
    },
    (writer, value) => {
      if (typeof value !== "string" || !value.isWellFormed() || !form.test(value)) {
        writer.fail("not a string of this type");
      }
      const octets = utf8Encoder.encode(value);
      if (octets.length > maxOctets) writer.fail(`more than ${maxOctets} octets`);
      writer.octets(octets);
    },
  );
}

const MAX_OID_OCTETS = 32;
const OID_FORM = /^[0-2](?:\.(?:0|[1-9]\d{0,15}))+$/;

/** OBJECT IDENTIFIER in dotted form, up to 32 octets, arcs below 2^53. */
export const oid: Tagged<string> = tagged(
  0x06,
  (reader, end) => {
    const start = reader.at;
    if (end === start || end - start > MAX_OID_OCTETS) reader.fail("decode/length", "1 to 32 octets wanted");
    const arcs: number[] = [];
    let arc = 0;
    let fresh = true;
    for (let i = start; i < end; i++) {
      const octet = reader.octet(i);
      if (fresh && octet === 0x80) reader.fail("decode/value", "arc is not in its shortest form", i);
      arc = arc * 128 + (octet & 0x7f);
      if (arc > Number.MAX_SAFE_INTEGER) reader.fail("decode/value", "arc too large", i);
      fresh = octet < 0x80;
      if (!fresh) continue;
      if (arcs.length === 0) {
        const root = Math.min(2, Math.floor(arc / 40));
        arcs.push(root, arc - root * 40);
      } else {
        arcs.push(arc);
      }
      arc = 0;
    }
    if (!fresh) reader.fail("decode/truncated", "last arc is cut off", end - 1);
    reader.at = end;
    return arcs.join(".");
  },
  (writer, value) => {
    if (typeof value !== "string" || !OID_FORM.test(value)) writer.fail("not a dotted object identifier");
    const [root = 0, second = 0, ...rest] = value.split(".").map(Number);
    if (root < 2 && second > 39) writer.fail("second arc above 39");
    const from = writer.size;
    for (const arc of [root * 40 + second, ...rest].reverse()) {
      if (!Number.isSafeInteger(arc)) writer.fail("arc too large");
      writer.octet(arc % 128);
      for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
        writer.octet(0x80 | (left % 128));
      }
    }
    if (writer.size - from > MAX_OID_OCTETS) writer.fail("more than 32 octets");
  },
);
