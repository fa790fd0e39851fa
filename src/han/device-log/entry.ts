import type { DeviceType } from "../../base/device-type.ts";
import type { Eui64 } from "../../base/eui64.ts";
import { installCodeFromBare } from "../../base/install-code.ts";
import { installCodeKey } from "../../cbke/install-code.ts";

/** device_type of register_device (CCS01), the kinds of the ZigBee Smart Energy device numbering that GBCS takes. */
export const LOG_DEVICE_TYPE = {
  esme: 0,
  gsme: 1,
  hcalcs: 13,
  ihd: 128,
  cad: 130,
  ppmid: 132,
  gpf: 254,
} as const;

/** `hht`: a hand-held terminal, which no Command adds. */
export type LogDeviceKind = keyof typeof LOG_DEVICE_TYPE | "hht";

/** A kind by its name; undefined for a text that names none. */
export function logKindNamed(name: string): LogDeviceKind | undefined {
  return [...Object.keys(LOG_DEVICE_TYPE), "hht"].includes(name) ? (name as LogDeviceKind) : undefined;
}

/** Kinds that are never written to the Historic Device Log (A2.20, A3.3). */
export const NEVER_HISTORIC: ReadonlySet<LogDeviceKind> = new Set(["hht", "gpf"]);

/** The kind of a device_type; undefined for a number that has none. */
export function logDeviceKind(code: number): LogDeviceKind | undefined {
  for (const [kind, number] of Object.entries(LOG_DEVICE_TYPE)) {
    if (number === code) return kind as LogDeviceKind;
  }
  return undefined;
}

/** How the log names a kind of device: an SAPC is registered as an ESME. */
export function logKindOf(type: DeviceType): LogDeviceKind {
  return type === "sapc" ? "esme" : type;
}

/** What a device may first be admitted with. */
export interface StartKey {
  /** 16 octets: the link key of its install code, or the hash of the link key it had with another hub. */
  readonly key: Uint8Array;
  readonly from: "install-code" | "restored-hash";
}

/** The start key of a device from its install code without CRC, 16 octets. */
export function startKeyFromBareCode(code: Uint8Array): StartKey {
  return { key: installCodeKey(installCodeFromBare(code)), from: "install-code" };
}

/** One device of the CHF Device Log. */
export interface DeviceLogEntry {
  readonly eui64: Eui64;
  /** Undefined for a restored device that has not yet said what it is. */
  readonly kind: LogDeviceKind | undefined;
  /** Kept until key establishment replaces it. */
  readonly startKey: StartKey | undefined;
  /** Trust Centre link key from key establishment, 16 octets. */
  readonly linkKey: Uint8Array | undefined;
  /** Zigbee hash of its Trust Centre link key as alerts and backups show it, 16 octets; none before it has one. */
  readonly keyHash: Uint8Array | undefined;
  /** It came with a restored log (CCS03). */
  readonly restored: boolean;
}

/** One device of the Historic Device Log. */
export interface HistoricEntry {
  readonly eui64: Eui64;
  readonly linkKey: Uint8Array | undefined;
  /** 16 octets. */
  readonly keyHash: Uint8Array;
}

/** What happened to the CHF Device Log; every one of them is a change in the sense of alert 0x8F12. */
export type DeviceLogChange =
  | { readonly type: "added"; readonly entry: DeviceLogEntry }
  | { readonly type: "removed"; readonly eui64: Eui64 }
  | { readonly type: "keyed"; readonly entry: DeviceLogEntry }
  /** The whole log was replaced by a backup of another hub's. */
  | { readonly type: "restored"; readonly entries: readonly DeviceLogEntry[] };

/** How many devices the log takes. Facts of A3.5 and A3.6, which no public text settles: hence settings. */
export interface DeviceLogLimits {
  readonly total: number;
  readonly historic: number;
  readonly kinds: Readonly<Partial<Record<LogDeviceKind, number>>>;
}

export const DEVICE_LOG_LIMITS: DeviceLogLimits = {
  total: 16,
  historic: 15,
  kinds: { gsme: 1, esme: 4, hcalcs: 5, ppmid: 2, gpf: 1 },
};
