import { equalBytes } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import type { ZclValue } from "./value.ts";

/**
 * Text of a character string (UTF-8). Octets that are no UTF-8 stay octets, so that nothing a device says is lost;
 * `null` is a string that is not set.
 */
export function readText(octets: Uint8Array | null): string | Uint8Array | null {
  if (octets === null) return null;
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("utf8");
  return text.includes("\ufffd") && !equalBytes(Buffer.from(text, "utf8"), octets) ? octets : text;
}

/** Octets of a text. Throws `encode/value` for anything that {@link readText} does not give. */
export function writeText(value: ZclValue | undefined, field: string): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  if (typeof value === "string" && value.isWellFormed()) return Buffer.from(value, "utf8");
  throw new HanwayError("encode/value", "text wanted", { field });
}
