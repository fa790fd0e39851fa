import { HanwayError } from "../base/error.ts";
import type { DataType } from "./data-type.ts";

/**
 * A decoded value. Integers, bitmaps, enumerations and UTCTime (seconds since 2000-01-01 UTC) of up to 48 bits are
 * numbers, longer ones bigints; octet strings are views into the frame; an EUI-64 is its hex text. `null` stands for
 * "not set" where the encoding has a mark of its own for it: strings, collections, booleans, parts of dates.
 */
export type ZclValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | Uint8Array
  | readonly ZclValue[]
  | { readonly [name: string]: ZclValue };

export type ZclFields = { [name: string]: ZclValue };

/** ZCL 2.6.2: collections may be nested to this depth. */
export const MAX_DEPTH = 15;

export function refuse(wanted: string, field: string): never {
  throw new HanwayError("encode/value", `${wanted} wanted`, { field });
}

/** The value as a set of named fields. Throws `encode/value` where it is none. */
export function fieldsOf(value: ZclValue | undefined, field: string): { readonly [name: string]: ZclValue } {
  if (typeof value === "object" && value !== null && !isList(value) && !(value instanceof Uint8Array))
    return value;
  return refuse("named fields", field);
}

/** The value as a list. Throws `encode/value` where it is none. */
export function listOf(value: ZclValue | undefined, field: string): readonly ZclValue[] {
  return isList(value) ? value : refuse("a list", field);
}

function isList(value: ZclValue | undefined): value is readonly ZclValue[] {
  return Array.isArray(value);
}

/** Elements without octets could number 65,534 in a frame of seven octets. */
export function checkElement(
  type: DataType,
  count: number,
  code: "decode/value" | "encode/value",
  field: string,
  offset?: number,
): void {
  if (type.shape !== "none" || count === 0) return;
  throw new HanwayError(code, `elements of type ${type.name} have no octets`, {
    field,
    ...(offset === undefined ? {} : { offset }),
  });
}
