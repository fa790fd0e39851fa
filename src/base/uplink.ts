import type { DeviceType } from "./device-type.ts";
import type { Eui64 } from "./eui64.ts";
import type { MessageId } from "./wan-topic.ts";

/** Lanes of messages to the WAN, first served first: an alert about power or security overtakes, a routine one waits. */
export const UPLINK_LANES = ["power-security", "response", "alert"] as const;
export type UplinkLane = (typeof UPLINK_LANES)[number];

/** One GBCS message on its way to the WAN; the payload is never changed. */
export interface UplinkMessage {
  /** The device the message comes from; its place in the topic. */
  readonly device: Eui64;
  readonly lane: UplinkLane;
  readonly payload: Uint8Array;
}

/**
 * What became of a message handed over: `safe` is stored and will be sent; `dropped` found the outbox full of messages
 * of its own or better lanes; `too-large` is beyond what the WAN takes.
 */
export type UplinkOutcome = "safe" | "dropped" | "too-large";

/** The way to the WAN. Order is kept per device and lane. */
export interface Uplink {
  /** Resolves once the message is on disk: only then may the sender be acknowledged. Rejects `store/failed`. */
  send(message: UplinkMessage): Promise<UplinkOutcome>;
  /** The same inside the caller's own store transaction: safe when that commits, gone when it rolls back. */
  put(message: UplinkMessage): UplinkOutcome;
}

export const RECEIPT_STAGES = ["stored", "delivered", "collected", "executed", "failed", "expired"] as const;
export type ReceiptStage = (typeof RECEIPT_STAGES)[number];

export const RECEIPT_REASONS = [
  "no-such-device",
  "address-mismatch",
  "not-gbcs",
  "too-large",
  "duplicate",
  "han-only",
  "unsupported",
  "refused",
  "mailbox-full",
  "tunnel-lost",
  "suspended",
  "expired",
  "internal",
] as const;
export type ReceiptReason = (typeof RECEIPT_REASONS)[number];

/** Tells the sender of a downlink how far it came. */
export interface Receipts {
  /** Stored in the next commit, or in the caller's store transaction where one is open. */
  report(id: MessageId, stage: ReceiptStage, reason?: ReceiptReason): void;
}

/** One message from the WAN, stored and not yet dealt with. */
export interface Downlink {
  readonly id: MessageId;
  /** The device named in the topic, which is not yet the message's own target. */
  readonly device: Eui64;
  readonly payload: Uint8Array;
}

/** What the WAN may know of a device on the HAN. */
export interface DevicePresence {
  /** Null until a restored device has said what it is. */
  readonly type: DeviceType | null;
  readonly joined: boolean;
  readonly band: "2.4 GHz" | "sub-GHz";
  readonly signal: { readonly lqi: number | undefined; readonly rssi: number | undefined };
  /** ISO 8601, UTC; null where it has not been heard since the start. */
  readonly lastHeard: string | null;
}

/** Facts that the broker retains for whoever asks later. Never keys, install codes or consumption. */
export interface Presence {
  /** One part of the hub's `state` document; replaces what was told before under this name. */
  state(part: "han" | "power" | "modem", value: object): void;
  /** The document of one device; undefined takes it off the broker. */
  device(device: Eui64, presence: DevicePresence | undefined): void;
}
