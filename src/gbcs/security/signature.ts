import { type KeyObject, sign, verify } from "node:crypto";
import { SIGNATURE_LENGTH } from "../envelope/layout.ts";

/**
 * Signs with the Digital Signature key of one party. Synchronous for the same reason as `KeyAgreement`: a secure
 * element blocks for the time of one signature.
 */
export interface Signer {
  /** ECDSA P-256 with SHA-256 over `octets`: r and s, 32 octets each, most significant first. */
  sign(octets: Uint8Array): Uint8Array;
}

/** A signer with the private key in memory. */
export class SoftwareSigner implements Signer {
  readonly #privateKey: KeyObject;

  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
  }

  sign(octets: Uint8Array): Uint8Array {
    return sign("sha256", octets, { key: this.#privateKey, dsaEncoding: "ieee-p1363" });
  }
}

/** Whether `signature` (r and s, 64 octets) over `octets` was made with the key of `publicKey`. */
export function checkSignature(publicKey: KeyObject, octets: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_LENGTH) return false;
  return verify("sha256", octets, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature);
}
