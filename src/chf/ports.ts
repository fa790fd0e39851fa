import type { Eui64 } from "../base/eui64.ts";
import type { DeviceLog } from "../han/device-log/device-log.ts";
import type { JoiningDevice } from "../han/join/window.ts";
import type { EventLimits } from "./event-allowance.ts";
import type { ChfLogs } from "./logs.ts";

/**
 * What the hub's functions ask of the home network. Calls are idempotent, for a Command that was under way when the
 * power failed is executed again. Each rejects with HanwayError where the radio cannot do it.
 */
export interface HanControl {
  /** Whether the network can be opened at all now: join_timeout is the radio's to keep. Rejects where it is away. */
  setJoinTimeout(seconds: number): Promise<void>;
  /** Lets one device join with this key (16 octets) for so many seconds. A window that is open is replaced. */
  openJoining(device: JoiningDevice, seconds: number): Promise<void>;
  /** Ends the window of one device. */
  closeJoining(eui64: Eui64): Promise<void>;
  /** Makes a device leave, and forgets its keys, its tunnel and what waits for it. */
  removeDevice(eui64: Eui64): Promise<void>;
  /** Forms the network anew with this Extended PAN ID; nothing where it has it already. */
  reform(extendedPanId: Eui64): Promise<void>;
}

/** Who the hub is. A part that is not given cannot be read: its object answers hardware-fault. */
export interface ChfIdentity {
  /** Model type, 8 octets. */
  readonly modelType: Uint8Array | undefined;
  /** CH manufacturer identifier, 4 octets. */
  readonly manufacturer: Uint8Array | undefined;
  /** Version of the running firmware as an OTA header gives it, 4 octets. */
  readonly firmwareVersion: Uint8Array | undefined;
}

/** What Commands read. Anything of it may fail with HanwayError: the item then reports hardware-fault. */
export interface ChfReads {
  readonly deviceLog: Pick<DeviceLog, "entries" | "historic" | "extendedPanId" | "figures">;
  readonly logs: Pick<ChfLogs, "read">;
  readonly identity: ChfIdentity;
}

/** What the public documents leave open, with the hub's answers. */
export interface ChfSettings {
  /**
   * A device of the Historic Device Log that is added again: `each` gives its old key one whole join timeout and its
   * install code another; `halves` shares one between them.
   */
  readonly historicWindow: "each" | "halves";
  /** Result of an item where the Device Log is full, the kind of device has no number, or the log lacks the device. */
  readonly logFull: number;
  readonly unknownKind: number;
  readonly notInLog: number;
  /** Entries that the event log and the security log keep (A11.3). */
  readonly logEntries: number;
  /** Entries that devices of the HAN may cause in the event log. */
  readonly hanEvents: EventLimits;
  /** Alerts about Commands that were refused, in an hour; the security log has every one. */
  readonly refusalAlertsPerHour: number;
  /**
   * Alert 0x8F84, of which no message has been published: its content as that of DBCH10, which says the same in a DLMS
   * notification, or in DER; and its protection.
   */
  readonly undelivered: {
    readonly form: "dlms" | "der";
    readonly protection: "mac" | "signature";
    readonly perHour: number;
  };
  /** How long devices of a restored log may come in, in seconds. */
  readonly restoreJoinSeconds: number;
  /** Whether the Access Control Broker has to sign CS02b for its own cells on a CHF, besides its MAC. */
  readonly brokerSigns: boolean;
  /**
   * Whether a floor of CS02b counts below the last counter of a party that stays the same: old Commands under a key
   * that stays would then be taken again.
   */
  readonly lowersCounters: boolean;
}

export const CHF_SETTINGS: ChfSettings = {
  historicWindow: "each",
  logFull: 250,
  unknownKind: 250,
  notInLog: 250,
  logEntries: 100,
  hanEvents: { perDevice: 4, perHour: 20 },
  refusalAlertsPerHour: 100,
  undelivered: { form: "dlms", protection: "mac", perHour: 100 },
  restoreJoinSeconds: 24 * 3_600,
  brokerSigns: true,
  lowersCounters: false,
};
