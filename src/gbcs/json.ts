import { fromHex, toHex } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";

/** A value as JSON carries it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Deeper than any decoded message is nested. */
const MAX_DEPTH = 128;
const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

/**
 * A decoded message as JSON: octets are `{"hex": "…"}`, whole numbers above 53 bits (bigint) `{"int": "…"}`, numbers
 * that JSON lacks `{"number": "NaN"}`; everything else is plain. {@link fromJson} is its exact inverse. Properties
 * without a value are left out. Throws `encode/value` for what is none of these.
 */
export function toJson(value: unknown): Json {
  return writeValue(value, 0);
}

function writeValue(value: unknown, depth: number): Json {
  if (depth > MAX_DEPTH) throw new HanwayError("decode/depth", `more than ${MAX_DEPTH} levels`);
  switch (typeof value) {
    case "bigint":
      return { int: value.toString() };
    case "number": {
      if (Object.is(value, -0)) return { number: "-0" };
      return Number.isFinite(value) ? value : { number: String(value) };
    }
    case "string":
    case "boolean":
      return value;
    case "object":
      break;
    default:
      throw new HanwayError("encode/value", `a ${typeof value} has no place in JSON`);
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) return { hex: toHex(value) };
  if (Array.isArray(value)) return value.map((item) => writeValue(item, depth + 1));
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries.map(([name, part]) => [name, writeValue(part, depth + 1)]));
}

/** The value of what {@link toJson} wrote, from parsed JSON. Throws `decode/value` or `decode/depth` with the field. */
export function fromJson(json: unknown): unknown {
  return readValue(json, 0, "");
}

function readValue(json: unknown, depth: number, field: string): unknown {
  if (depth > MAX_DEPTH) throw new HanwayError("decode/depth", `more than ${MAX_DEPTH} levels`, { field });
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((item, i) => readValue(item, depth + 1, `${field}[${i}]`));
  const entries = Object.entries(json);
  const [only, ...others] = entries;
  if (only !== undefined && others.length === 0 && typeof only[1] === "string") {
    const tagged = readTagged(only[0], only[1], field);
    if (tagged !== undefined) return tagged;
  }
  const child = (name: string) => (field === "" ? name : `${field}.${name}`);
  return Object.fromEntries(entries.map(([name, part]) => [name, readValue(part, depth + 1, child(name))]));
}

function readTagged(tag: string, text: string, field: string): Uint8Array | bigint | number | undefined {
  if (tag === "hex") return fromHex(text, field);
  if (tag === "int") {
    if (!/^-?\d{1,40}$/.test(text))
      throw new HanwayError("decode/value", "a whole number is needed", { field });
    return BigInt(text);
  }
  if (tag === "number") {
    const number = Object.hasOwn(SPECIAL, text) ? SPECIAL[text] : undefined;
    if (number === undefined) throw new HanwayError("decode/value", "no such special number", { field });
    return number;
  }
  return undefined;
}
