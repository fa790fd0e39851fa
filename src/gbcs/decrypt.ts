import { HanwayError } from "../base/error.ts";
import { eui64ToBytes } from "../base/eui64.ts";
import { type Data, decodeProtected, findProtected } from "./dlms/index.ts";
import type { Envelope } from "./envelope/envelope.ts";
import type { Payload } from "./payload.ts";
import { open } from "./security/gcm.ts";
import type { KeyAgreement } from "./security/key-agreement.ts";
import { payloadKey } from "./security/mac.ts";

/** One ciphertext of a payload: where it is, and what it holds where that could be told. */
export type DecryptedPart =
  | { readonly field: string; readonly outcome: "no-key" | "wrong-tag" }
  /** The tag is right and the plaintext is not what the specification puts there. */
  | { readonly field: string; readonly outcome: "malformed"; readonly reason: string }
  | { readonly field: string; readonly outcome: "decrypted"; readonly attributes: readonly Data[] };

/** What the key of a payload depends on. */
type Header = Pick<Envelope, "originator" | "target" | "counter" | "supplementary">;

/**
 * Every ciphertext of a payload in order, opened where `keys` holds the key of the pair: the protected attributes of an
 * ESME (GBCS 8.5). Parties and counter come from the Grouping Header: the parameters beside the ciphertext repeat them,
 * but name the Access Control Broker where the data is for a supplementary party.
 */
export function decryptPayload(
  envelope: Header,
  payload: Payload,
  keys: KeyAgreement | undefined,
): DecryptedPart[] {
  if (payload.format !== "DLMS") return [];
  const parts = findProtected(payload.apdu);
  if (parts.length === 0) return [];
  const key = keys === undefined ? undefined : payloadKey(envelope, keys);
  return parts.map(({ field, sealed }) => {
    const plaintext = openPart(key, envelope, sealed);
    if (typeof plaintext === "string") return { field, outcome: plaintext };
    return whenWellFormed(field, () => ({
      field,
      outcome: "decrypted",
      attributes: decodeProtected(plaintext, field),
    }));
  });
}

function openPart(
  key: Uint8Array | undefined,
  envelope: Header,
  sealed: Uint8Array,
): Uint8Array | "no-key" | "wrong-tag" {
  if (key === undefined) return "no-key";
  return open(key, eui64ToBytes(envelope.originator), sealed) ?? "wrong-tag";
}

function whenWellFormed(field: string, decode: () => DecryptedPart): DecryptedPart {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof HanwayError)) throw error;
    return { field, outcome: "malformed", reason: error.message };
  }
}
