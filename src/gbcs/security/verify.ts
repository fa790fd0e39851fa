import type { KeyObject } from "node:crypto";
import type { Eui64 } from "../../base/eui64.ts";
import { readEnvelope } from "../envelope/decode.ts";
import type { Envelope, SecuredMessage } from "../envelope/envelope.ts";
import { type Layout, type Refusal, readLayout } from "../envelope/layout.ts";
import type { KeyAgreement } from "./key-agreement.ts";
import { checkMac, checkMessageSignature } from "./mac.ts";
import { missingProtection, type ProtectionFacts, requiredProtection } from "./protection.ts";

/** What the verifying side knows. Every part that is left out is not checked. */
export interface VerifyContext {
  readonly keys: KeyAgreement;
  /** Digital Signature public key of a party, from its trust anchor cell or certificate; CS02b names the cell. */
  readonly signatureKeyOf: (party: Eui64, messageCode: number) => KeyObject | undefined;
  readonly accessControlBroker: Eui64;
  /** The catalogue's word on a message code; undefined for a code that does not exist or is not taken here. */
  readonly factsOf: (messageCode: number) => ProtectionFacts | undefined;
  /** The own EUI-64: a message to anybody else is refused. */
  readonly self?: Eui64;
  /** Whether the originator is known and its role may send this. */
  readonly mayOriginate?: (envelope: SecuredMessage) => boolean;
  /** The last counter accepted from the originator; undefined where the use case is not protected against replay. */
  readonly lastCounter?: (envelope: SecuredMessage) => bigint | undefined;
}

/** How the verification of a message ended. Anything but `verified` means: discard, do not answer. */
export type Verification =
  | { readonly outcome: "verified"; readonly envelope: SecuredMessage }
  | { readonly outcome: "malformed"; readonly refusal: Refusal }
  | {
      readonly outcome:
        | "wrong-target"
        | "unknown-message-code"
        | "wrong-party"
        | "missing-mac"
        | "missing-signature"
        | "wrong-mac"
        | "wrong-signature"
        | "no-mac-key"
        | "no-signature-key"
        | "replayed";
      /** The message as it claims to be; none of it may be trusted. */
      readonly envelope: Envelope;
    };

/**
 * Parses and verifies a message in the order of GBCS 6.2: form, target, message code, party, presence of the mandatory
 * protections, MAC, signature, counter. What is there is checked even where it is not mandatory. Never throws for what
 * the message holds.
 */
export function verifyMessage(message: Uint8Array, context: VerifyContext): Verification {
  const layout = readLayout(message);
  if ("refused" in layout) return { outcome: "malformed", refusal: layout };
  const envelope = readEnvelope(message, layout);
  if (context.self !== undefined && envelope.target !== context.self)
    return { outcome: "wrong-target", envelope };
  const facts = context.factsOf(envelope.messageCode);
  if (facts === undefined) return { outcome: "unknown-message-code", envelope };
  const missing = missingProtection(requiredProtection(envelope.kind, facts), {
    signature: layout.signature === "present",
    mac: layout.hasMac,
  });
  if (envelope.kind === "PRECOMMAND") return { outcome: missing ?? "missing-signature", envelope };
  if (context.mayOriginate?.(envelope) === false) return { outcome: "wrong-party", envelope };
  if (missing !== undefined) return { outcome: missing, envelope };
  const failed = failedCheck(message, layout, envelope, context);
  if (failed !== undefined) return { outcome: failed, envelope };
  const last = context.lastCounter?.(envelope);
  if (last !== undefined && envelope.counter <= last) return { outcome: "replayed", envelope };
  return { outcome: "verified", envelope };
}

function failedCheck(
  message: Uint8Array,
  layout: Layout,
  envelope: SecuredMessage,
  context: VerifyContext,
): "wrong-mac" | "no-mac-key" | "wrong-signature" | "no-signature-key" | undefined {
  if (layout.hasMac) {
    const mac = checkMac(message, layout, context);
    if (mac !== "verified") return mac === "wrong" ? "wrong-mac" : "no-mac-key";
  }
  if (layout.signature === "present") {
    const key = context.signatureKeyOf(envelope.originator, envelope.messageCode);
    const signature = checkMessageSignature(message, layout, key);
    if (signature !== "verified") return signature === "wrong" ? "wrong-signature" : "no-signature-key";
  }
  return undefined;
}
