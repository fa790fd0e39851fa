import { HanwayError } from "../../base/error.ts";
import { encodeEnvelope, withMac } from "../envelope/encode.ts";
import type { Envelope, PreCommand, SecuredMessage } from "../envelope/envelope.ts";
import { readLayout } from "../envelope/layout.ts";
import { type MacParties, messageMac, signedOctets } from "./mac.ts";
import type { Protection } from "./protection.ts";
import type { Signer } from "./signature.ts";

/** How a message is protected: a signer or a ready signature, and the parties of the MAC; null for none. */
export interface Protectors {
  readonly signature: Signer | Uint8Array | null;
  readonly mac: MacParties | null;
}

/** A message before protection: a pre-command, or a Response or Alert whose signature and MAC are not looked at. */
export type Unprotected = PreCommand | SecuredMessage;

/** The octets that the originator of a message signs (GBCS 5.3.6). */
export function toBeSigned(message: Unprotected): Uint8Array {
  const bytes = encodeEnvelope(unsigned(message));
  const layout = readLayout(bytes);
  if ("refused" in layout) throw new HanwayError("internal", "the message built is not readable", layout);
  return signedOctets(bytes, layout);
}

/**
 * Signs and MACs a message: a pre-command becomes the Command that goes to the device, byte for byte what the
 * originator and the Access Control Broker would make of it. Throws `crypto/key` where no key of the pair is held.
 */
export function protect(message: Unprotected, protectors: Protectors): Uint8Array {
  const signature =
    protectors.signature === null || protectors.signature instanceof Uint8Array
      ? protectors.signature
      : protectors.signature.sign(toBeSigned(message));
  const body = encodeEnvelope({ ...unsigned(message), signature });
  if (protectors.mac === null) return body;
  const mac = messageMac(body, message.messageCode, protectors.mac);
  if (mac === undefined)
    throw new HanwayError("crypto/key", "no key of the two parties is held", { field: "mac" });
  return withMac(body, mac);
}

/** Who can protect a message: its originator signs (or has signed), and the parties of the MAC. */
export interface ProtectionKeys {
  readonly signature: Signer | Uint8Array | undefined;
  readonly mac: MacParties;
}

/**
 * Protects a message as its message code and kind ask for (see `requiredProtection`), with nothing more. For the variant
 * messages the caller says which form. Throws `crypto/key` where a signature is needed and neither it nor a signer is
 * there, or where no key of the MAC's pair is held.
 */
export function protectAs(
  message: Unprotected,
  protection: Exclude<Protection, "signature-or-mac">,
  keys: ProtectionKeys,
): Uint8Array {
  const signs = protection !== "mac";
  if (signs && keys.signature === undefined) {
    throw new HanwayError("crypto/key", "the originator's signing key or a signature is needed", {
      field: "signature",
    });
  }
  return protect(message, {
    signature: signs ? (keys.signature ?? null) : null,
    mac: protection === "signature" ? null : keys.mac,
  });
}

function unsigned(message: Envelope): SecuredMessage {
  const { counter, originator, target, dateTime, messageCode, supplementary, content } = message;
  return {
    kind: message.kind === "PRECOMMAND" ? "COMMAND" : message.kind,
    counter,
    originator,
    target,
    dateTime,
    messageCode,
    supplementary,
    content,
    signature: null,
    mac: null,
  };
}
