import { HanwayError } from "../base/error.ts";
import { type DecryptedPart, decryptPayload } from "./decrypt.ts";
import { readEnvelope, refusalError } from "./envelope/decode.ts";
import { encodeEnvelope } from "./envelope/encode.ts";
import type { PreCommand, SecuredMessage } from "./envelope/envelope.ts";
import { readLayout } from "./envelope/layout.ts";
import { decodePayload, encodePayload, type Payload } from "./payload.ts";
import type { KeyAgreement } from "./security/key-agreement.ts";

/** Everything of a message but its content. */
export type Header = Omit<PreCommand, "content"> | Omit<SecuredMessage, "content">;

/** A whole message as plain values: what encoding it again needs, and nothing else. */
export interface Message {
  readonly envelope: Header;
  readonly payload: Payload;
}

export interface DecodedMessage extends Message {
  /** Every ciphertext in the payload with what it holds, as far as a key is held; not looked at by encoding. */
  readonly decrypted: readonly DecryptedPart[];
}

/**
 * Decodes a message down to the leaves of its payload. With `keys`, encrypted parts are opened where the pair's key is
 * held. MAC and signature are not checked here: see `verifyMessage`.
 *
 * Throws HanwayError `decode/*` with the field and the offset from the start of the message, and nothing else.
 */
export function decodeMessage(message: Uint8Array, options: { keys?: KeyAgreement } = {}): DecodedMessage {
  const layout = readLayout(message);
  if ("refused" in layout) throw refusalError(layout);
  const { content, ...envelope } = readEnvelope(message, layout);
  return withinContent(layout.content, () => {
    const payload = decodePayload(envelope.kind, envelope.messageCode, content);
    const decrypted = decryptPayload(envelope, payload, options.keys);
    return { envelope, payload, decrypted };
  });
}

/** Whether a value has the outer form of a message; what is inside is for {@link encodeMessage} to judge. */
export function isMessage(value: unknown): value is Message {
  return isObject(value) && isObject(value.envelope) && isObject(value.payload);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const KINDS = ["PRECOMMAND", "COMMAND", "RESPONSE", "ALERT"];

/** The octets of a message, from its values alone. Throws HanwayError `encode/*` naming the field that does not fit. */
export function encodeMessage(message: Message): Uint8Array {
  const { envelope, payload } = message;
  if (!KINDS.includes(envelope.kind)) {
    throw new HanwayError("encode/value", `one of ${KINDS.join(", ")} is needed`, { field: "kind" });
  }
  try {
    const content = encodePayload(envelope.kind, envelope.messageCode, payload);
    return encodeEnvelope({ ...envelope, content });
  } catch (error) {
    // Values that came through JSON may be of another kind than their type says; no codec looks at every one.
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new HanwayError("encode/value", "a value is missing or of another kind", { cause: error });
  }
}

/** Runs a payload codec, whose offsets count from the start of the content, and makes them count from the message's. */
function withinContent<T>(start: number, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof HanwayError)) throw error;
    throw rebased(error, start);
  }
}

function rebased(error: HanwayError, start: number): HanwayError {
  return new HanwayError(error.code, error.detail, {
    field: error.field ?? "content",
    offset: start + (error.offset ?? 0),
  });
}
