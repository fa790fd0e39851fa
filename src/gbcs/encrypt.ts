import type { KeyObject } from "node:crypto";
import { eui64ToBytes } from "../base/eui64.ts";
import type { Envelope } from "./envelope/envelope.ts";
import { seal } from "./security/gcm.ts";
import type { KeyAgreement } from "./security/key-agreement.ts";
import { payloadKey } from "./security/mac.ts";

/** What the key of a payload depends on. */
type Header = Pick<Envelope, "originator" | "target" | "counter" | "supplementary">;

/**
 * What encrypts the parts of one Response or Alert (GBCS 8.2.4, 8.5): plaintext in, ciphertext and tag out, for
 * `sealComponent` of GBZ and `protectedAnswer` of DLMS. All parts of a message share key and vector, so the counter in
 * the header must never have been used before. `partyKey` is the reader's public key where the Command brought it along.
 * Undefined where no key of the pair is held.
 */
export function payloadSeal(
  envelope: Header,
  keys: KeyAgreement,
  partyKey?: KeyObject,
): ((plaintext: Uint8Array) => Uint8Array) | undefined {
  const key = payloadKey(envelope, keys, partyKey);
  if (key === undefined) return undefined;
  const device = eui64ToBytes(envelope.originator);
  return (plaintext) => seal(key, device, plaintext);
}
