import { HanwayError } from "../base/error.ts";
import { eui64ToBytes } from "../base/eui64.ts";
import { type Data, decodeProtected, findProtected } from "./dlms/index.ts";
import type { Envelope } from "./envelope/envelope.ts";
import { decodeComponentPlaintext, encryptedComponents } from "./gbz/index.ts";
import type { Payload } from "./payload.ts";
import { open } from "./security/gcm.ts";
import type { KeyAgreement } from "./security/key-agreement.ts";
import { payloadKey } from "./security/mac.ts";

/** What a ciphertext holds: attributes of DLMS, or the fields of a ZCL command. */
type Plaintext =
  | { readonly attributes: readonly Data[] }
  | { readonly fields: ReturnType<typeof decodeComponentPlaintext> };

/** One ciphertext of a payload: where it is, and what it holds where that could be told. */
export type DecryptedPart =
  | { readonly field: string; readonly outcome: "no-key" | "wrong-tag" }
  /** The tag is right and the plaintext is not what the specification puts there. */
  | { readonly field: string; readonly outcome: "malformed"; readonly reason: string }
  | ({ readonly field: string; readonly outcome: "decrypted" } & Plaintext);

interface SealedPart {
  readonly field: string;
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array;
  readonly decode: (plaintext: Uint8Array) => Plaintext;
}

/** What the key of a payload depends on. */
type Header = Pick<Envelope, "originator" | "target" | "counter" | "supplementary">;

/**
 * Every ciphertext of a payload in order, opened where `keys` holds the key of the pair: components of GBZ (GBCS 8.2.4)
 * and the protected attributes of an ESME (8.5). Parties and counter come from the Grouping Header: the parameters
 * beside a DLMS ciphertext repeat them, but name the Access Control Broker where it is for a supplementary party.
 */
export function decryptPayload(
  envelope: Header,
  payload: Payload,
  keys: KeyAgreement | undefined,
): DecryptedPart[] {
  const parts = sealedParts(payload);
  if (parts.length === 0) return [];
  const key = keys === undefined ? undefined : payloadKey(envelope, keys);
  if (key === undefined) return parts.map(({ field }) => ({ field, outcome: "no-key" }));
  const sender = eui64ToBytes(envelope.originator);
  return parts.map((part) => openPart(part, key, sender));
}

function sealedParts(payload: Payload): SealedPart[] {
  if (payload.format === "DLMS") {
    return findProtected(payload.apdu).map(({ field, sealed }) => ({
      field,
      sealed,
      decode: (plaintext) => ({ attributes: decodeProtected(plaintext, field) }),
    }));
  }
  if (payload.format !== "GBZ") return [];
  return encryptedComponents(payload.gbz).map(({ field, component }) => ({
    field,
    sealed: component.encrypted.sealed,
    decode: (plaintext) => ({ fields: decodeComponentPlaintext(component, plaintext) }),
  }));
}

function openPart({ field, sealed, decode }: SealedPart, key: Uint8Array, sender: Uint8Array): DecryptedPart {
  const plaintext = open(key, sender, sealed);
  if (plaintext === undefined) return { field, outcome: "wrong-tag" };
  try {
    return { field, outcome: "decrypted", ...decode(plaintext) };
  } catch (error) {
    if (!(error instanceof HanwayError)) throw error;
    return { field, outcome: "malformed", reason: error.message };
  }
}
