import { join } from "node:path";
import { CONTROL_SOCKET } from "../app/control-socket.ts";
import { toHex } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { DEVICE_TYPES, type DeviceType } from "../base/device-type.ts";
import { HanwayError } from "../base/error.ts";
import { Eui64 } from "../base/eui64.ts";
import { type InstallCode, installCodeFromBare } from "../base/install-code.ts";
import { systemRandom } from "../base/random.ts";
import type { WanRoot } from "../base/wan-topic.ts";
import type { EmulatedCoordinatorHandle } from "../emulator/coordinator.ts";
import type { EmulatedDevice } from "../emulator/devices/device.ts";
import { attachMeter } from "../emulator/devices/esme/attach.ts";
import { CounterFile } from "../headend/counters.ts";
import { HeadEnd } from "../headend/head-end.ts";
import { PartyStore } from "../headend/party-store.ts";
import { KEYSTORE_FILE } from "../headend/pki/folder.ts";
import { findUseCase } from "../headend/use-case.ts";
import { CHF } from "./demo-setup.ts";
import type { DemoTraffic } from "./demo-traffic.ts";
import { deviceCertificates } from "./device-certificates.ts";
import { DEFAULT_COORDINATOR } from "./emulator.ts";
import { executingMeter } from "./executing-meter.ts";
import { HouseReads } from "./house-reads.ts";
import { writeRunFile } from "./run-file.ts";
import type { Story } from "./story.ts";
import { makeTestPki } from "./test-pki.ts";
import { ZIGBEE_FILE } from "./zigbee-authority.ts";

/** A device of the house: its label, and its number in the register_device of CCS01 (gbcs-messages 8.1). */
interface Resident {
  readonly type: DeviceType;
  readonly eui64: Eui64;
  readonly installCode: InstallCode;
}

/** Last octet of each device's EUI-64, as in the published vectors where they have the kind. */
const LAST_OCTET: Record<DeviceType, string> = {
  esme: "a0",
  gsme: "a1",
  ppmid: "a4",
  hcalcs: "a5",
  sapc: "a6",
  ihd: "a7",
  cad: "a8",
};

/** device_type of register_device; a SAPC is added as an electricity meter. */
const REGISTERED_AS: Record<DeviceType, number> = {
  esme: 0,
  sapc: 0,
  gsme: 1,
  hcalcs: 13,
  ihd: 128,
  cad: 130,
  ppmid: 132,
};

/** Seed of the household behind the meter. */
const METER_SEED = 1;

/** How long the network opens for each device, and how long one Command and one join may take. */
const JOIN_TIMEOUT_S = 90;
const COMMAND_MS = 10_000;
const JOIN_MS = 20_000;

/** Keys made for one run, the devices of a whole home, and the head-end that adds them one by one (CCS01). */
export class House implements AsyncDisposable {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #story: Story;
  readonly #residents: readonly Resident[];
  readonly #joined = new Map<Eui64, PromiseWithResolvers<void>>();
  readonly #scope = new AsyncDisposableStack();

