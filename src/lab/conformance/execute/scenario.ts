import { HanwayError } from "../../../base/error.ts";
import { replacementModeOf } from "../../../gbcs/asn1/index.ts";
import type { Certificate } from "../../../gbcs/certificate/certificate.ts";
import {
  type AccessRequest,
  type AccessResponse,
  decodeDlms,
  encodeDlms,
  SUCCESS,
} from "../../../gbcs/dlms/index.ts";
import { decodeEnvelope } from "../../../gbcs/envelope/decode.ts";
import type { SecuredMessage } from "../../../gbcs/envelope/envelope.ts";
import type { Keystore } from "../../../gbcs/keystore.ts";
import { protectAs } from "../../../gbcs/security/protect.ts";
import type { PairCase } from "../cases.ts";
import { credentialSeed } from "./credential-seed.ts";
import { EMPTY_HUB, type HubState } from "./hub-state.ts";
import { replacementScenario } from "./replacement-scenario.ts";
import { DLMS_SEEDERS, type DlmsSeeder } from "./seeds.ts";
import { AHEAD, type Parties, type Scenario } from "./step.ts";

const CS02A = 0x0008;
/**
 * What is to be run for a pair; undefined where there is no seeder for its use case. The Response is read for the state
 * that the hub must have been in, and for nothing else; the expected changed Response is the recorded one with the same
 * field altered. Throws `decode/*` for a pair that is not what its message code says.
 */
export function scenarioOf(pair: PairCase, parties: Parties): Scenario | undefined {
  const command = secured(pair.command);
  const response = secured(pair.response);
  const base = baseState(command, parties.keystore);
  if (command.messageCode === CS02A) return credentials(pair, command, response, base, parties);
  if (replacementModeOf(command.messageCode) !== undefined)
    return replacementScenario(pair, command, response, base, parties);
  const seeder = DLMS_SEEDERS.get(command.messageCode);
  return seeder && dlms(pair, command, response, base, seeder, parties);
}

export function secured(message: Uint8Array): SecuredMessage {
  const envelope = decodeEnvelope(message);
  if (envelope.kind !== "PRECOMMAND") return envelope;
  throw new HanwayError("decode/value", "it is not protected", { field: "message" });
}

/** The parties that the hub must trust to take the Command, and the counter before it. */
export function baseState(
  command: Pick<SecuredMessage, "originator" | "counter">,
  keystore: Keystore,
): HubState {
  const parties = new Set([keystore.accessControlBroker, command.originator]);
  const anchors: Certificate[] = [];
  for (const party of parties) {
    for (const usage of ["DS", "KA"] as const) {
      const certificate = party && keystore.certificate(party, usage);
      if (certificate !== undefined) anchors.push(certificate);
    }
  }
  const role = keystore.role(command.originator);
  const counters = new Map(role === undefined ? [] : [[role, command.counter - 1n]]);
  return { ...EMPTY_HUB, anchors, counters };
}

function dlms(
  pair: PairCase,
  command: SecuredMessage,
  response: SecuredMessage,
  base: HubState,
  seeder: DlmsSeeder,
  parties: Parties,
): Scenario {
  const request = decodeDlms(command.content);
  const answer = decodeDlms(response.content);
  if (request.type !== "access-request" || answer.type !== "access-response")
    throw new HanwayError("decode/value", "no Access-Request with its Access-Response", { field: "content" });
  const failing = answer.results.findIndex(({ result }) => result !== SUCCESS);
  const fault = failing < 0 ? undefined : seeder.faults?.[failing];
  const state: HubState = {
    ...base,
    ...seeder.state({ request, response: answer }),
    ...(fault === undefined ? {} : { faults: new Set([fault]) }),
  };
  const recorded = { state, command: pair.command, response: pair.response };
  const asked = seeder.alterArguments?.(state, request.data) ?? { state, data: request.data };
  const told =
    failing < 0 && seeder.alterState !== undefined
      ? seeder.alterState(asked.state, answer.data)
      : { state: asked.state, data: answer.data };
  const counter = command.counter + AHEAD;
  return {
    recorded,
    changed: {
      state: told.state,
      command: again(command, counter, { ...request, data: [...asked.data] }, parties),
      response: again(response, counter, { ...answer, data: [...told.data] }, parties),
    },
  };
}

/** The long-invoke-id: options in the high octet, the low 24 bits of the counter below. */
export function invokeId(former: number, counter: bigint): number {
  return (former & 0x7f00_0000) + Number(BigInt.asUintN(24, counter));
}

function again(
  message: SecuredMessage,
  counter: bigint,
  apdu: AccessRequest | AccessResponse,
  parties: Parties,
): Uint8Array {
  const content = encodeDlms({ ...apdu, invokeId: invokeId(apdu.invokeId, counter) });
  return macAgain({ ...message, counter, content }, parties);
}

export function macAgain(message: SecuredMessage, { keystore, agreement }: Parties): Uint8Array {
  const { accessControlBroker } = keystore;
  if (accessControlBroker === undefined)
    throw new HanwayError("config/invalid", "no Access Control Broker is in it", { field: "keystore" });
  return protectAs(message, "mac", { signature: undefined, mac: { keys: agreement, accessControlBroker } });
}

function credentials(
  pair: PairCase,
  command: SecuredMessage,
  response: SecuredMessage,
  base: HubState,
  parties: Parties,
): Scenario | undefined {
  // The form with a signature needs the originator's signing key to be made again.
  if (command.mac === null || response.mac === null) return undefined;
  const { state, altered } = credentialSeed(response.content, base, parties.keystore);
  const counter = command.counter + AHEAD;
  return {
    recorded: { state, command: pair.command, response: pair.response },
    changed: {
      state: altered.state,
      command: macAgain({ ...command, counter }, parties),
      response: macAgain({ ...response, counter, content: altered.content }, parties),
    },
  };
}
