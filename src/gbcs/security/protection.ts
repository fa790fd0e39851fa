import type { Envelope } from "../envelope/envelope.ts";

/**
 * Which protections a message must carry (GBCS message categories, 5.2 and 7.2): decided by its message code, never by
 * what happens to be there. `signature-or-mac` is the variant message of which exactly one form is sent.
 */
export type Protection = "signature" | "mac" | "signature-and-mac" | "signature-or-mac";

/** What the use-case catalogue says of a message code, as far as protection goes. */
export interface ProtectionFacts {
  readonly messageCode: number;
  /** True for a critical Command or Alert, null where the tables do not say. */
  readonly critical: boolean | null;
}

/** CS02a and CS02f: the authorising credential in the payload decides between the MAC and the signature form. */
const VARIANT = new Set([0x0008, 0x011b]);
/** CS02b and CS02g, code by replacement mode. */
const REPLACE_CREDENTIALS = new Set([
  0x0100, 0x0101, 0x0102, 0x0103, 0x0104, 0x0105, 0x0106, 0x0107, 0x0108, 0x0109, 0x0125, 0x0126,
]);
/** CS02b by the recovery party and by contingency: the Access Control Broker is not trusted, so there is no MAC. */
const WITHOUT_BROKER = new Set([0x0108, 0x0109]);
/** CS02b of the Access Control Broker's own credentials: it authenticates by its MAC alone. */
const BROKER_BY_BROKER = 0x0104;

/** PCS01 and PCS02: sent between two devices on the HAN. */
const HAN_ONLY = new Set([0x0090, 0x009b]);

/** Whether the MAC is agreed between the two devices named, without the Access Control Broker. */
export function isHanOnly(messageCode: number): boolean {
  return HAN_ONLY.has(messageCode);
}

/** The protection of a message of this kind and code. */
export function requiredProtection(kind: Envelope["kind"], facts: ProtectionFacts): Protection {
  const { messageCode, critical } = facts;
  if (VARIANT.has(messageCode)) return "signature-or-mac";
  const command = kind === "COMMAND" || kind === "PRECOMMAND";
  if (REPLACE_CREDENTIALS.has(messageCode)) {
    if (!command || WITHOUT_BROKER.has(messageCode)) return "signature";
    return messageCode === BROKER_BY_BROKER ? "mac" : "signature-and-mac";
  }
  if (critical === null) return command ? "signature-and-mac" : "signature-or-mac";
  if (!critical) return "mac";
  return command ? "signature-and-mac" : "signature";
}

/** What is missing, signature first, or undefined when every mandatory protection is there. */
export function missingProtection(
  protection: Protection,
  has: { readonly signature: boolean; readonly mac: boolean },
): "missing-signature" | "missing-mac" | undefined {
  if (protection === "signature-or-mac") return has.signature || has.mac ? undefined : "missing-signature";
  if (protection !== "mac" && !has.signature) return "missing-signature";
  return protection !== "signature" && !has.mac ? "missing-mac" : undefined;
}
