import type { Clock } from "../../../base/clock.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import type { Random } from "../../../base/random.ts";
import type { Air } from "../../air/air.ts";
import type { ApsSettings } from "../aps/aps-settings.ts";
import type { EndpointDescriptor } from "../coordinator.ts";
import type { DeviceKeysSnapshot } from "./device-keys.ts";
import type { JoinTimes } from "./join-machine.ts";
import type { ParentPollSettings } from "./parent-poll.ts";

export interface DeviceNodeSettings extends JoinTimes, ParentPollSettings {
  channels: readonly number[];
  /** Listening time per channel in a scan. */
  scanMs: number;
  /** Longest message joined from blocks, in octets. */
  maximumMessage: number;
}

export const DEVICE_NODE_DEFAULTS: DeviceNodeSettings = {
  channels: [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26],
  scanMs: 20,
  retryMs: 1_000,
  longestRetryMs: 8_000,
  longestRejoinMs: 8_000,
  answerMs: 2_000,
  keyMs: 5_000,
  pollMs: 30_000,
  fastPollMs: 100,
  lostAfter: 3,
  maximumMessage: 4_464,
};

export type DeviceNodeEvent =
  | { type: "up"; how: "joined" | "rejoined" | "resumed"; nodeId: number; extendedPanId: Eui64 }
  | { type: "down" }
  /** An application link key came from the Trust Centre. */
  | { type: "partner-key"; partner: Eui64 }
  /** What `snapshot` returns has changed: a real device would write its flash now. */
  | { type: "changed" };

/** The network that a device is on, as its flash keeps it. */
export interface StoredHome {
  channel: number;
  panId: number;
  extendedPanId: Eui64;
  nodeId: number;
  trustCenter: Eui64;
  networkKey: string;
  networkKeySequence: number;
}

/** What a device keeps in its flash. */
export interface DeviceNodeSnapshot extends DeviceKeysSnapshot {
  outgoingFrameCounter: number;
  outgoingApsFrameCounter: number;
  home?: StoredHome;
}

export interface OutgoingMessage {
  nodeId: number;
  profile: number;
  cluster: number;
  sourceEndpoint: number;
  destinationEndpoint: number;
  apsSecurity: boolean;
  payload: Uint8Array;
}

export type DeviceSendOutcome =
  | "delivered"
  | "not-delivered"
  | "no-link-key"
  | "message-too-long"
  | "not-joined";

export interface DeviceNodeOptions {
  air: Air;
  eui64: Eui64;
  clock: Clock;
  random: Random;
  /** From the install code; the Trust Centre link key until key establishment replaces it. */
  linkKey: Uint8Array;
  capability: number;
  manufacturerCode: number;
  endpoints: readonly EndpointDescriptor[];
  settings?: Partial<DeviceNodeSettings>;
  aps?: Partial<ApsSettings>;
  snapshot?: DeviceNodeSnapshot;
}
