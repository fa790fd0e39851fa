import { equalBytes } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import { aesMmo } from "../../cbke/aes-mmo.ts";
import type { Store, StoreWatcher } from "../../store/store.ts";
import type { Heard, JoinRecords } from "../join/records.ts";
import {
  DEVICE_LOG_LIMITS,
  type DeviceLogChange,
  type DeviceLogEntry,
  type DeviceLogLimits,
  type HistoricEntry,
  type LogDeviceKind,
  NEVER_HISTORIC,
  type StartKey,
} from "./entry.ts";
import {
  type DeviceFigures,
  EMPTY_TALLY,
  figuresOf,
  frameHeard,
  type Tally,
  transmitted,
} from "./figures.ts";
import { DeviceLogRepository } from "./repository.ts";

export interface DeviceLogSettings {
  readonly limits: DeviceLogLimits;
  /** How long after it was last heard a device counts as actively reporting, in milliseconds. */
  readonly reportingMs: number;
}

export const DEVICE_LOG_SETTINGS: DeviceLogSettings = {
  limits: DEVICE_LOG_LIMITS,
  // The slowest reporter, a gas meter, speaks each half hour.
  reportingMs: 35 * 60_000,
};

/** A device of another hub's log, as its backup names it (CCS03). */
export interface RestoredDevice {
  readonly eui64: Eui64;
  /** Hash of its link key with the other hub, 16 octets; undefined where it had none. */
  readonly keyHash: Uint8Array | undefined;
}

/** Whether a device can be put into the log: `full` in all, or of its kind. */
export type Room = "free" | "present" | "full";

/**
 * The CHF Device Log, the whitelist of the HAN, with the Historic Device Log and the communication figures of each
 * device (communications-hub A3). Everything written here joins the store transaction that is open.
 */
export class DeviceLog implements JoinRecords {
  readonly #repository: DeviceLogRepository;
  readonly #clock: Clock;
  readonly #settings: DeviceLogSettings;
  readonly #tallies = new Map<Eui64, Tally>();
  readonly #seeded = new Map<Eui64, DeviceFigures>();
  readonly #within = new Set<(change: DeviceLogChange) => void>();
  readonly #after = new Set<(change: DeviceLogChange) => void>();
  #entries: ReadonlyMap<Eui64, DeviceLogEntry> | undefined;
  #uncommitted: DeviceLogChange[] = [];

  constructor(store: Store, clock: Clock, settings: DeviceLogSettings = DEVICE_LOG_SETTINGS) {
    this.#repository = new DeviceLogRepository(store);
    this.#clock = clock;
    this.#settings = settings;
    for (const [eui64, saved] of this.#repository.figures()) {
      const { lastCommunication, rssi, lqi } = saved;
      const tally = frameHeard(EMPTY_TALLY, { rssi, lqi, at: lastCommunication });
      this.#tallies.set(eui64, { ...tally, frames: 0 });
    }
    const watcher: StoreWatcher = {
      committed: () => this.#committed(),
      rolledBack: () => {
        this.#entries = undefined;
        this.#uncommitted = [];
      },
    };
    store.watch(watcher);
  }

  /** Told of every change inside the transaction that makes it: what is written then is safe with it. */
  onChange(listener: (change: DeviceLogChange) => void): void {
    this.#within.add(listener);
  }

  /** Told of every change once it is on the disk. */
  onCommitted(listener: (change: DeviceLogChange) => void): void {
    this.#after.add(listener);
  }

