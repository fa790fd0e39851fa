import type { Clock } from "../../base/clock.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { InstallCode } from "../../base/install-code.ts";
import type { Random } from "../../base/random.ts";
import type { KeyEstablishmentOutcome } from "../../cbke/index.ts";
import type { Air } from "../air/air.ts";
import type { DeviceNodeEvent, DeviceNodeSettings, DeviceNodeSnapshot } from "../stack/device-node.ts";
import type { DeviceFaults } from "./faults.ts";
import type { DeviceCredentials, KeyEstablishmentTimes } from "./key-establishment.ts";
import type { MailboxSettings } from "./mailbox-tunnel.ts";
import type { RoutineSettings } from "./routine.ts";
import type { ResendSettings } from "./served-tunnel.ts";
import type { TunnelSettings } from "./tunnel-server.ts";

/** Answers a GBCS message; undefined says nothing, as GBCS wants for what does not verify. */
export type MessageHandler = (
  message: Uint8Array,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

export interface EmulatedDeviceOptions {
  air: Air;
  clock: Clock;
  random: Random;
  eui64: Eui64;
  installCode: InstallCode;
  messageHandler?: MessageHandler;
  /** Of a device that serves tunnels. */
  tunnel?: Partial<TunnelSettings>;
  resend?: Partial<ResendSettings>;
  /** Of a gas meter. */
  mailbox?: Partial<MailboxSettings>;
  /** Without credentials the install code's key stays the Trust Centre link key. */
  cbke?: DeviceCredentials;
  cbkeTimes?: Partial<KeyEstablishmentTimes>;
  /** Reads of Basic, Time and Keep-Alive at the hub; left out, there are none. */
  routine?: Partial<RoutineSettings>;
  faults?: Partial<DeviceFaults>;
  node?: Partial<DeviceNodeSettings>;
  snapshot?: DeviceNodeSnapshot;
}

export type DeviceEvent =
  | { type: "joined"; how: Extract<DeviceNodeEvent, { type: "up" }>["how"]; nodeId: number }
  | { type: "left" }
  /** Key establishment with the Trust Centre has ended; where it failed another try may follow. */
  | { type: "key-establishment"; outcome: KeyEstablishmentOutcome }
  /** The Trust Centre gave a link key shared with another device. */
  | { type: "partner-key"; partner: Eui64 }
  /** The hub's Time: UTCTime in seconds since 2000, and TimeStatus. */
  | { type: "time"; utc: number; status: number }
  /** The node's snapshot has changed: time to store it. */
  | { type: "changed" }
  | { type: "tunnel-open"; tunnelId: number; peer: Eui64 | undefined }
  | { type: "tunnel-closed"; tunnelId: number }
  | { type: "message-in"; message: Uint8Array }
  | { type: "message-out"; message: Uint8Array; delivered: boolean };

export interface DeviceCounts {
  messagesIn: number;
  messagesOut: number;
  /** Messages that the handler did not answer. */
  unanswered: number;
  /** Messages that could not be handed over: no tunnel, too long for the far end, or not acknowledged. */
  undelivered: number;
  /** Frames in clear on clusters that need the link key. */
  refusedInClear: number;
  /** Frames secured with the install code's key where key establishment has to come first. */
  refusedBeforeKey: number;
  malformed: number;
}
