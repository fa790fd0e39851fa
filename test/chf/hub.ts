import { readFileSync } from "node:fs";
import { ManualClock } from "../../src/base/clock.ts";
import { HanwayError } from "../../src/base/error.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { silentLog } from "../../src/base/log.ts";
import type { Execution } from "../../src/base/routing.ts";
import type { Uplink, UplinkMessage } from "../../src/base/uplink.ts";
import type { MessageId } from "../../src/base/wan-topic.ts";
import { ChfAlerts, type ChfKeys } from "../../src/chf/alerts.ts";
import { ChfExecutor } from "../../src/chf/executor.ts";
import { JoinWindows } from "../../src/chf/join-windows.ts";
import { ChfLogs } from "../../src/chf/logs.ts";
import {
  CHF_SETTINGS,
  type ChfIdentity,
  type ChfSettings,
  type HanControl,
  type JoiningDevice,
} from "../../src/chf/ports.ts";
import { ChfRepository } from "../../src/chf/repository.ts";
import { TrustAnchors } from "../../src/chf/trust-anchors.ts";
import { type Keystore, readKeystore } from "../../src/gbcs/keystore.ts";
import { keystoreAgreement } from "../../src/gbcs/security/recorded.ts";
import type { Signer } from "../../src/gbcs/security/signature.ts";
import {
  DEVICE_LOG_SETTINGS,
  DeviceLog,
  type DeviceLogSettings,
} from "../../src/han/device-log/device-log.ts";
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
}

/** The CHF with a real store and real cryptography; radio and WAN are recorded. */
export class TestHub implements Disposable {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly han = new FakeHan();
  readonly repository: ChfRepository;
  readonly deviceLog: DeviceLog;
  readonly logs: ChfLogs;
  readonly alerts: ChfAlerts;
  readonly windows: JoinWindows;
  readonly executor: ChfExecutor;
  readonly keys: ChfKeys;
  /** Alerts put into the outbox, as they are. */
  readonly sent: UplinkMessage[] = [];

  constructor(options: TestHubOptions) {
    this.clock = options.clock ?? new ManualClock(Date.UTC(2015, 0, 1));
    this.store = new Store(options.path ?? ":memory:", this.clock);
    this.repository = new ChfRepository(this.store);
    this.deviceLog = new DeviceLog(this.store, this.clock, {
      ...DEVICE_LOG_SETTINGS,
      ...options.deviceLogSettings,
    });
    const settings = { ...CHF_SETTINGS, ...options.settings };
    const { clock, repository, deviceLog, han, store } = this;
    this.keys = {
      self: CHF,
      agreement: keystoreAgreement(options.keystore),
      signer: options.signer,
      anchors: TrustAnchors.open(repository, options.keystore.certificates()),
    };
    this.logs = new ChfLogs(repository, clock, settings.logEntries);
    const uplink: Uplink = {
      send: async (message) => this.#put(message),
      put: (message) => {
        if (!store.inTransaction) throw new Error("put outside a transaction");
        return this.#put(message);
      },
    };
    const ports = { repository, deviceLog, han, clock, log: silentLog, logs: this.logs, uplink, settings };
    this.alerts = new ChfAlerts(this.keys, ports);
    this.windows = new JoinWindows(ports);
    deviceLog.onChange(() => this.alerts.deviceLogChanged(deviceLog));
    const identity = {
      modelType: undefined,
      manufacturer: undefined,
      firmwareVersion: undefined,
      ...options.identity,
    };
    this.executor = new ChfExecutor({
      ...ports,
      keys: this.keys,
      alerts: this.alerts,
      windows: this.windows,
      identity,
    });
  }

  /** Executes as the router does: the writes and the answers in one transaction. */
  async run(payload: Uint8Array): Promise<Execution> {
    const id = "test" as MessageId;
    const execution = await this.executor.execute({ id, device: CHF, payload });
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

  #put(message: UplinkMessage): "safe" {
    this.sent.push(message);
    return "safe";
  }

  [Symbol.dispose](): void {
    this.windows.stop();
    this.store.close();
  }
}
