import { HanwayError } from "../../base/error.ts";

// Values may come from a file that was edited by hand, so the encoder trusts no types.

/** Throws `encode/value` unless the value has named fields. */
export function requireFields(value: unknown, field: string): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array))
    return;
  throw new HanwayError("encode/value", "named fields wanted", { field });
}

/** Throws `encode/value` unless the value is a list. */
export function requireList(value: unknown, field: string): void {
  if (!Array.isArray(value)) throw new HanwayError("encode/value", "a list wanted", { field });
}

/** Throws `encode/value` unless the value is octets. */
export function requireOctets(value: unknown, field: string): void {
  if (!(value instanceof Uint8Array)) throw new HanwayError("encode/value", "octets wanted", { field });
}
