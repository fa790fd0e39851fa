import { equalBytes, fromHex } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { Eui64 } from "../../base/eui64.ts";
import { refusalError } from "../../gbcs/envelope/decode.ts";
import { type Layout, readLayout } from "../../gbcs/envelope/layout.ts";
import type { Keystore } from "../../gbcs/keystore.ts";
import { type DecodedMessage, decodeMessage, encodeMessage } from "../../gbcs/message.ts";
import type { KeyAgreement } from "../../gbcs/security/key-agreement.ts";
import { checkMac, checkMessageSignature } from "../../gbcs/security/mac.ts";
import { keystoreAgreement } from "../../gbcs/security/recorded.ts";

/** What a check of many recorded messages found. `encryptedPresent` and `decrypted` count ciphertexts. */
export interface Summary {
  total: number;
  parsed: number;
  roundTripIdentical: number;
  macPresent: number;
  macVerified: number;
  /** No key of the pair is in the keystore. */
  macUncheckable: number;
  macFailed: number;
  signaturePresent: number;
  signatureVerified: number;
  signatureFailed: number;
  encryptedPresent: number;
  decrypted: number;
  failures: Failure[];
}

interface Failure {
  readonly name: string;
  readonly kind: string;
  readonly check: "parse" | "kind" | "roundTrip" | "mac" | "signature" | "decryption";
  readonly reason: string;
}

/** A recorded message. `hex` may be anything, which then counts as a message that is not parsed. */
export interface Vector {
  readonly name: string;
  readonly kind: string;
  readonly hex: string;
}

interface Read {
  readonly message: Uint8Array;
  readonly layout: Layout;
  readonly decoded: DecodedMessage;
}

type Fail = (check: Failure["check"], reason: string) => void;

/** Stands in where the keystore names no Access Control Broker; nobody has a key for it. */
const NOBODY = Eui64("0000000000000000");

/**
 * Checks recorded messages against a keystore: whether each is read whole, is written back octet for octet, and what
 * its MAC, signature and ciphertexts are worth. What cannot be checked for lack of a key fails nothing.
 */
export function verifyVectors(vectors: Iterable<Vector>, keystore: Keystore): Summary {
  const summary = emptySummary();
  const keys = keystoreAgreement(keystore);
  for (const vector of vectors) {
    const { name, kind } = vector;
    const fail: Fail = (check, reason) => summary.failures.push({ name, kind, check, reason });
    summary.total++;
    const read = readVector(vector, keys, fail);
    if (read === undefined) continue;
    summary.parsed++;
    countRoundTrip(summary, read, fail);
    countMac(summary, read, { keys, accessControlBroker: keystore.accessControlBroker ?? NOBODY }, fail);
    countSignature(summary, read, keystore, fail);
    countEncrypted(summary, read.decoded, fail);
  }
  return summary;
}

function emptySummary(): Summary {
  return {
    total: 0,
    parsed: 0,
    roundTripIdentical: 0,
    macPresent: 0,
    macVerified: 0,
    macUncheckable: 0,
    macFailed: 0,
    signaturePresent: 0,
    signatureVerified: 0,
    signatureFailed: 0,
    encryptedPresent: 0,
    decrypted: 0,
    failures: [],
  };
}

function readVector({ kind, hex }: Vector, keys: KeyAgreement, fail: Fail): Read | undefined {
  try {
    const message = fromHex(hex);
    const layout = readLayout(message);
    if ("refused" in layout) throw refusalError(layout);
    const decoded = decodeMessage(message, { keys });
    if (kind !== "" && decoded.envelope.kind !== kind) fail("kind", `it is a ${decoded.envelope.kind}`);
    return { message, layout, decoded };
  } catch (error) {
    if (!(error instanceof HanwayError)) throw error;
    fail("parse", error.message);
    return undefined;
  }
}

/** Encodes the values anew and compares. */
function countRoundTrip(summary: Summary, { message, decoded }: Read, fail: Fail): void {
  try {
    if (equalBytes(encodeMessage(decoded), message)) summary.roundTripIdentical++;
    else fail("roundTrip", "the octets written back are others");
  } catch (error) {
    if (!(error instanceof HanwayError)) throw error;
    fail("roundTrip", error.message);
  }
}

function countMac(
  summary: Summary,
  { message, layout }: Read,
  parties: { readonly keys: KeyAgreement; readonly accessControlBroker: Eui64 },
  fail: Fail,
): void {
  if (!layout.hasMac) return;
  summary.macPresent++;
  const check = checkMac(message, layout, parties);
  if (check === "verified") summary.macVerified++;
  else if (check === "no-key") summary.macUncheckable++;
  else {
    summary.macFailed++;
    fail("mac", "wrong MAC");
  }
}

function countSignature(
  summary: Summary,
  { message, layout, decoded }: Read,
  keystore: Keystore,
  fail: Fail,
): void {
  if (layout.signature !== "present") return;
  summary.signaturePresent++;
  const key = keystore.publicKey(decoded.envelope.originator, "DS");
  const check = checkMessageSignature(message, layout, key);
  if (check === "verified") summary.signatureVerified++;
  else if (check === "wrong") {
    summary.signatureFailed++;
    fail("signature", "wrong signature");
  }
}

function countEncrypted(summary: Summary, decoded: DecodedMessage, fail: Fail): void {
  for (const { field, outcome } of decoded.decrypted) {
    summary.encryptedPresent++;
    if (outcome === "decrypted") summary.decrypted++;
    else if (outcome !== "no-key") fail("decryption", `${outcome} in ${field}`);
  }
}
