import type { Clock } from "../base/clock.ts";
import type { ClockStateSource } from "../base/clock-state.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { Deliver, DeliveryOutcome } from "../base/routing.ts";
import type { JoinRecords } from "./join/records.ts";
import type { JoinFailure, JoinSettings, JoinStep } from "./join/state.ts";
import type { IncomingAps, NetworkInfo, RadioPort } from "./radio/port.ts";
import type { HubSecurity } from "./security/credentials.ts";
import type { KeyEstablishmentServerSettings } from "./security/key-establishment-server.ts";
import type { NetworkKeySettings } from "./security/network-key.ts";
import type { TunnelRecords } from "./tunnel/repository.ts";
import type { TunnelUser } from "./tunnel/server.ts";
import type { HubIdentity } from "./zcl-server/attributes.ts";

/** What happens on the Home Area Network, for whoever composes the hub. */
export type HanEvent =
  | { type: "network"; network: NetworkInfo }
  | { type: "radio-lost"; reason: string }
  /** A step of a device's way into the network. */
  | { type: "join-step"; device: Eui64; step: JoinStep }
  | { type: "join-failed"; device: Eui64; failure: JoinFailure }
  | { type: "joined"; device: Eui64 }
  | { type: "left"; device: Eui64 }
  | { type: "tunnel-open"; device: Eui64; tunnelId: number; maxTransfer: number }
  | { type: "tunnel-lost"; device: Eui64 }
  /** So many messages wait in the mailbox of a sleeping meter: the pending flag on its mirror is set for any (A6.2). */
  | { type: "mailbox"; device: Eui64; waiting: number }
  /** Something for the event log of the hub, by its code (GBCS 16). */
  | { type: "event"; code: number; device: Eui64 }
  /** A message out of a device's tunnel, bytes as they came. */
  | {
      type: "message";
      device: Eui64;
      payload: Uint8Array;
      /** Holds the device's acknowledgement back until the message is safe; see {@link IncomingAps}. */
      acknowledgeAfter: IncomingAps["acknowledgeAfter"];
    };

/** The mailbox as the home network uses it. */
export interface HanMailbox extends TunnelUser, Partial<Deliver> {
  /** The device is off the list. */
  removed?(device: Eui64): void;
}

/** HAN-only messages on their way to devices with a tunnel, as the home network uses them. */
export interface HanOnly {
  deliver(device: Eui64, message: Uint8Array): Promise<DeliveryOutcome>;
  /** The tunnel to the device is open. */
  opened(device: Eui64): void;
  /** The device is off the list. */
  removed(device: Eui64): void;
}

export interface HanPorts {
  readonly radio: RadioPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly records: JoinRecords;
  readonly clockState: ClockStateSource;
  readonly identity: HubIdentity;
  /**
   * What the hub shows in key establishment, for the radio's EUI-64; undefined where devices go by their install
   * code alone. May throw `config/invalid`.
   */
  readonly security: ((radio: Eui64) => HubSecurity) | undefined;
  /** What the gas meter's tunnel leads to. */
  readonly mailbox?: HanMailbox | undefined;
  /** Keeps what devices send each other until it is delivered; without it such a message has one try. */
  readonly hanOnly?: HanOnly | undefined;
  /** Where the gas meter's tunnel outlives a restart; without it the meter opens another one. */
  readonly tunnels?: TunnelRecords | undefined;
  emit(event: HanEvent): void;
}

export interface HanSettings {
  readonly join?: Partial<Omit<JoinSettings, "keyEstablishment">> | undefined;
  readonly networkKey?: Partial<NetworkKeySettings> | undefined;
  readonly keyEstablishment?: Partial<KeyEstablishmentServerSettings> | undefined;
}
