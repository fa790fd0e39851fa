import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import { HanwayError } from "../../base/error.ts";
import { MAC_LENGTH } from "../envelope/layout.ts";

const CIPHER = "aes-128-gcm";
const TAG = { authTagLength: MAC_LENGTH } as const;
/** Security control 0x11, then five zero octets, before the Grouping Header (GBCS 5.3.7). */
const MAC_PREFIX_LENGTH = 6;
/** Security control 0x31: what is authenticated along with an encrypted payload (GBCS 8.2.4). */
const ENCRYPTION_AAD = Uint8Array.of(0x31);

/** Initialisation vector: the sender's EUI-64 (8 octets), then four zero octets. */
function initialisationVector(sender: Uint8Array): Uint8Array {
  const iv = new Uint8Array(12);
  iv.set(sender);
  return iv;
}

/**
 * The 12-octet MAC (GBCS 5.3.7): AES-128-GMAC over `11 00 00 00 00 00` and `body`, which runs from the tag `DF` to the
 * end of the signature field. `sender` is the Business Originator, 8 octets.
 */
export function gmac(key: Uint8Array, sender: Uint8Array, body: Uint8Array): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, initialisationVector(sender), TAG);
  const authenticated = new Uint8Array(MAC_PREFIX_LENGTH + body.length);
  authenticated[0] = 0x11;
  authenticated.set(body, MAC_PREFIX_LENGTH);
  cipher.setAAD(authenticated);
  cipher.final();
  return cipher.getAuthTag();
}

/** Whether two MACs are equal, in a time that does not depend on where they differ. */
export function sameMac(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Encrypts a payload (GBCS 8.2.4 and the protected attributes of DLMS): ciphertext, then the 12-octet tag. `sender` is
 * the device's EUI-64. All parts of one message share key and initialisation vector, as the specification has it.
 */
export function seal(key: Uint8Array, sender: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, initialisationVector(sender), TAG);
  cipher.setAAD(ENCRYPTION_AAD);
  const out = new Uint8Array(plaintext.length + MAC_LENGTH);
  out.set(cipher.update(plaintext));
  cipher.final();
  out.set(cipher.getAuthTag(), plaintext.length);
  return out;
}

/** The plaintext of ciphertext and tag, or undefined when the tag is wrong. Throws `decode/truncated` without a tag. */
export function open(key: Uint8Array, sender: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const end = sealed.length - MAC_LENGTH;
  if (end < 0) throw new HanwayError("decode/truncated", "no room for the tag", { field: "ciphertext" });
  const decipher = createDecipheriv(CIPHER, key, initialisationVector(sender), TAG);
  decipher.setAAD(ENCRYPTION_AAD);
  decipher.setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return new Uint8Array(plaintext);
}
