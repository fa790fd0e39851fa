import { fromHex, toHex } from "../../base/bytes.ts";
import { UTC_EPOCH_UNIX_SECONDS } from "../../base/clock.ts";
import {
  type BitString,
  DATA_TAGS,
  type Data,
  dateTimeFromUnix,
  dateTimeToUnix,
  decodeDateTime,
  encodeDateTime,
} from "../dlms/index.ts";
import type { Shape } from "./types.ts";

/**
 * A DLMS value as a person or a form would give it: octets as hex, bits as a string of 0 and 1, times as ISO 8601,
 * structures as objects by the names of the tables, or as arrays where they have none.
 */
export type Plain =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Plain[]
  | { readonly [name: string]: Plain };

/** The plain value of decoded data. `shape` gives names and forms, as far as it fits. */
export function toPlain(data: Data, shape?: Shape): Plain {
  switch (data.type) {
    case "null":
    case "dont-care":
      return null;
    case "structure":
      return plainStructure(data.value, shape?.type === "structure" ? shape.members : undefined);
    case "array":
    case "compact-array": {
      const element = shape?.type === "array" ? shape.element : undefined;
      return data.value.map((one) => toPlain(one, element));
    }
    case "bit-string":
      return plainBits(data);
    case "u32":
      return shape?.form === "utc-seconds" ? plainSeconds(data.value) : data.value;
    case "octet-string":
      return shape?.form === "date-time" ? plainDateTime(data.value) : toHex(data.value);
    case "date-time":
      return plainDateTime(data.value);
    case "date":
    case "time":
      return toHex(data.value);
    default:
      return data.value;
  }
}

function plainStructure(values: readonly Data[], described: readonly Shape[] | undefined): Plain {
  const single = described?.length !== values.length;
  const members = single ? described?.filter((one) => !one.twinOnly) : described;
  const names = values.map((_, i) => members?.[i]?.name);
  const named = members?.length === values.length && new Set(names).size === names.length;
  const plain = values.map((value, i) => toPlain(value, members?.[i]));
  if (!named || names.includes(undefined)) return plain;
  return Object.fromEntries(plain.map((value, i) => [names[i] ?? "", value]));
}

function plainBits(data: BitString): string {
  let text = "";
  for (const octet of data.value) text += octet.toString(2).padStart(8, "0");
  return text.slice(0, data.bits);
}

function plainSeconds(seconds: number): Plain {
  // FFFFFFFE and FFFFFFFF say "no limit", not a day in 2136.
  return seconds >= 0xffff_fffe ? seconds : iso((seconds + UTC_EPOCH_UNIX_SECONDS) * 1000);
}

/** ISO 8601 where that says all that the octets do, else hex. */
function plainDateTime(octets: Uint8Array): string {
  const hex = toHex(octets);
  if (octets.length !== 12) return hex;
  const unixMs = dateTimeToUnix(decodeDateTime(octets));
  if (unixMs === undefined) return hex;
  return toHex(encodeDateTime(dateTimeFromUnix(unixMs))) === hex ? iso(unixMs) : hex;
}

function iso(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(".000Z", "Z");
}

/** Octets of hex, or of the ISO time where the shape is one; undefined where the text is neither. */
export function octetsOfText(text: string, shape: Shape): Uint8Array | undefined {
  if (shape.form === "date-time" && text.includes("T")) {
    const unixMs = Date.parse(text);
    return Number.isNaN(unixMs) ? undefined : encodeDateTime(dateTimeFromUnix(unixMs));
  }
  return /^(?:[0-9a-fA-F]{2})*$/.test(text) ? fromHex(text) : undefined;
}

/** Seconds since 2000-01-01 of an ISO time; undefined for another text or a time out of range. */
export function secondsOfText(text: string): number | undefined {
  const seconds = Math.floor(Date.parse(text) / 1000) - UTC_EPOCH_UNIX_SECONDS;
  return seconds >= 0 && seconds <= 0xffff_ffff ? seconds : undefined;
}

/** The bit-string of a text of 0 and 1; undefined for another text. */
export function bitsOfText(text: string): BitString | undefined {
  if (!/^[01]*$/.test(text)) return undefined;
  const value = new Uint8Array(Math.ceil(text.length / 8));
  for (let i = 0; i < text.length; i++)
    if (text[i] === "1") value[i >>> 3] = (value[i >>> 3] ?? 0) | (0x80 >>> (i & 7));
  return { type: "bit-string", bits: text.length, value };
}

/** Whether a value is typed data as the codec has it, for what the tables cannot describe. */
export function isData(value: unknown): value is Data {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  const { type } = value;
  if (typeof type !== "string" || !Object.hasOwn(DATA_TAGS, type)) return false;
  return "value" in value || type === "null" || type === "dont-care";
}
