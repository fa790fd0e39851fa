import { Eui64, eui64ToBytes } from "../../../base/eui64.ts";
import { type Data, decodeDlms, encodeDlms, parseObis } from "../../../gbcs/dlms/index.ts";
import type { SecuredMessage } from "../../../gbcs/envelope/envelope.ts";
import type { AlertCase } from "../cases.ts";
import { baseState, invokeId, macAgain, secured } from "./scenario.ts";
import { otherDevice, readBackup } from "./seeds.ts";
import { AHEAD, type Parties, type Scenario, type Step } from "./step.ts";

const CS14 = 0x0018;
const CCS02 = 0x0002;
const NETWORK_CONTROL = { classId: 104, obis: parseObis("0-0:30.3.0.255") } as const;
const UNREGISTER_DEVICE = 2;
/** Processing option break-on-error, above the counter in the long-invoke-id. */
const BREAK_ON_ERROR = 0x2000_0000;
/** A device that no log of the published messages has. */
const GUEST = Eui64("02fa17e000000fff");
const COUNTER = 1_000n;

/**
 * What is to be run for an Alert; undefined for one that no Command brings about. CS14 tells the whole Device Log after
 * a change: the hub has that log with one device more, and a Command removes it. The steps' `response` is the Alert.
 */
export function alertScenarioOf(alert: AlertCase, parties: Parties): Scenario | undefined {
  const message = secured(alert.alert);
  if (message.messageCode !== CS14) return undefined;
  const apdu = decodeDlms(message.content);
  if (apdu.type !== "data-notification" || apdu.body.type !== "structure") return undefined;
  const [code, time, log] = apdu.body.value;
  if (code === undefined || time === undefined || log?.type !== "structure") return undefined;

  const step = (told: Data, counter: bigint, bytes: Uint8Array): Step => {
    const backup = readBackup(told);
    const command = removeGuest(message.originator, parties);
    const state = {
      ...baseState({ originator: message.target, counter: COUNTER }, parties.keystore),
      ...backup,
      deviceLog: [...backup.deviceLog, { eui64: GUEST }],
      alertCounter: counter - 1n,
    };
    return { state, command, response: bytes };
  };
  const altered = otherNetwork(log.value);
  const counter = message.counter + AHEAD;
  const content = encodeDlms({
    ...apdu,
    invokeId: invokeId(apdu.invokeId, counter),
    body: { type: "structure", value: [code, time, altered] },
  });
  return {
    recorded: step(log, message.counter, alert.alert),
    changed: step(altered, counter, macAgain({ ...message, counter, content }, parties)),
  };
}

/** The same log of another network. */
function otherNetwork([when, pan, ...devices]: readonly Data[]): Data {
  const other: Data = { type: "octet-string", value: otherDevice(pan) };
  return { type: "structure", value: [when ?? { type: "null" }, other, ...devices] };
}

/** CCS02 of the Access Control Broker for the device that is one too many. */
function removeGuest(hub: Eui64, parties: Parties): Uint8Array {
  const broker = parties.keystore.accessControlBroker ?? hub;
  const content = encodeDlms({
    type: "access-request",
    invokeId: BREAK_ON_ERROR + Number(COUNTER),
    dateTime: new Uint8Array(0),
    specifications: [{ operation: "action", ...NETWORK_CONTROL, index: UNREGISTER_DEVICE }],
    data: [{ type: "octet-string", value: eui64ToBytes(GUEST) }],
  });
  const command: SecuredMessage = {
    kind: "COMMAND",
    counter: COUNTER,
    originator: broker,
    target: hub,
    dateTime: null,
    messageCode: CCS02,
    supplementary: null,
    content,
    signature: null,
    mac: null,
  };
  return macAgain(command, parties);
}
