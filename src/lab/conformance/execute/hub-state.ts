import type { GivenState } from "../../../app/time.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import type { LogEntry } from "../../../chf/repository.ts";
import type { Certificate } from "../../../gbcs/certificate/certificate.ts";
import type { DeviceFigures } from "../../../han/device-log/figures.ts";

/** A device of the CHF Device Log, as far as a recorded message tells of it. */
export interface SeededDevice {
  readonly eui64: Eui64;
  /** Hash of its Trust Centre link key, 16 octets; undefined where it has none. The key itself is never known. */
  readonly keyHash?: Uint8Array;
  readonly figures?: DeviceFigures;
}

/** What goes wrong at a port of the hub while the Command is executed. */
export type Fault =
  | "device-log-unreadable"
  | "historic-log-unreadable"
  | "event-log-unreadable"
  | "security-log-unreadable"
  | "join-timeout-refused"
  | "joining-refused"
  | "leaving-refused"
  | "forming-refused";

/**
 * Everything a run may know of a hub before its Command: facts with a place in the hub's own logs, counters, trust
 * anchors, identity and ports. No Response and no result has a place in it.
 */
export interface HubState {
  /** Unix milliseconds. */
  readonly now: number;
  readonly clock: GivenState;
  readonly extendedPanId: Eui64 | undefined;
  readonly deviceLog: readonly SeededDevice[];
  readonly historicLog: readonly { readonly eui64: Eui64; readonly keyHash: Uint8Array }[];
  readonly eventLog: readonly LogEntry[];
  readonly securityLog: readonly LogEntry[];
  /** Last counter accepted, by Remote Party Role. */
  readonly counters: ReadonlyMap<number, bigint>;
  /** Counter of the last alert that the hub has sent. */
  readonly alertCounter: bigint | undefined;
  /** Certificates in the trust anchor cells. */
  readonly anchors: readonly Certificate[];
  /** Certificate in the root cell. */
  readonly root: Certificate | undefined;
  /** Parts of the identity; one that is missing cannot be read. */
  readonly modelType: Uint8Array | undefined;
  readonly manufacturer: Uint8Array | undefined;
  readonly firmwareVersion: Uint8Array | undefined;
  readonly faults: ReadonlySet<Fault>;
}

/** A hub as it left the factory, with nobody to trust: half a year after the published messages were made. */
export const EMPTY_HUB: HubState = {
  now: Date.UTC(2015, 6, 1),
  clock: "reliable",
  extendedPanId: undefined,
  deviceLog: [],
  historicLog: [],
  eventLog: [],
  securityLog: [],
  counters: new Map(),
  alertCounter: undefined,
  anchors: [],
  root: undefined,
  modelType: undefined,
  manufacturer: undefined,
  firmwareVersion: undefined,
  faults: new Set(),
};
