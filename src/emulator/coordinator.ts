import { type Clock, SystemClock } from "../base/clock.ts";
import type { DeviceType } from "../base/device-type.ts";
import { HanwayError } from "../base/error.ts";
import { type Eui64, eui64FromBytes } from "../base/eui64.ts";
import type { InstallCode } from "../base/install-code.ts";
import { type Log, silentLog } from "../base/log.ts";
import { type Random, SeededRandom, systemRandom } from "../base/random.ts";
import { Air } from "./air/air.ts";
import { createEmulatedDevice } from "./devices/create.ts";
import type { EmulatedDevice, MessageHandler } from "./devices/device.ts";
import type { DeviceCredentials } from "./devices/key-establishment.ts";
import type { RoutineSettings } from "./devices/routine.ts";
import { emptyFlash, readStateFile } from "./ncp/flash.ts";
import { Ncp } from "./ncp/ncp.ts";
import { type NcpProfile, namedProfile, profileForEzsp } from "./ncp/profile.ts";
import { StateKeeper } from "./ncp/state-keeper.ts";
import { type FaultPlan, Faults } from "./server/faults.ts";
import { listen, parseListen } from "./server/listen.ts";
import { type Pace, SerialPort } from "./server/port.ts";
import { EmulatedCoordinator } from "./stack/coordinator-stack.ts";

export interface EmulatedDeviceConfig {
  type: DeviceType;
  eui64: Eui64;
  installCode: InstallCode;
  /** Answers GBCS messages that reach the device; without one it stays silent. */
  messageHandler?: MessageHandler;
  /** For key establishment after the join; without them the install code's key stays in use. */
  cbke?: DeviceCredentials;
  /** How often a sleepy device polls while it is awake, in ms; default 100. */
  fastPollMs?: number;
}

export interface EmulatedCoordinatorConfig {
  /** `tcp://HOST:PORT` (port 0 takes a free one), `pty` or `pty:PATH`. */
  listen: string;
  eui64?: Eui64;
  /** 13 to 19; decides the firmware that is played. Default 13. */
  ezsp?: number;
  /** A firmware by name instead, see `PROFILES`. */
  profile?: string;
  /** Where flash is kept across restarts; without it state lives as long as the process. */
  stateFile?: string;
  /** Makes everything drawn by chance repeatable: never for a network that matters. */
  seed?: number;
  /** Chance in [0, 1] that a frame on the air is lost. */
  loss?: number;
  devices?: readonly EmulatedDeviceConfig[];
  /** What the devices read at the hub of their own accord; left out, nothing. */
  routine?: Partial<RoutineSettings>;
  /** Octets that the devices' tunnels take in one transfer. */
  transferSize?: number;
  faults?: readonly FaultPlan[];
  /** How fast the stick answers; default at once. */
  pace?: Pace;
  /** Time of the air and the devices. The serial line keeps real time: a host on the other side does too. */
  clock?: Clock;
  /** Time of the serial line. */
  lineClock?: Clock;
  random?: Random;
  log?: Log;
}

export interface EmulatedCoordinatorHandle {
  /** What a host opens: `tcp://host:port`, or the path of the pseudo terminal. */
  readonly url: string;
  readonly eui64: Eui64;
  readonly profile: NcpProfile;
  readonly air: Air;
  readonly stack: EmulatedCoordinator;
  readonly ncp: Ncp;
  readonly port: SerialPort;
  readonly faults: Faults;
  readonly devices: readonly EmulatedDevice[];
  /** Adds a device and switches it on. */
  addDevice(config: EmulatedDeviceConfig): EmulatedDevice;
  /** Closes the line, switches everything off and writes the state. */
  stop(): Promise<void>;
}

/** An address of the kind that EmberZNet sticks have: Ember's prefix, the rest by chance. */
function madeUpEui64(random: Random): Eui64 {
  return eui64FromBytes(Uint8Array.of(0x00, 0x0d, 0x6f, ...random.bytes(5)));
}

