import { DEVICE_TYPES, type DeviceType } from "../../base/device-type.ts";
import type { Eui64 } from "../../base/eui64.ts";

/** What the start key of a join window is, which decides what joining with it ends in. */
export type WindowKey =
  /** The link key of the install code: key establishment follows. */
  | "install-code"
  /** A Trust Centre link key of former days: proven in use, it is the link key again. */
  | "link-key"
  /** The hash of the link key with another hub: key establishment follows. */
  | "restored-hash";

/** The key that a device is admitted with: 16 octets. */
export interface StartKey {
  readonly key: Uint8Array;
  readonly keyIs: WindowKey;
}

export interface JoiningDevice extends StartKey {
  readonly eui64: Eui64;
  /** Undefined for a device that has not said what it is; a text that is no {@link DeviceType} likewise. */
  readonly kind: string | undefined;
}

export function deviceTypeOf(kind: string | undefined): DeviceType | undefined {
  return DEVICE_TYPES.find((type) => type === kind);
}
