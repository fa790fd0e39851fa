import type { Eui64 } from "../../base/eui64.ts";
import type { FragmentInSettings } from "./fragment-in.ts";
import type { FragmentOutSettings } from "./fragment-out.ts";
import { MAX_ASDU } from "./port.ts";
import type { SupervisorSettings } from "./supervisor.ts";

/** Everything about the radio that may differ from site to site or is not yet known from hardware. */
export interface RadioSettings {
  /** `tcp://host:port` or the path of a serial device. */
  path: string;
  /** Serial only. */
  baudRate: number;
  rtscts: boolean;
  /** Folder of the network record; made when missing. */
  dataFolder: string;
  /** 2.4 GHz channels that a new network may take, 11 to 26. The first is taken unless `quietChannel`. */
  channels: readonly number[];
  /** Measures the energy on `channels` before forming (about 0.14 s each, once) and takes the quietest. */
  quietChannel: boolean;
  /** Extended PAN id of a new network; the radio's own EUI-64 where absent (GBCS; CCS03 names another). */
  extendedPanId?: Eui64;
  /**
   * Initial security of the Trust Centre (EmberInitialSecurityBitmask): by default a preconfigured key, a network
   * key and encrypted key transport, neither a global nor a hashed link key.
   */
  securityBitmask: number;
  /** TRANSIENT_KEY_TIMEOUT_S of the coordinator: how long an install code key lasts before it is given again. */
  transientKeySeconds: number;
  /** While devices are admitted, joining is opened again so often; below 254 s and the transient key's time. */
  rearmSeconds: number;
  /** Also tells the network's routers to open and close joining (ZDO Mgmt_Permit_Joining). */
  openRouters: boolean;
  /** How long the port itself may take to open, and the whole start of the coordinator. */
  openTimeoutMs: number;
  startTimeoutMs: number;
  /** How often the link is tried when it is silent, and how long the answer may take. */
  keepAliveMs: number;
  keepAliveTimeoutMs: number;
  /** Messages in flight altogether (APS_UNICAST_MESSAGE_COUNT of the smallest stick is 8) and waiting for one device. */
  maxInFlight: number;
  maxQueuedPerNode: number;
  /** How long the coordinator may take to report on one block: its APS retries, and the sleep of a child. */
  sentTimeoutMs: number;
  /** Attempts when the coordinator is busy, and the pause between them. */
  busyAttempts: number;
  busyPauseMs: number;
  fragmentOut: FragmentOutSettings;
  fragmentIn: FragmentInSettings;
  /** How long a repeated incoming frame is recognised. */
  duplicateMs: number;
  supervisor: SupervisorSettings;
  /** Logs every frame of the driver (octets removed). */
  verbose: boolean;
}

export const RADIO_DEFAULTS: Omit<RadioSettings, "path" | "dataFolder"> = {
  baudRate: 115_200,
  rtscts: false,
  channels: [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26],
  quietChannel: false,
  securityBitmask: 0x0b00,
  transientKeySeconds: 300,
  rearmSeconds: 120,
  openRouters: true,
  openTimeoutMs: 2_000,
  startTimeoutMs: 20_000,
  keepAliveMs: 5_000,
  keepAliveTimeoutMs: 3_000,
  maxInFlight: 6,
  maxQueuedPerNode: 16,
  sentTimeoutMs: 20_000,
  busyAttempts: 10,
  busyPauseMs: 100,
  fragmentOut: { window: 1, blockRetries: 2 },
  fragmentIn: {
    window: 1,
    maxOctets: MAX_ASDU,
    maxOpen: 16,
    maxOpenPerSender: 2,
    blockTimeoutMs: 15_000,
    finishedMs: 8_000,
  },
  duplicateMs: 5_000,
  supervisor: { firstBackoffMs: 50, maxBackoffMs: 1_000, jitter: 0.5, firstAttempts: 3 },
  verbose: false,
};
