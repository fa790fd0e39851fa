import type { Eui64 } from "../../base/eui64.ts";

/** How a device was last heard. */
export interface Heard {
  readonly lqi: number;
  readonly rssi: number;
  /** Unix milliseconds. */
  readonly at: number;
}

/** What the home network keeps in the CHF Device Log; the tables are the log's own business. */
export interface JoinRecords {
  /** The link key from key establishment with a device, 16 octets; undefined before it. */
  linkKey(device: Eui64): Uint8Array | undefined;
  /** Stores a fresh link key; it is safe when this returns. Throws `store/failed`, and the old one stays. */
  linkKeyEstablished(device: Eui64, key: Uint8Array): void;
  /** Every frame of a device on the list. */
  heard(device: Eui64, heard: Heard): void;
  /** A unicast to it was delivered, or not. */
  transmitted(device: Eui64, delivered: boolean): void;
}
