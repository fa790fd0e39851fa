import { timingSafeEqual } from "node:crypto";
import { concatBytes } from "../base/bytes.ts";
import { type Eui64, eui64ToBytes } from "../base/eui64.ts";
import { aesMmo, hmacAesMmo } from "./aes-mmo.ts";

/** Who takes part, and the compressed ephemeral points as they were sent. U starts, V answers. */
export interface Transcript {
  readonly initiator: Eui64;
  readonly responder: Eui64;
  readonly initiatorEphemeral: Uint8Array;
  readonly responderEphemeral: Uint8Array;
}

/** What both sides derive from the shared secret. */
export interface DerivedKeys {
  /** The new link key, 16 octets. */
  readonly linkKey: Uint8Array;
  /** Proof of the initiator, 16 octets. */
  readonly macU: Uint8Array;
  /** Proof of the responder, 16 octets. */
  readonly macV: Uint8Array;
}

/** Key derivation (ANSI X9.63 counter mode without shared info) and key confirmation of ZSE C.4.2. Wipes `secret`. */
export function deriveKeys(secret: Uint8Array, transcript: Transcript): DerivedKeys {
  const block = (counter: number) => aesMmo(concatBytes(secret, Uint8Array.of(0, 0, 0, counter)));
  const macKey = block(1);
  const linkKey = block(2);
  secret.fill(0);
  const u = eui64ToBytes(transcript.initiator);
  const v = eui64ToBytes(transcript.responder);
  const qu = transcript.initiatorEphemeral;
  const qv = transcript.responderEphemeral;
  const macU = hmacAesMmo(macKey, concatBytes(Uint8Array.of(2), u, v, qu, qv));
  const macV = hmacAesMmo(macKey, concatBytes(Uint8Array.of(3), v, u, qv, qu));
  macKey.fill(0);
  return { linkKey, macU, macV };
}

/** Compares a received proof with the expected one in constant time. */
export function sameMac(expected: Uint8Array, received: Uint8Array): boolean {
  return expected.length === received.length && timingSafeEqual(expected, received);
}
