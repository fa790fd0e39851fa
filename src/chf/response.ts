import { HanwayError } from "../base/error.ts";
import type { SecuredMessage, Supplementary } from "../gbcs/envelope/envelope.ts";
import { protectAs } from "../gbcs/security/protect.ts";
import type { ChfKeys } from "./alerts.ts";

/**
 * The Response to a Command, protected: it repeats the Command's counter, message code and supplementary party.
 * `dateTime`: the 12 octets that Responses to Commands that can be dated carry (gbcs-messages 2.2), null for others.
 * Undefined where the hub has no key to protect it with.
 */
export function responseMessage(
  command: SecuredMessage,
  content: Uint8Array,
  protection: "mac" | "signature",
  dateTime: Uint8Array | null,
  { agreement, signer, anchors }: ChfKeys,
): Uint8Array | undefined {
  const { counter, target, originator, messageCode, supplementary } = command;
  const response: SecuredMessage = {
    kind: "RESPONSE",
    counter,
    originator: target,
    target: originator,
    dateTime,
    messageCode,
    supplementary: supplementary && echoed(supplementary),
    content,
    signature: null,
    mac: null,
  };
  try {
    const mac = { keys: agreement, accessControlBroker: anchors.accessControlBroker };
    return protectAs(response, protection, { signature: signer, mac });
  } catch (error) {
    if (!(error instanceof HanwayError) || error.code !== "crypto/key") throw error;
    return undefined;
  }
}

/** Without the certificate that a Command may bring along. */
function echoed({ remoteParty, remotePartyCounter }: Supplementary): Supplementary {
  return remotePartyCounter === undefined ? { remoteParty } : { remoteParty, remotePartyCounter };
}
