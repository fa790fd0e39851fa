import { Eui64 } from "../../base/eui64.ts";
import { messageProtection, type UseCase, useCaseByMessageCode } from "../../gbcs/catalogue/index.ts";
import { type Layout, readLayout } from "../../gbcs/envelope/layout.ts";
import type { Keystore } from "../../gbcs/keystore.ts";
import { type DecodedMessage, decodeMessage } from "../../gbcs/message.ts";
import { checkMac, checkMessageSignature } from "../../gbcs/security/mac.ts";
import { keystoreAgreement } from "../../gbcs/security/recorded.ts";
import { namedObjects } from "./objects.ts";

/** What became of a protection: not there, there and not looked at for lack of a keystore, or checked. */
export type Standing = "absent" | "not-checked" | "verified" | "wrong" | "no-key";

/** A message with everything that can be said of it. `envelope` and `payload` alone make the message again. */
export interface Described extends DecodedMessage {
  readonly protection: {
    /** What a message of this kind and code must carry; null for a code that does not exist. */
    readonly required: string | null;
    readonly signature: Standing;
    readonly mac: Standing;
  };
  readonly useCase: Pick<UseCase, "code" | "title" | "targets" | "format"> | null;
  readonly objects: ReturnType<typeof namedObjects>;
}

/** Stands in where the keystore names no Access Control Broker; nobody has a key for it. */
const NOBODY = Eui64("0000000000000000");

/** Decodes a message and says what is known of it. Throws `decode/*` as `decodeMessage` does. */
export function describe(message: Uint8Array, keystore: Keystore | undefined): Described {
  const decoded = decodeMessage(message, keystore === undefined ? {} : { keys: keystoreAgreement(keystore) });
  const layout = readLayout(message);
  if ("refused" in layout) throw new TypeError("a decoded message has a layout");
  const { kind, messageCode } = decoded.envelope;
  const useCase = useCaseByMessageCode(messageCode);
  return {
    envelope: decoded.envelope,
    protection: {
      required: messageProtection(messageCode, kind) ?? null,
      signature: signatureStanding(message, layout, decoded, keystore),
      mac: macStanding(message, layout, keystore),
    },
    useCase: useCase === undefined ? null : pick(useCase),
    payload: decoded.payload,
    objects: namedObjects(decoded, useCase),
    decrypted: decoded.decrypted,
  };
}

function pick({ code, title, targets, format }: UseCase): Described["useCase"] {
  return { code, title, targets, format };
}

function macStanding(message: Uint8Array, layout: Layout, keystore: Keystore | undefined): Standing {
  if (!layout.hasMac) return "absent";
  if (keystore === undefined) return "not-checked";
  const accessControlBroker = keystore.accessControlBroker ?? NOBODY;
  return checkMac(message, layout, { keys: keystoreAgreement(keystore), accessControlBroker });
}

function signatureStanding(
  message: Uint8Array,
  layout: Layout,
  { envelope }: DecodedMessage,
  keystore: Keystore | undefined,
): Standing {
  if (layout.signature !== "present") return "absent";
  if (keystore === undefined) return "not-checked";
  return checkMessageSignature(message, layout, keystore.publicKey(envelope.originator, "DS"));
}
