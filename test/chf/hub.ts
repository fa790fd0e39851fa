import { readFileSync } from "node:fs";
import { ManualClock } from "../../src/base/clock.ts";
import type { ClockState } from "../../src/base/clock-state.ts";
import { HanwayError } from "../../src/base/error.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { silentLog } from "../../src/base/log.ts";
import type { Execution } from "../../src/base/routing.ts";
import type { UplinkMessage } from "../../src/base/uplink.ts";
import type { MessageId } from "../../src/base/wan-topic.ts";
import { CommunicationsHubFunction, type OwnKeys } from "../../src/chf/chf.ts";
import {
  CHF_SETTINGS,
  type ChfIdentity,
  type ChfReads,
  type ChfSettings,
  type HanControl,
} from "../../src/chf/ports.ts";
import type { Certificate } from "../../src/gbcs/certificate/certificate.ts";
import { type Keystore, readKeystore } from "../../src/gbcs/keystore.ts";
import { keystoreAgreement } from "../../src/gbcs/security/recorded.ts";
import type { Signer } from "../../src/gbcs/security/signature.ts";
import {
  DEVICE_LOG_SETTINGS,
  DeviceLog,
  type DeviceLogSettings,
} from "../../src/han/device-log/device-log.ts";
import type { JoiningDevice } from "../../src/han/join/window.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { Store } from "../../src/store/store.ts";

export const CHF = Eui64("00db1234567890a2");
export const ACB = Eui64("90b3d51f30000002");

/** The published keystore, read once. */
export function publishedKeys(path: string): Keystore {
  return readKeystore(readFileSync(path, "utf8"));
}

/** The radio as the CHF asks it, with what it was asked for; calls named in `faults` fail. */
export class FakeHan implements HanControl {
  readonly calls: string[] = [];
  readonly open: { device: JoiningDevice; seconds: number }[] = [];
  readonly faults = new Set<keyof HanControl>();

  async setJoinTimeout(seconds: number): Promise<void> {
    this.#called("setJoinTimeout", `${seconds}`);
  }
  async openJoining(device: JoiningDevice, seconds: number): Promise<void> {
    this.#called("openJoining", `${device.eui64} ${device.keyIs} ${seconds}`);
    this.open.push({ device, seconds });
  }
  async closeJoining(eui64: Eui64): Promise<void> {
    this.#called("closeJoining", eui64);
  }
  async removeDevice(eui64: Eui64): Promise<void> {
    this.#called("removeDevice", eui64);
  }
  async reform(extendedPanId: Eui64): Promise<void> {
    this.#called("reform", extendedPanId);
  }

  #called(name: keyof HanControl, detail: string): void {
    if (this.faults.has(name)) throw new HanwayError("radio/unavailable", "a fault put in");
    this.calls.push(`${name} ${detail}`);
  }
}

export interface TestHubOptions {
  keystore: Keystore;
  signer?: Signer;
  path?: string;
  clock?: ManualClock;
  identity?: Partial<ChfIdentity>;
  settings?: Partial<ChfSettings>;
  deviceLogSettings?: Partial<DeviceLogSettings>;
  /** False for a hub whose radio is still starting: `chf.start()` says when it is up. */
  networkUp?: boolean;
  /** Its own private keys in place of the keystore's for everybody: it then knows parties by its trust anchors alone. */
  ownKeys?: boolean;
  root?: Certificate | undefined;
}

/** The CHF with a real store and real cryptography; radio and WAN are recorded. */
export class TestHub implements Disposable {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly scheduler: Scheduler;
  clockState: ClockState;
  readonly han = new FakeHan();
  readonly deviceLog: DeviceLog;
  readonly chf: CommunicationsHubFunction;
  /** Alerts put into the outbox, as they are. */
  readonly sent: UplinkMessage[] = [];
  /** Reads that fail. */
  readonly faults = new Set<string>();

  constructor(options: TestHubOptions) {
    this.clock = options.clock ?? new ManualClock(Date.UTC(2015, 0, 1));
    this.store = new Store(options.path ?? ":memory:", this.clock);
    this.deviceLog = new DeviceLog(this.store, this.clock, {
      ...DEVICE_LOG_SETTINGS,
      ...options.deviceLogSettings,
    });
    const { keystore, signer } = options;
    const ports = { store: this.store, clock: this.clock, clockState: () => this.clockState };
    this.clockState = { state: "reliable", since: this.clock.now() };
    this.scheduler = new Scheduler({ ...ports, log: silentLog });
    this.chf = new CommunicationsHubFunction({
      self: CHF,
      ownKeys: options.ownKeys ? ownKeysOf(keystore) : { agreement: keystoreAgreement(keystore), signer },
      certificates: keystore.certificates(),
      root: options.root,
      ...ports,
      scheduler: this.scheduler,
      deviceLog: this.deviceLog,
      han: this.han,
      uplink: { send: async (message) => this.#put(message), put: (message) => this.#put(message) },
      identity: {
        modelType: undefined,
        manufacturer: undefined,
        firmwareVersion: undefined,
        ...options.identity,
      },
      settings: { ...CHF_SETTINGS, ...options.settings },
      log: silentLog,
      reads: (reads) => this.#failing(reads),
    });
    if (options.networkUp !== false) this.chf.start();
  }

  /** Executes as the router does: the writes and the answers in one transaction. */
  async run(payload: Uint8Array): Promise<Execution> {
    const id = "test" as MessageId;
    const execution = await this.chf.executor.execute({ id, device: CHF, payload });
    this.store.transaction(() => execution.writes?.());
    return execution;
  }

  /** The Response to a Command; undefined where there was none. */
  async answer(payload: Uint8Array): Promise<Uint8Array | undefined> {
    const { answers } = await this.run(payload);
    return answers[0]?.payload;
  }

  /** Everything that a Command may change, but for the logs of what happened. */
  state(): unknown {
    const tables = ["device_log", "historic_device_log", "chf_anchor", "chf_counter", "chf_join_window"];
    return tables.map((table) => this.store.prepare(`SELECT * FROM ${table}`).all());
  }

  /** Codes in the security log, oldest first. */
  securityLog(): number[] {
    return this.chf.logs.read("security", 0, 0xffff_ffff).map(({ code }) => code);
  }

  #failing(reads: ChfReads): ChfReads {
    const check = (name: string) => {
      if (this.faults.has(name)) throw new HanwayError("store/failed", "a fault put in");
    };
    const { deviceLog, logs } = reads;
    return {
      ...reads,
      deviceLog: {
        entries: () => {
          check("deviceLog");
          return deviceLog.entries();
        },
        historic: () => {
          check("historic");
          return deviceLog.historic();
        },
        figures: (eui64) => deviceLog.figures(eui64),
        get extendedPanId() {
          return deviceLog.extendedPanId;
        },
      },
      logs: {
        read: (...period) => {
          check("logs");
          return logs.read(...period);
        },
      },
    };
  }

  #put(message: UplinkMessage): "safe" {
    if (!this.store.inTransaction) throw new Error("an alert outside a transaction");
    this.sent.push(message);
    return "safe";
  }

  [Symbol.dispose](): void {
    this.scheduler.stop();
    this.chf.stop();
    this.store.close();
  }
}

function ownKeysOf(keystore: Keystore): OwnKeys {
  const agreementKey = keystore.privateKey(CHF, "KA");
  if (agreementKey === undefined) throw new Error("no key of the CHF in the keystore");
  return { agreementKey, signingKey: keystore.privateKey(CHF, "DS") };
}