function sameStick(asked: Eui64 | undefined, stored: Eui64 | undefined): void {
  if (asked !== undefined && stored !== undefined && asked !== stored)
    throw new HanwayError(
      "config/invalid",
      `the state file belongs to ${stored}; give that address or another file`,
      { field: "eui64" },
    );
}

/**
 * A whole emulated coordinator with its devices: server, serial port, firmware, Zigbee stack, air. Throws
 * `emulator/listen`, `config/invalid` or `config/unreadable`; nothing is left running then.
 */
export async function createEmulatedCoordinator(
  config: EmulatedCoordinatorConfig,
): Promise<EmulatedCoordinatorHandle> {
  const address = parseListen(config.listen);
  const profile =
    config.profile === undefined ? profileForEzsp(config.ezsp ?? 13) : namedProfile(config.profile);
  const random = config.random ?? (config.seed === undefined ? systemRandom : new SeededRandom(config.seed));
  const clock = config.clock ?? new SystemClock();
  const lineClock = config.lineClock ?? new SystemClock();
  const log = config.log ?? silentLog;
  const stored = config.stateFile === undefined ? undefined : readStateFile(config.stateFile);
  sameStick(config.eui64, stored?.eui64);
  const eui64 = config.eui64 ?? stored?.eui64 ?? madeUpEui64(random);

  const air = new Air({ clock, random, quality: { loss: config.loss ?? 0 } });
  const stack = new EmulatedCoordinator({
    air,
    eui64,
    clock,
    random,
    ...(stored ? { snapshot: stored.stack } : {}),
  });
  const faults = new Faults(lineClock, random);
  const port = new SerialPort({
    clock: lineClock,
    log,
    faults,
    ...(config.pace ? { pace: config.pace } : {}),
  });
  const devices: EmulatedDevice[] = [];
  const flash = stored?.ncp ?? emptyFlash();
  const keeper = new StateKeeper(config.stateFile, log, () => ({
    format: "hanway-emulated-ncp",
    version: 1,
    eui64,
    stack: stack.snapshot(),
    ncp: flash,
    devices: Object.fromEntries(devices.map((device) => [device.eui64, device.node.snapshot()])),
  }));
  const ncp = new Ncp({
    profile,
    stack,
    clock,
    random,
    log,
    flash,
    send: (frame, callback) => port.send(frame, callback),
    onFlash: () => keeper.changed(),
  });
  port.attach(ncp);

  const addDevice = (wanted: EmulatedDeviceConfig) => {
    const { type, eui64: own, installCode, messageHandler, cbke, fastPollMs } = wanted;
    if (own === eui64 || devices.some((device) => device.eui64 === own))
      throw new HanwayError("config/invalid", `${own} is there already`, { field: "device.eui64" });
    const snapshot = stored?.devices?.[own];
    const device = createEmulatedDevice({
      type,
      air,
      clock,
      random,
      eui64: own,
      installCode,
      ...(messageHandler ? { messageHandler } : {}),
      ...(cbke ? { cbke } : {}),
      ...(fastPollMs === undefined ? {} : { node: { fastPollMs } }),
      ...(config.transferSize === undefined
        ? {}
        : {
            tunnel: { maximumIncomingTransferSize: config.transferSize },
            mailbox: { maximumIncomingTransferSize: config.transferSize },
          }),
      ...(config.routine ? { routine: config.routine } : {}),
      ...(snapshot ? { snapshot } : {}),
    });
    devices.push(device);
    device.on((event) => {
      if (event.type === "joined" || event.type === "left" || event.type === "changed") keeper.changed();
    });
    device.start();
    return device;
  };
  const switchOff = () => {
    faults.clear();
    for (const device of devices) device.stop();
    keeper.close();
    stack.close();
  };

  try {
    keeper.begin();
    for (const device of config.devices ?? []) addDevice(device);
    const listener = await listen(address, port, log);
    for (const plan of config.faults ?? []) faults.plan(plan);
    return {
      url: listener.url,
      eui64,
      profile,
      air,
      stack,
      ncp,
      port,
      faults,
      devices,
      addDevice,
      stop: async () => {
        await listener.stop();
        switchOff();
      },
    };
  } catch (error) {
    switchOff();
    throw error;
  }
}
