import { HanwayError } from "../base/error.ts";
import { type Address, readAddress } from "../gbcs/address.ts";
import { protectionFacts } from "../gbcs/catalogue/index.ts";
import { type DecodedMessage, decodeMessage } from "../gbcs/message.ts";
import { type Verification, verifyMessage } from "../gbcs/security/verify.ts";
import type { BuiltCommand } from "./command.ts";
import { type Failure, failuresOf } from "./failures.ts";
import type { Upward } from "./link.ts";
import type { PartyStore } from "./party-store.ts";

/** A Response that the device has proved to be its own, opened as far as keys are held. */
export interface Answer {
  readonly octets: Uint8Array;
  readonly message: DecodedMessage;
  /** What the device says it did not do; empty where all went well. */
  readonly failures: readonly Failure[];
}

/** Where a message from the hub belongs, seen from one Command. */
export type Belongs = "ours" | "other-device" | "not-ours";

const RESPONSE = 2;

/**
 * Whether a message answers a Command: a Response to its originator under its counter. `other-device` is such a
 * Response from somebody whom the Command was not for.
 */
export function belongsTo(command: BuiltCommand, address: Address, from: Upward["device"]): Belongs {
  if (address.cra !== RESPONSE) return "not-ours";
  if (address.counter !== command.counter || address.target !== command.originator) return "not-ours";
  return address.originator === command.target && from === command.target ? "ours" : "other-device";
}

export type Judgement =
  | { readonly is: "answer"; readonly answer: Answer }
  | { readonly is: "not-authentic"; readonly reason: Verification["outcome"] }
  | { readonly is: "unreadable"; readonly reason: string };

/** Judges a Response to a Command: its message code, MAC and signature, and then what it says. Never throws. */
export function judgeResponse(octets: Uint8Array, command: BuiltCommand, parties: PartyStore): Judgement {
  const address = readAddress(octets);
  if ("refused" in address)
    return { is: "unreadable", reason: `not a GBCS message at octet ${address.offset}` };
  if (address.messageCode !== command.useCase.messageCode) {
    return {
      is: "unreadable",
      reason: `it answers message code 0x${address.messageCode.toString(16).padStart(4, "0")}`,
    };
  }
  const verification = verifyMessage(octets, {
    keys: parties.keys,
    accessControlBroker: parties.accessControlBroker,
    self: command.originator,
    signatureKeyOf: (party) => parties.signatureKeyOf(party),
    factsOf: protectionFacts,
  });
  if (verification.outcome !== "verified") return { is: "not-authentic", reason: verification.outcome };
  try {
    const message = decodeMessage(octets, { keys: parties.keys });
    return { is: "answer", answer: { octets, message, failures: failuresOf(message) } };
  } catch (error) {
    if (!(error instanceof HanwayError)) throw error;
    return { is: "unreadable", reason: error.message };
  }
}