  /** In the order in which the devices were added. */
  entries(): DeviceLogEntry[] {
    return [...this.#all().values()];
  }

  entry(eui64: Eui64): DeviceLogEntry | undefined {
    return this.#all().get(eui64);
  }

  /** Whether it may be on the HAN at all (A2.3). */
  mayJoin(eui64: Eui64): boolean {
    return this.#all().has(eui64);
  }

  linkKey(eui64: Eui64): Uint8Array | undefined {
    return this.#all().get(eui64)?.linkKey;
  }

  /** In the order in which they were first removed. */
  historic(): HistoricEntry[] {
    return this.#repository.historic();
  }

  /** Extended PAN ID of the network that the log is of; undefined before one was formed. */
  get extendedPanId(): Eui64 | undefined {
    return this.#repository.extendedPanId();
  }

  networkIs(extendedPanId: Eui64): void {
    if (this.extendedPanId === extendedPanId) return;
    this.#transaction(() => this.#repository.setExtendedPanId(extendedPanId));
  }

  /** Whether there is room for a device; one that is there already needs none. */
  roomFor(eui64: Eui64, kind: LogDeviceKind): Room {
    const all = this.#all();
    if (all.has(eui64)) return "present";
    const { total, kinds } = this.#settings.limits;
    const alike = [...all.values()].filter((entry) => entry.kind === kind).length;
    return all.size >= total || alike >= (kinds[kind] ?? total) ? "full" : "free";
  }

  /** Adds a device with the key it is admitted with. One that is in the log keeps what it has (CCS01). */
  add(eui64: Eui64, kind: LogDeviceKind, startKey: StartKey | undefined): Room {
    const room = this.roomFor(eui64, kind);
    if (room !== "free") return room;
    const keys = { linkKey: undefined, keyHash: undefined, restored: false };
    const entry: DeviceLogEntry = { eui64, kind, startKey, ...keys };
    this.#change({ type: "added", entry }, () => this.#repository.put(entry));
    return room;
  }

  /** Adds a device of the configuration, once in the life of the store: what a Command has removed stays removed. */
  pairLocally(eui64: Eui64, kind: LogDeviceKind, startKey: StartKey | undefined): Room {
    return this.#transaction(() =>
      this.#repository.pairedOnce(eui64) ? this.add(eui64, kind, startKey) : this.roomFor(eui64, kind),
    );
  }

