import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "../../../src/base/clock.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { silentLog } from "../../../src/base/log.ts";
import { SeededRandom, systemRandom } from "../../../src/base/random.ts";
import { Air } from "../../../src/emulator/air/air.ts";
import { emptyFlash } from "../../../src/emulator/ncp/flash.ts";
import { Ncp } from "../../../src/emulator/ncp/ncp.ts";
import { type NcpProfile, profileForEzsp } from "../../../src/emulator/ncp/profile.ts";
import { Faults } from "../../../src/emulator/server/faults.ts";
import { listen, parseListen } from "../../../src/emulator/server/listen.ts";
import { INSTANT, type Pace, SerialPort } from "../../../src/emulator/server/port.ts";
import type { Listener } from "../../../src/emulator/server/tcp.ts";
import { EmulatedCoordinator } from "../../../src/emulator/stack/coordinator-stack.ts";
import { DeviceNode } from "../../../src/emulator/stack/device-node.ts";
import { EmberRadio } from "../../../src/han/radio/ember-radio.ts";
import type { IncomingAps, OutgoingAps, RadioEvent } from "../../../src/han/radio/port.ts";
import { RADIO_DEFAULTS, type RadioSettings } from "../../../src/han/radio/settings.ts";

export const RADIO_EUI = Eui64("00155f0011223344");
const MAINS_POWERED = 0x8e;
/** A short wait for acknowledgements: the tests run in real time. */
const APS = { ackTimeoutMs: 150 };

/** Everything a radio test needs: an air, an emulated stick on a real socket or terminal, devices and hubs. */
export class Bench {
  readonly clock = new SystemClock();
  readonly random = new SeededRandom(7);
  readonly air = new Air({ clock: this.clock, random: this.random });
  readonly faults = new Faults(this.clock, this.random);
  readonly folder = mkdtempSync(join(tmpdir(), "hanway-radio-"));
  readonly coordinator: EmulatedCoordinator;
  readonly serial: SerialPort;
  readonly ncp: Ncp;
  readonly #radios: EmberRadio[] = [];
  readonly #nodes: DeviceNode[] = [];
  #listener: Listener | undefined;

  constructor(profile: NcpProfile, pace: Pace = INSTANT) {
    const { air, clock, random } = this;
    this.coordinator = new EmulatedCoordinator({ air, clock, random, eui64: RADIO_EUI, aps: APS });
    this.serial = new SerialPort({ clock, log: silentLog, faults: this.faults, pace });
    this.ncp = new Ncp({
      profile,
      stack: this.coordinator,
      clock,
      random,
      log: silentLog,
      flash: emptyFlash(),
      send: (frame, callback) => this.serial.send(frame, callback),
    });
    this.serial.attach(this.ncp);
  }

  static async start(
    profile: NcpProfile | number = 13,
    address = "tcp://127.0.0.1:0",
    pace?: Pace,
  ): Promise<Bench> {
    const bench = new Bench(typeof profile === "number" ? profileForEzsp(profile) : profile, pace);
    await bench.listen(address);
    return bench;
  }

  get url(): string {
    if (this.#listener === undefined) throw new Error("the bench does not listen");
    return this.#listener.url;
  }

  async listen(address: string): Promise<void> {
    this.#listener = await listen(parseListen(address), this.serial, silentLog);
  }

  /** The stick is unplugged: its port is gone. */
  async unplug(): Promise<void> {
    await this.#listener?.stop();
    this.#listener = undefined;
  }

  radio(more: Partial<RadioSettings> = {}): EmberRadio {
    const settings = { ...RADIO_DEFAULTS, path: this.url, dataFolder: this.folder, ...more };
    const radio = new EmberRadio(settings, this.clock, systemRandom, silentLog);
    this.#radios.push(radio);
    return radio;
  }

  device(eui64: string, linkKey: Uint8Array, capability = MAINS_POWERED): DeviceNode {
    const { air, clock, random } = this;
    const node = new DeviceNode({
      air,
      clock,
      random,
      eui64: Eui64(eui64),
      linkKey,
      capability,
      manufacturerCode: 0x1234,
      endpoints: [
        {
          endpoint: 1,
          profile: 0x0109,
          deviceId: 0x0501,
          deviceVersion: 1,
          inputClusters: [0x0702],
          outputClusters: [],
        },
      ],
      settings: { scanMs: 5 },
      aps: APS,
    });
    this.#nodes.push(node);
    return node;
  }

  async close(): Promise<void> {
    this.faults.clear();
    for (const node of this.#nodes) node.close();
    for (const radio of this.#radios) await radio.stop();
    await this.unplug();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Collects a radio's events and waits for one. */
export class Events {
  readonly all: RadioEvent[] = [];

  constructor(radio: EmberRadio) {
    radio.on((event) => {
      this.all.push(event);
    });
  }

  frames(profile = 0x0109): IncomingAps[] {
    return this.all.flatMap((e) => (e.type === "frame" && e.frame.profile === profile ? [e.frame] : []));
  }

  of<T extends RadioEvent["type"]>(type: T): Extract<RadioEvent, { type: T }>[] {
    return this.all.filter((event): event is Extract<RadioEvent, { type: T }> => event.type === type);
  }

  /** How often the network came up. */
  ups(): number {
    return this.of("state").filter(({ state }) => state === "up").length;
  }
}

/** A tunnelling message of the hub to a device. */
export function down(
  device: DeviceNode,
  payload: Uint8Array,
  security: OutgoingAps["security"] = "link-key",
): OutgoingAps {
  const endpoints = { sourceEndpoint: 3, destinationEndpoint: 1 };
  return { nodeId: device.nodeId, profile: 0x0109, cluster: 0x0704, ...endpoints, security, payload };
}

/** One of a device to the hub. */
export function up(payload: Uint8Array, apsSecurity = true) {
  const endpoints = { sourceEndpoint: 1, destinationEndpoint: 3 };
  return { nodeId: 0, profile: 0x0109, cluster: 0x0704, ...endpoints, apsSecurity, payload };
}
