import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import { buildPreCommand, commandProtection } from "../gbcs/build.ts";
import type { DeviceKind, UseCase } from "../gbcs/catalogue/index.ts";
import type { PreCommand, Supplementary } from "../gbcs/envelope/envelope.ts";
import { decodePayload, type Payload } from "../gbcs/payload.ts";
import { protectAs } from "../gbcs/security/protect.ts";
import { SoftwareSigner } from "../gbcs/security/signature.ts";
import type { CounterKind, Counters } from "./counters.ts";
import { fieldsOf, type Given } from "./fields/index.ts";
import { certificateOf } from "./fields/values.ts";
import type { PartyStore } from "./party-store.ts";
import { answersEncrypted, type Senders, type SendingWish, sendersOf } from "./sender.ts";

/** A Command that somebody wants sent. */
export interface Order extends SendingWish {
  readonly useCase: UseCase;
  readonly target: Eui64;
  /** Kind of the target, where it is known. */
  readonly targetKind: DeviceKind | undefined;
  /** Values by the names of `fieldInfo`; texts are understood. */
  readonly fields: Given;
}

/** A Command ready to be sent, and what its Response will be known by. */
export interface BuiltCommand {
  readonly useCase: UseCase;
  readonly message: Uint8Array;
  readonly counter: bigint;
  readonly originator: Eui64;
  readonly target: Eui64;
  /** The party on whose behalf the Access Control Broker sends. */
  readonly onBehalfOf: Eui64 | undefined;
  readonly payload: Payload;
}

/** CS01a and CS01b: top-ups have counters of their own. */
const TOP_UPS: ReadonlySet<number> = new Set([0x0007, 0x0097]);

/**
 * Builds a Command: pre-command, signature of the originator where its message code asks for one, MAC of the Access
 * Control Broker. Counters are drawn last, so that a Command that cannot be built uses none.
 *
 * Throws `headend/unknown`, `headend/value`, `headend/role` or `crypto/key`.
 */
export function buildCommand(order: Order, parties: PartyStore, counters: Counters): BuiltCommand {
  const { useCase, target, targetKind } = order;
  const senders = sendersOf(useCase, targetKind, parties, order);
  // A trial with counters that nobody has: everything that can be wrong is wrong here already.
  secure(
    draft(order, senders, parties, () => 0n),
    order,
    parties,
  );
  const drawn = draft(order, senders, parties, (party) =>
    counters.next(party, kindOf(useCase, party, senders)),
  );
  const { preCommand } = drawn;
  return {
    useCase,
    target,
    message: secure(drawn, order, parties),
    counter: preCommand.counter,
    originator: senders.originator,
    onBehalfOf: senders.onBehalfOf,
    payload: decodePayload("COMMAND", preCommand.messageCode, preCommand.content),
  };
}

interface Draft {
  readonly preCommand: PreCommand;
  readonly fields: Readonly<Record<string, unknown>>;
}

function draft(order: Order, senders: Senders, parties: PartyStore, next: (party: Eui64) => bigint): Draft {
  const { useCase, target, targetKind } = order;
  const { originator, onBehalfOf } = senders;
  const counter = next(originator);
  const fields = fieldsOf(useCase, order.fields, { parties, originator, target, targetKind, counter });
  const supplementary = onBehalfOf === undefined ? null : supplementaryOf(useCase, onBehalfOf, parties, next);
  try {
    const preCommand = buildPreCommand({ useCase, fields, originator, target, counter, supplementary });
    return { preCommand, fields };
  } catch (error) {
    throw asValueError(error);
  }
}

function supplementaryOf(
  useCase: UseCase,
  remoteParty: Eui64,
  parties: PartyStore,
  next: (party: Eui64) => bigint,
): Supplementary {
  const named = { remoteParty, remotePartyCounter: next(remoteParty) };
  return answersEncrypted(useCase)
    ? { ...named, certificate: certificateOf(parties, remoteParty, "KA") }
    : named;
}

function secure({ preCommand, fields }: Draft, { target }: Order, parties: PartyStore): Uint8Array {
  const { keystore, keys, accessControlBroker } = parties;
  requireKey(keystore.publicKey(target, "KA") !== undefined, `no certificate of ${target} is held`);
  requireKey(
    keystore.privateKey(accessControlBroker, "KA") !== undefined,
    "no key of the Access Control Broker is held",
  );
  const privateKey = keystore.privateKey(preCommand.originator, "DS");
  const protection = commandProtection(preCommand.messageCode, fields);
  if (protection !== "mac")
    requireKey(privateKey !== undefined, `no signing key of ${preCommand.originator} is held`);
  return protectAs(preCommand, protection, {
    signature: privateKey && new SoftwareSigner(privateKey),
    mac: { keys, accessControlBroker },
  });
}

function requireKey(held: boolean, detail: string): void {
  if (!held) throw new HanwayError("crypto/key", detail, { field: "keys" });
}

function kindOf(useCase: UseCase, party: Eui64, senders: Senders): CounterKind {
  return TOP_UPS.has(useCase.messageCode ?? -1) && party === senders.originator ? "prepayment" : "management";
}

/** What the codecs refuse is a value that the caller gave. */
function asValueError(error: unknown): unknown {
  if (!(error instanceof HanwayError) || error.code !== "encode/value") return error;
  const { detail, field } = error;
  return new HanwayError("headend/value", detail, field === undefined ? {} : { field });
}
