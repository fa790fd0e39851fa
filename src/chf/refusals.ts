import type { Eui64 } from "../base/eui64.ts";
import type { ReceiptReason } from "../base/uplink.ts";
import type { Verification } from "../gbcs/security/verify.ts";
import { CODE } from "./logs.ts";

/** Why a Command was not executed. It is never answered (gbcs-messages 4 and 11). */
export type Refused =
  /** Not a Command, or one that the hub has no use case for. */
  | "unsupported"
  /** Nothing is known of the originator. */
  | "unknown-originator"
  | "no-authority"
  /** MAC or signature is missing, wrong, or of a party whose key the hub does not hold. */
  | "not-authentic"
  | "replayed"
  /** Authentic, and not what its message code says. */
  | "malformed";

export interface Consequences {
  readonly reason: ReceiptReason;
  /** Entry in the CHF Security Log. */
  readonly log: number | undefined;
  /** Generic critical alert. */
  readonly alert: number | undefined;
}

/** What each refusal leads to (gbcs-alerts 3 and 4): codes without an alert are only logged. */
export const CONSEQUENCES: Readonly<Record<Refused, Consequences>> = {
  unsupported: { reason: "unsupported", log: CODE.authenticationFailed, alert: undefined },
  "unknown-originator": {
    reason: "refused",
    log: CODE.unauthorisedCommunication,
    alert: CODE.unauthorisedCommunication,
  },
  "no-authority": { reason: "refused", log: CODE.noAuthority, alert: CODE.noAuthority },
  "not-authentic": {
    reason: "refused",
    log: CODE.trustedSourceAuthentication,
    alert: CODE.trustedSourceAuthentication,
  },
  replayed: { reason: "refused", log: CODE.authenticationFailed, alert: undefined },
  malformed: { reason: "refused", log: CODE.contentIntegrity, alert: CODE.contentIntegrity },
};

/** What stands between a message and its execution; undefined where nothing does. */
export function refusalOf(
  verification: Verification,
  isKnown: (party: Eui64) => boolean,
): Refused | undefined {
  switch (verification.outcome) {
    case "verified":
      return undefined;
    case "malformed":
    case "wrong-target":
    case "unknown-message-code":
      return "unsupported";
    case "wrong-party":
      if (verification.envelope.kind !== "COMMAND") return "unsupported";
      return isKnown(verification.envelope.originator) ? "no-authority" : "unknown-originator";
    case "missing-mac":
    case "missing-signature":
    case "wrong-mac":
    case "wrong-signature":
    case "no-mac-key":
    case "no-signature-key":
      return isKnown(verification.envelope.originator) ? "not-authentic" : "unknown-originator";
    case "replayed":
      return "replayed";
  }
}