  /** The kind of a restored device, once it is known. No change of the log as alerts see it. */
  kindLearnt(eui64: Eui64, kind: LogDeviceKind): void {
    const entry = this.entry(eui64);
    if (entry === undefined || entry.kind !== undefined) return;
    this.#transaction(() => {
      this.#repository.put({ ...entry, kind });
      this.#entries = undefined;
    });
  }

  /** Removes a device; its link key goes into the Historic Device Log first (CCS02). False where it was not there. */
  remove(eui64: Eui64): boolean {
    const entry = this.entry(eui64);
    if (entry === undefined) return false;
    this.#change({ type: "removed", eui64 }, () => {
      const { linkKey, keyHash, kind } = entry;
      const kept = kind === undefined || !NEVER_HISTORIC.has(kind);
      if (kept && linkKey !== undefined && keyHash !== undefined)
        this.#repository.putHistoric({ eui64, linkKey, keyHash }, this.#settings.limits.historic);
      this.#repository.remove(eui64);
    });
    return true;
  }

  /**
   * Replaces the log by another hub's: each device is admitted with the hash of its former link key (CCS03), which is
   * shown as its hash until key establishment makes a new key. Kinds are not part of a backup. On the network that the
   * hub already has, a device whose present link key has this hash keeps it: nothing would make it join again.
   */
  restore(extendedPanId: Eui64, devices: readonly RestoredDevice[]): void {
    const sameNetwork = extendedPanId === this.extendedPanId;
    const entries = devices.map(({ eui64, keyHash }): DeviceLogEntry => {
      const present = sameNetwork ? this.entry(eui64) : undefined;
      if (
        present?.linkKey !== undefined &&
        keyHash !== undefined &&
        equalBytes(linkKeyHash(present.linkKey), keyHash)
      )
        return present;
      const startKey = keyHash && ({ key: keyHash, from: "restored-hash" } as const);
      return { eui64, kind: this.entry(eui64)?.kind, startKey, linkKey: undefined, keyHash, restored: true };
    });
    this.#change({ type: "restored", entries }, () => {
      this.#repository.clear();
      for (const entry of entries) this.#repository.put(entry);
      this.#repository.setExtendedPanId(extendedPanId);
    });
  }

  /** Stores the key of key establishment, or a historic key that proved to be in use. Throws `store/failed`. */
  linkKeyEstablished(eui64: Eui64, key: Uint8Array): void {
    const former = this.entry(eui64);
    if (former === undefined) {
      throw new HanwayError("internal", "a link key for a device that is not in the log", { field: eui64 });
    }
    const linkKey = key.slice();
    const entry: DeviceLogEntry = { ...former, startKey: undefined, linkKey, keyHash: linkKeyHash(linkKey) };
    this.#change({ type: "keyed", entry }, () => this.#repository.put(entry));
  }

  heard(eui64: Eui64, heard: Heard): void {
    this.#seeded.delete(eui64);
    this.#tallies.set(eui64, frameHeard(this.#tally(eui64), heard));
  }

  /** A message to the device was delivered, or not. */
  transmitted(eui64: Eui64, delivered: boolean): void {
    this.#tallies.set(eui64, transmitted(this.#tally(eui64), delivered));
  }

  /** What the device told of itself. */
  described(eui64: Eui64, told: Partial<Pick<Tally, "hops" | "applicationVersion" | "stackVersion">>): void {
    this.#tallies.set(eui64, { ...this.#tally(eui64), ...told });
  }

  figures(eui64: Eui64): DeviceFigures {
    const entry = this.entry(eui64);
    const device = { keyed: entry?.linkKey !== undefined, restored: entry?.restored ?? false };
    const seeded = this.#seeded.get(eui64);
    return seeded ?? figuresOf(this.#tally(eui64), device, this.#clock.now(), this.#settings.reportingMs);
  }

  /** Keeps the time of the last frame and the averages over a restart. */
  saveFigures(): void {
    this.#transaction(() => {
      for (const [eui64, { rssi, lqi, lastCommunication }] of this.#tallies) {
        if (rssi === undefined || lqi === undefined || lastCommunication === undefined) continue;
        this.#repository.saveFigures(eui64, { lastCommunication, rssi: rssi.average, lqi: lqi.average });
      }
    });
  }

  /** Puts the whole log into a known state without telling anybody: for conformance runs. */
  seed(state: {
    readonly entries: readonly (Omit<DeviceLogEntry, "restored"> & { readonly figures?: DeviceFigures })[];
    readonly historic: readonly HistoricEntry[];
    readonly extendedPanId?: Eui64;
  }): void {
    this.#transaction(() => {
      this.#repository.clear();
      this.#repository.clearHistoric();
      this.#tallies.clear();
      this.#seeded.clear();
      for (const { figures, ...entry } of state.entries) {
        this.#repository.put({ ...entry, restored: false });
        if (figures !== undefined) this.#seeded.set(entry.eui64, figures);
      }
      for (const entry of state.historic) this.#repository.putHistoric(entry, this.#settings.limits.historic);
      if (state.extendedPanId !== undefined) this.#repository.setExtendedPanId(state.extendedPanId);
      this.#entries = undefined;
    });
  }

  #all(): ReadonlyMap<Eui64, DeviceLogEntry> {
    this.#entries ??= new Map(this.#repository.entries().map((entry) => [entry.eui64, entry]));
    return this.#entries;
  }

  #tally(eui64: Eui64): Tally {
    return this.#tallies.get(eui64) ?? EMPTY_TALLY;
  }

  #change(change: DeviceLogChange, write: () => void): void {
    this.#transaction(() => {
      write();
      this.#entries = undefined;
      this.#uncommitted.push(change);
      for (const listener of this.#within) listener(change);
    });
  }

  #transaction<T>(work: () => T): T {
    return this.#repository.store.transaction(work);
  }

  #committed(): void {
    const changes = this.#uncommitted;
    this.#uncommitted = [];
    for (const change of changes) {
      if (change.type === "removed") {
        this.#tallies.delete(change.eui64);
        this.#seeded.delete(change.eui64);
      }
      for (const listener of this.#after) listener(change);
    }
  }
}

/** Hash of a link key (16 octets) as backups and alerts of the Device Log carry it: the Zigbee hash. */
export function linkKeyHash(key: Uint8Array): Uint8Array {
  return aesMmo(key);
}
