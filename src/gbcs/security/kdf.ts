import { hash } from "node:crypto";

/** What a key is for (GBCS 4.3.3): MAC of a Command, of a Response, of an Alert, or encryption of a payload. */
export const KDF_MODE = { command: 1, response: 2, alert: 3, encryption: 4 } as const;
export type KdfMode = (typeof KDF_MODE)[keyof typeof KDF_MODE];

/** AlgorithmID aes128-gcm (2.16.756.5.8.3.0), then U, the 9-octet transaction id and V. */
export const OTHER_INFO_LENGTH = 33;
const ALGORITHM_ID = Uint8Array.of(0x60, 0x85, 0x74, 0x06, 0x08, 0x03, 0x00);

/**
 * OtherInfo of the key derivation (GBCS 4.3.3, SP 800-56A 5.8.1): 33 octets.
 *
 * `u` and `v` are the EUI-64s of the sender and the receiver, `counter` the Originator Counter (or its Supplementary
 * form for encryption), each 8 octets, most significant first.
 */
export function otherInfo(mode: KdfMode, u: Uint8Array, counter: Uint8Array, v: Uint8Array): Uint8Array {
  const out = new Uint8Array(OTHER_INFO_LENGTH);
  out.set(ALGORITHM_ID, 0);
  out.set(u, 7);
  out[15] = 9;
  out[16] = mode;
  out.set(counter, 17);
  out.set(v, 25);
  return out;
}

/**
 * The 16-octet AES key for a shared secret `z` of 32 octets: the first half of SHA-256(00000001, Z, OtherInfo)
 * (the one-step concatenation KDF).
 */
export function concatKdf(z: Uint8Array, info: Uint8Array): Uint8Array {
  const input = new Uint8Array(4 + z.length + info.length);
  input[3] = 1;
  input.set(z, 4);
  input.set(info, 4 + z.length);
  const key = hash("sha256", input, "buffer").subarray(0, 16);
  input.fill(0);
  return key;
}
