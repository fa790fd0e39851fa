import { existsSync } from "node:fs";
import type { DeviceType } from "../base/device-type.ts";
import { Eui64 } from "../base/eui64.ts";
import type { InstallCode } from "../base/install-code.ts";
import { type KeyEstablishmentOutcome, terminateStatusName } from "../cbke/index.ts";
import {
  createEmulatedCoordinator,
  type EmulatedCoordinatorConfig,
  type EmulatedCoordinatorHandle,
} from "../emulator/coordinator.ts";
import type { MessageHandler } from "../emulator/devices/device.ts";
import { recordedResponder } from "../emulator/devices/responder.ts";
import { type FaultPlan, parseFaultPlan } from "../emulator/server/faults.ts";
import { deviceCertificates } from "./device-certificates.ts";
import type { VectorPair } from "./vectors.ts";

/** EUI-64 of an emulated coordinator that was given none: the GPF of the published vectors. */
export const DEFAULT_COORDINATOR = Eui64("00db1234567890a3");

/** Recorded Commands reach 3,986 octets, so devices that answer them take more than the 1,500 of GBCS. */
export const VECTOR_TRANSFER_SIZE = 4_096;

export interface EmulatorOptions {
  listen: string;
  eui64?: Eui64 | undefined;
  ezsp?: number | undefined;
  stateFile?: string | undefined;
  seed?: number | undefined;
  loss?: number | undefined;
  devices: readonly { type: DeviceType; eui64: Eui64; installCode: InstallCode }[];
  /**
   * Where the devices have their Smart Energy certificates from: the seed of the project's own authority, or the
   * folder of a test PKI. Without it the install codes' keys stay in use.
   */
  testCa?: number | string | undefined;
  /** Devices answer these Commands; without them they stay silent. */
  vectors?: readonly VectorPair[] | undefined;
  faults: readonly FaultPlan[];
  tell: (line: string) => void;
}

/** An emulated coordinator for hosts outside this process; its story is told one line per event. */
export async function startEmulator(
  options: EmulatorOptions,
): Promise<EmulatedCoordinatorHandle & AsyncDisposable> {
  const messageHandler = options.vectors === undefined ? undefined : vectorResponder(options.vectors);
  const handle = await createEmulatedCoordinator(configOf(options, messageHandler));
  for (const device of handle.devices) {
    device.on((event) => {
      const line = tellEvent(event);
      if (line !== undefined) options.tell(`${device.type} ${device.eui64} ${line}`);
    });
  }
  return Object.assign(handle, { [Symbol.asyncDispose]: () => handle.stop() });
}

/** A device that answers recorded Commands, byte for byte, with their recorded Responses. */
export function vectorResponder(pairs: readonly VectorPair[]): MessageHandler {
  return recordedResponder(
    pairs.flatMap(({ command, response }) => (response === undefined ? [] : [{ command, response }])),
  );
}

function configOf(
  options: EmulatorOptions,
  messageHandler: MessageHandler | undefined,
): EmulatedCoordinatorConfig {
  const { listen, ezsp, stateFile, seed, loss, devices, testCa, faults } = options;
  const credentials = testCa === undefined ? undefined : deviceCertificates(testCa);
  const isNew = stateFile === undefined || !existsSync(stateFile);
  const eui64 = options.eui64 ?? (isNew ? DEFAULT_COORDINATOR : undefined);
  return {
    listen,
    faults,
    devices: devices.map((device) => {
      const cbke = credentials?.(device.eui64);
      return { ...device, ...(messageHandler ? { messageHandler } : {}), ...(cbke ? { cbke } : {}) };
    }),
    routine: {},
    ...(eui64 === undefined ? {} : { eui64 }),
    ...(ezsp === undefined ? {} : { ezsp }),
    ...(stateFile === undefined ? {} : { stateFile }),
    ...(seed === undefined ? {} : { seed }),
    ...(loss === undefined ? {} : { loss }),
    ...(messageHandler === undefined ? {} : { transferSize: VECTOR_TRANSFER_SIZE }),
  };
}

type DeviceEvent = Parameters<Parameters<EmulatedCoordinatorHandle["devices"][number]["on"]>[0]>[0];

function tellEvent(event: DeviceEvent): string | undefined {
  switch (event.type) {
    case "joined":
      return `joined (${event.how}) as 0x${event.nodeId.toString(16).padStart(4, "0")}`;
    case "left":
      return "left";
    case "key-establishment":
      return tellKeyEstablishment(event.outcome);
    case "partner-key":
      return `has a link key shared with ${event.partner}`;
    case "time":
      return `read the hub's time ${event.utc}, status ${event.status}`;
    case "tunnel-open":
      return `tunnel ${event.tunnelId} open`;
    case "tunnel-closed":
      return `tunnel ${event.tunnelId} closed`;
    case "message-in":
      return `message in, ${event.message.length} octets`;
    case "message-out":
      return `message out, ${event.message.length} octets${event.delivered ? "" : ", not delivered"}`;
  }
}

function tellKeyEstablishment(outcome: KeyEstablishmentOutcome): string {
  switch (outcome.result) {
    case "established":
      return `link key established, suite ${outcome.suite}`;
    case "terminated":
      return `key establishment ended by ${outcome.by === "us" ? "the device" : "the hub"}: ${terminateStatusName(outcome.status)}`;
    default:
      return `key establishment: ${outcome.result} (${outcome.phase})`;
  }
}

export { parseFaultPlan };
