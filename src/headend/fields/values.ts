import { fromHex } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { Eui64 } from "../../base/eui64.ts";
import { GENERALIZED_TIME_MAX, GeneralizedTime } from "../../gbcs/asn1/index.ts";
import type { KeyUse } from "../../gbcs/keystore.ts";
import type { PartyStore } from "../party-store.ts";
import { badValue } from "./field.ts";

/** An EUI-64 in any of its written forms. Throws `headend/value`. */
export function eui64Value(value: unknown, name: string): Eui64 {
  try {
    return Eui64(String(value));
  } catch {
    return badValue(name, "an EUI-64 of 16 hex digits is needed");
  }
}

/** Octets of hex or base64, as many as `length` says. Throws `headend/value`. */
export function octetsValue(value: unknown, name: string, length?: number): Uint8Array {
  const octets = readOctets(value);
  if (octets === undefined) return badValue(name, "octets as hex or base64 are needed");
  if (length !== undefined && octets.length !== length) return badValue(name, `${length} octets are needed`);
  return octets;
}

function readOctets(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== "string") return undefined;
  if (/^(?:[0-9a-fA-F]{2})+$/.test(value)) return fromHex(value);
  return /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(value) ? new Uint8Array(Buffer.from(value, "base64")) : undefined;
}

/** A time in ISO 8601, whole seconds; `cancel` is the one that takes a future-dated Command back. Throws `headend/value`. */
export function timeValue(value: unknown, name: string): GeneralizedTime {
  const text = String(value);
  if (text === "cancel") return GENERALIZED_TIME_MAX;
  const seconds = Date.parse(text) / 1000;
  if (!/^\d{4}-/.test(text) || !Number.isInteger(seconds))
    return badValue(name, "a time such as 2026-01-31T12:00:00Z is needed");
  return GeneralizedTime(seconds);
}

/** DER of a party's certificate. Throws `crypto/key` where there is none. */
export function certificateOf(
  parties: PartyStore,
  party: Eui64,
  usage: KeyUse,
  prepayment = false,
): Uint8Array {
  const found = parties.keystore.certificate(party, usage, prepayment);
  if (found !== undefined) return found.der;
  const kind = prepayment ? "prepayment" : usage;
  throw new HanwayError("crypto/key", `there is no ${kind} certificate of ${party}`, {
    field: "certificate",
  });
}
