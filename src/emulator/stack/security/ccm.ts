import { createCipheriv, createDecipheriv } from "node:crypto";

/** Octets of the message integrity code at Zigbee security level 5 (ENC-MIC-32). */
export const MIC_LENGTH = 4;

const OPTIONS = { authTagLength: MIC_LENGTH } as const;

/** AES-CCM* with a 4-octet MIC (Zigbee A.2): ciphertext followed by the MIC. Key 16 octets, nonce 13. */
export function ccmSeal(key: Uint8Array, nonce: Uint8Array, auth: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-128-ccm", key, nonce, OPTIONS);
  cipher.setAAD(auth, { plaintextLength: plain.length });
  const out = new Uint8Array(plain.length + MIC_LENGTH);
  out.set(cipher.update(plain));
  cipher.final();
  out.set(cipher.getAuthTag(), plain.length);
  return out;
}

/** The plain octets, or undefined where the MIC does not fit. */
export function ccmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  auth: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const length = sealed.length - MIC_LENGTH;
  if (length < 0) return undefined;
  const decipher = createDecipheriv("aes-128-ccm", key, nonce, OPTIONS);
  decipher.setAuthTag(sealed.subarray(length));
  decipher.setAAD(auth, { plaintextLength: length });
  try {
    const plain = new Uint8Array(decipher.update(sealed.subarray(0, length)));
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}
