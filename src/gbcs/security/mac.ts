import type { KeyObject } from "node:crypto";
import { type Eui64, eui64FromBytes, eui64ToBytes } from "../../base/eui64.ts";
import type { Envelope } from "../envelope/envelope.ts";
import { COUNTER_AT, type Layout, MAC_LENGTH, ORIGINATOR_AT, TARGET_AT } from "../envelope/layout.ts";
import { gmac, sameMac } from "./gcm.ts";
import { KDF_MODE, otherInfo } from "./kdf.ts";
import type { KeyAgreement } from "./key-agreement.ts";
import { isHanOnly } from "./protection.ts";
import { checkSignature } from "./signature.ts";

/** Outcome of one cryptographic check: `no-key` when this side cannot tell. */
export type Check = "verified" | "wrong" | "no-key";

/** With whom a MAC key is agreed. */
export interface MacParties {
  readonly keys: KeyAgreement;
  /** EUI-64 of the Access Control Broker, which MACs every Command whoever its originator is. */
  readonly accessControlBroker: Eui64;
}

/**
 * The MAC of a message: `body` is its octets from the tag `DF` to the end of the signature field (GBCS 5.3.7). The key
 * of a Command is agreed between the Access Control Broker and the target, that of a Response or an Alert between
 * originator and target. Undefined where no key of the pair is held.
 */
export function messageMac(
  body: Uint8Array,
  messageCode: number,
  parties: MacParties,
): Uint8Array | undefined {
  const cra = body[2];
  const mode = cra === 1 ? KDF_MODE.command : cra === 2 ? KDF_MODE.response : KDF_MODE.alert;
  const originator = body.subarray(ORIGINATOR_AT, ORIGINATOR_AT + 8);
  const target = body.subarray(TARGET_AT, TARGET_AT + 8);
  const counter = body.subarray(COUNTER_AT, COUNTER_AT + 8);
  const a = cra === 1 && !isHanOnly(messageCode) ? parties.accessControlBroker : eui64FromBytes(originator);
  const key = parties.keys.deriveKey(
    { a, b: eui64FromBytes(target) },
    otherInfo(mode, originator, counter, target),
  );
  return key === undefined ? undefined : gmac(key, originator, body);
}

function messageCodeOf(message: Uint8Array, layout: Layout): number {
  return ((message[layout.otherInfo] ?? 0) << 8) | (message[layout.otherInfo + 1] ?? 0);
}

/** Checks the MAC of a message that has one. */
export function checkMac(message: Uint8Array, layout: Layout, parties: MacParties): Check {
  const body = message.subarray(layout.grouping, layout.signatureEnd);
  const expected = messageMac(body, messageCodeOf(message, layout), parties);
  if (expected === undefined) return "no-key";
  return sameMac(expected, message.subarray(message.length - MAC_LENGTH)) ? "verified" : "wrong";
}

/** What the signature covers (GBCS 5.3.6): from the length octet of the transaction id to the end of the content. */
export function signedOctets(message: Uint8Array, layout: Layout): Uint8Array {
  return message.subarray(layout.grouping + 1, layout.contentEnd);
}

/** Checks the signature of a message that has one, with the originator's Digital Signature key. */
export function checkMessageSignature(
  message: Uint8Array,
  layout: Layout,
  publicKey: KeyObject | undefined,
): Check {
  if (publicKey === undefined) return "no-key";
  const signature = message.subarray(layout.contentEnd + 1, layout.signatureEnd);
  return checkSignature(publicKey, signedOctets(message, layout), signature) ? "verified" : "wrong";
}

/**
 * The key of the encrypted payload of a Response or an Alert, agreed between the device and the party that may read
 * it: the supplementary party where there is one. `partyKey` is that party's key when the Command brought it along.
 * All encrypted parts of one message share this key. Undefined where no key of the pair is held.
 */
export function payloadKey(
  envelope: Pick<Envelope, "originator" | "target" | "counter" | "supplementary">,
  keys: KeyAgreement,
  partyKey?: KeyObject,
): Uint8Array | undefined {
  const { originator: device, supplementary } = envelope;
  const party = supplementary?.remoteParty ?? envelope.target;
  const counter = new Uint8Array(8);
  new DataView(counter.buffer).setBigUint64(0, supplementary?.originatorCounter ?? envelope.counter);
  const info = otherInfo(KDF_MODE.encryption, eui64ToBytes(device), counter, eui64ToBytes(party));
  const pair = { a: device, b: party };
  return keys.deriveKey(
    partyKey === undefined ? pair : { ...pair, suppliedKey: { of: party, publicKey: partyKey } },
    info,
  );
}
