import { HanwayError } from "../base/error.ts";
import { eui64FromBytes } from "../base/eui64.ts";
import { type Data, decodeProtected, findProtected, type ProtectedData } from "./dlms/index.ts";
import type { Payload } from "./payload.ts";
import { open } from "./security/gcm.ts";
import { KDF_MODE, otherInfo } from "./security/kdf.ts";
import type { KeyAgreement } from "./security/key-agreement.ts";

/** One ciphertext of a payload: where it is, and what it holds where that could be told. */
export type DecryptedPart =
  | { readonly field: string; readonly outcome: "no-key" | "wrong-tag" }
  /** The tag is right and the plaintext is not what the specification puts there. */
  | { readonly field: string; readonly outcome: "malformed"; readonly reason: string }
  | { readonly field: string; readonly outcome: "decrypted"; readonly attributes: readonly Data[] };

/** Every ciphertext of a payload, opened where `keys` holds the key of the pair. */
export function decryptPayload(payload: Payload, keys: KeyAgreement | undefined): DecryptedPart[] {
  if (payload.format === "DLMS") {
    return findProtected(payload.apdu).map((part) => openProtected(part, keys));
  }
  return [];
}

/** Protected attributes of an ESME (GBCS 8.5): the parameters before the ciphertext name parties and counter. */
function openProtected(part: ProtectedData, keys: KeyAgreement | undefined): DecryptedPart {
  const { field, originator, recipient, transactionId } = part;
  const info = otherInfo(KDF_MODE.encryption, originator, transactionId.subarray(1), recipient);
  const key = keys?.deriveKey({ a: eui64FromBytes(originator), b: eui64FromBytes(recipient) }, info);
  if (key === undefined) return { field, outcome: "no-key" };
  const plaintext = open(key, originator, part.sealed);
  if (plaintext === undefined) return { field, outcome: "wrong-tag" };
  return whenWellFormed(field, () => ({
    field,
    outcome: "decrypted",
    attributes: decodeProtected(plaintext, field),
  }));
}

function whenWellFormed(field: string, decode: () => DecryptedPart): DecryptedPart {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof HanwayError)) throw error;
    return { field, outcome: "malformed", reason: error.message };
  }
}