  constructor(folder: string, clock: Clock, story: Story) {
    this.#folder = folder;
    this.#clock = clock;
    this.#story = story;
    this.#residents = DEVICE_TYPES.map((type) => ({
      type,
      eui64: Eui64(`00db1234567890${LAST_OCTET[type]}`),
      installCode: installCodeFromBare(systemRandom.bytes(16)),
    }));
    const own = [
      { type: "chf", eui64: CHF },
      { type: "gpf", eui64: DEFAULT_COORDINATOR },
    ] as const;
    makeTestPki(this.keys, [...own, ...this.#residents], clock);
  }

  /** Folder of the run's test PKI. */
  get keys(): string {
    return join(this.#folder, "keys");
  }

  /** What the hub's settings need besides radio and broker. */
  get toml(): string {
    return `
[chf]
keystore = ${JSON.stringify(join(this.keys, KEYSTORE_FILE))}
[security]
credentials = [${JSON.stringify(join(this.keys, ZIGBEE_FILE))}]
`;
  }

  /** The hub says that a device is in. */
  joined(device: Eui64): void {
    this.#waitFor(device).resolve();
  }

  /**
   * Adds every device by a CCS01 from the head-end and then switches it on; tells what goes wrong and goes on.
   * The electricity meter executes Commands with its own keys; the head-end's reads of it are the demo's `traffic`.
   */
  async moveIn(
    ports: { broker: string; root: WanRoot; emulator: EmulatedCoordinatorHandle },
    traffic: DemoTraffic,
  ): Promise<void> {
    const { broker, root, emulator } = ports;
    const certificates = deviceCertificates(this.keys);
    const counters = this.#scope.use(CounterFile.open(join(this.#folder, "counters"), this.#clock));
    const parties = PartyStore.open(this.keys);
    const headEnd = this.#scope.use(
      await HeadEnd.connect({ broker, root, parties, counters, clock: this.#clock, random: systemRandom }),
    );
    const reads = new HouseReads(headEnd, parties);
    traffic.use(reads);
    this.#tellOthers(broker, root);
    for (const resident of this.#residents) {
      if (!(await this.#add(headEnd, resident))) continue;
      const device = emulator.addDevice({ ...resident, cbke: certificates(resident.eui64) });
      if (resident.type === "esme") {
        this.#execute(device, parties, reads);
        device.messageHandler = traffic.answer;
        traffic.meterIs(device);
      }
      await this.#seeJoin(resident);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const waiting of this.#joined.values()) waiting.resolve();
    await this.#scope.disposeAsync();
  }

  /** What reaches the meter's tunnel is executed by a meter with its own keys. */
  #execute(device: EmulatedDevice, parties: PartyStore, reads: HouseReads): void {
    const meter = executingMeter(parties, device.eui64, this.#clock, { seed: METER_SEED });
    attachMeter(device, meter);
    reads.answer = device.messageHandler;
    this.#scope.defer(() => meter.stop());
  }

  async #add(headEnd: HeadEnd, { type, eui64, installCode }: Resident): Promise<boolean> {
    const command = headEnd.command({
      useCase: findUseCase("CCS01", "CHF"),
      target: CHF,
      targetKind: "CHF",
      fields: {
        ieee_address: eui64,
        // The Command carries the install code without its CRC.
        key: toHex(installCode.subarray(0, installCode.length - 2)),
        device_type: REGISTERED_AS[type],
        join_timeout: JOIN_TIMEOUT_S,
      },
    });
    const outcome = await headEnd.send(command, { timeoutMs: COMMAND_MS, lingerMs: 0 });
    const done = outcome.result === "answered" && outcome.answer.failures.length === 0;
    this.#story.line(`head-end: CCS01 adds ${type} ${eui64}: ${done ? "executed" : outcome.result}`);
    return done;
  }

  async #seeJoin({ type, eui64 }: Resident): Promise<void> {
    const started = this.#clock.elapsed();
    const late = this.#clock.after(JOIN_MS, () =>
      this.#waitFor(eui64).reject(new HanwayError("radio/timeout", type)),
    );
    try {
      await this.#waitFor(eui64).promise;
      this.#story.line(
        `${type} joined in ${Math.round(this.#clock.elapsed() - started)} ms, its key established by certificate`,
      );
    } catch {
      this.#story.line(`${type} did not join within ${JOIN_MS / 1_000} s`);
    } finally {
      late.cancel();
    }
  }

  #waitFor(device: Eui64): PromiseWithResolvers<void> {
    let waiting = this.#joined.get(device);
    if (waiting === undefined) {
      waiting = Promise.withResolvers<void>();
      waiting.promise.catch(() => {});
      this.#joined.set(device, waiting);
    }
    return waiting;
  }

  /** `hanway send` and `hanway listen` find the demo by this. */
  #tellOthers(broker: string, root: WanRoot): void {
    const residents = this.#residents.map(({ type, eui64 }) => ({
      type: type as string,
      eui64,
      transferSize: 1_500,
    }));
    const own = [
      { type: "chf", eui64: CHF },
      { type: "gpf", eui64: DEFAULT_COORDINATOR },
    ];
    const { tenant, hub } = root;
    const devices = [...own, ...residents];
    const control = join(this.#folder, "data", CONTROL_SOCKET);
    const run = { pid: process.pid, broker, tenant, hub, keys: this.keys, devices, control };
    this.#scope.use(writeRunFile(run));
    this.#story.line(`"hanway send", "hanway listen" and "hanway devices" find this demo by themselves`);
  }
}
