import type { KeyObject } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import type { ClockStateSource } from "../base/clock-state.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { Executor } from "../base/routing.ts";
import type { Uplink } from "../base/uplink.ts";
import type { Certificate } from "../gbcs/certificate/certificate.ts";
import type { KeyAgreement } from "../gbcs/security/key-agreement.ts";
import { SoftwareKeyAgreement } from "../gbcs/security/key-agreement.ts";
import type { Signer } from "../gbcs/security/signature.ts";
import { SoftwareSigner } from "../gbcs/security/signature.ts";
import type { DeviceLog } from "../han/device-log/device-log.ts";
import type { DeviceLogEntry, HistoricEntry } from "../han/device-log/entry.ts";
import type { DeviceFigures } from "../han/device-log/figures.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { Store } from "../store/store.ts";
import { ChfAlerts, type ChfKeys } from "./alerts.ts";
import { CredentialUpdates } from "./credential-updates.ts";
import { ChfExecutor } from "./executor.ts";
import { HanEventLog } from "./han-event-log.ts";
import { JoinWindows } from "./join-windows.ts";
import { ChfLogs } from "./logs.ts";
import type { ChfIdentity, ChfReads, ChfSettings, HanControl } from "./ports.ts";
import { ChfRepository, type LogEntry } from "./repository.ts";
import { TrustAnchors } from "./trust-anchors.ts";
import { UndeliveredCommands } from "./undelivered.ts";

/** The hub's own keys: private keys in memory, or a secure element that does the same without showing them. */
export type OwnKeys =
  | { readonly agreementKey: KeyObject; readonly signingKey: KeyObject | undefined }
  | { readonly agreement: KeyAgreement; readonly signer: Signer | undefined };

export interface ChfParts {
  readonly self: Eui64;
  readonly ownKeys: OwnKeys;
  /** Certificates of remote parties, of which those with a trust anchor cell are taken. */
  readonly certificates: readonly Certificate[];
  /** The root of their certification paths; without one no certificate can be replaced by a Command. */
  readonly root?: Certificate | undefined;
  readonly store: Store;
  readonly deviceLog: DeviceLog;
  readonly han: HanControl;
  readonly uplink: Uplink;
  readonly identity: ChfIdentity;
  readonly settings: ChfSettings;
  /** Not started yet: Commands that are dated wait in it. */
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly clockState: ClockStateSource;
  readonly log: Log;
  /** Stands between the use cases and what they read: for conformance runs that let it fail. */
  readonly reads?: (reads: ChfReads) => ChfReads;
}

/** A state that published messages presuppose, for conformance runs; what is left out stays as it is. */
export interface ChfSeed {
  readonly deviceLog?: {
    readonly entries: readonly (Omit<DeviceLogEntry, "restored"> & { readonly figures?: DeviceFigures })[];
    readonly historic: readonly HistoricEntry[];
    readonly extendedPanId?: Eui64;
  };
  readonly eventLog?: readonly LogEntry[];
  readonly securityLog?: readonly LogEntry[];
  /** Last counter accepted, by Remote Party Role. */
  readonly counters?: ReadonlyMap<number, bigint>;
  /** Counter of the last alert. */
  readonly alertCounter?: bigint;
}

/** The Communications Hub Function with all its parts. */
export class CommunicationsHubFunction {
  readonly self: Eui64;
  readonly executor: Executor;
  readonly alerts: ChfAlerts;
  readonly logs: ChfLogs;
  /** To be told of everything that happens on the HAN. */
  readonly hanEvents: HanEventLog;
  readonly windows: JoinWindows;
  readonly undelivered: UndeliveredCommands;
  readonly #repository: ChfRepository;
  readonly #deviceLog: DeviceLog;
  readonly #networkUp = Promise.withResolvers<void>();

  /** Throws `config/invalid` where the certificates leave the hub with nobody to trust. */
  constructor(parts: ChfParts) {
    const { self, store, deviceLog, clock, settings } = parts;
    this.self = self;
    this.#deviceLog = deviceLog;
    this.#repository = new ChfRepository(store);
    const anchors = TrustAnchors.open(this.#repository, parts.certificates, parts.root);
    const keys: ChfKeys = { self, anchors, ...own(self, parts.ownKeys, anchors) };
    anchors.onReplaced((party) => keys.agreement.forget?.(party));
    this.logs = new ChfLogs(this.#repository, clock, settings.logEntries);
    const ports = { ...parts, repository: this.#repository, logs: this.logs };
    this.alerts = new ChfAlerts(keys, ports);
    this.hanEvents = new HanEventLog(settings.hanEvents, ports);
    this.windows = new JoinWindows(ports);
    this.undelivered = new UndeliveredCommands(settings.undelivered, { ...ports, alerts: this.alerts });
    const reads: ChfReads = { deviceLog, logs: this.logs, identity: parts.identity };
    this.executor = new ChfExecutor({
      ...ports,
      keys,
      updates: new CredentialUpdates(anchors, { ...ports, alerts: this.alerts }),
      alerts: this.alerts,
      windows: this.windows,
      reads: parts.reads?.(reads) ?? reads,
      networkUp: this.#networkUp.promise,
    });
    deviceLog.onChange(() => this.alerts.deviceLogChanged(deviceLog));
  }

  /** To be called when the network is up: windows that were open go on, and Commands that ask something of the radio. */
  start(): void {
    this.windows.resume();
    this.#networkUp.resolve();
  }

  /** Lets go also of Commands that still wait for the network. */
  stop(): void {
    this.windows.stop();
    this.#networkUp.resolve();
  }

  /** Puts the hub into a known state, telling nobody. */
  seed(seed: ChfSeed): void {
    const { deviceLog, eventLog, securityLog, counters, alertCounter } = seed;
    if (deviceLog !== undefined) this.#deviceLog.seed(deviceLog);
    if (eventLog !== undefined || securityLog !== undefined)
      this.logs.seed({ event: eventLog ?? [], security: securityLog ?? [] });
    for (const [role, counter] of counters ?? []) this.#repository.setCounter(role, counter);
    if (alertCounter !== undefined) this.alerts.seedCounter(alertCounter);
  }
}

function own(self: Eui64, keys: OwnKeys, anchors: TrustAnchors): Pick<ChfKeys, "agreement" | "signer"> {
  if ("agreement" in keys) return keys;
  const { agreementKey, signingKey } = keys;
  return {
    agreement: new SoftwareKeyAgreement(
      (party) => (party === self ? agreementKey : undefined),
      (party) => anchors.agreementKey(party),
    ),
    signer: signingKey && new SoftwareSigner(signingKey),
  };
}
