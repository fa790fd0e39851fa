import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";

/**
 * The radio as the rest of the hub sees it: one Zigbee PRO coordinator with Smart Energy security. Behind it stands
 * EmberZNet through zigbee-herdsman; nothing outside `han/radio/` knows that.
 *
 * A port outlives its adapter: after a loss the supervisor makes a new adapter for ever and the port says so by
 * events. ZDO (profile 0x0000, endpoint 0) goes through the same door both ways: a Match_Desc request is sent with
 * `send`, its response arrives as a `frame` event like any other. Payloads are ASDUs up to {@link MAX_ASDU} octets in either
 * direction; fragmentation is done inside.
 */
export interface RadioPort {
  /** Starts the supervisor; resolves when the network is up for the first time, rejects on a port that cannot open. */
  start(): Promise<NetworkInfo>;
  stop(): Promise<void>;
  readonly state: RadioState;
  /** Undefined until the first start. The radio's EUI-64 is the GPF's identifier (GBCS; Extended PAN ID likewise). */
  readonly network: NetworkInfo | undefined;
  readonly capabilities: RadioCapabilities | undefined;

  /** Resolves when the far device has acknowledged (APS ACK of every block) or it is known that it will not. */
  send(message: OutgoingAps): Promise<SendOutcome>;
  broadcast(message: Omit<OutgoingAps, "nodeId" | "security">): Promise<void>;

  /**
   * Forms another network: this Extended PAN ID, a fresh network key, the same channel. The radio is lost and comes
   * back with it. Nothing where the network has that Extended PAN ID already.
   */
  reform(extendedPanId: Eui64): Promise<void>;
  /** Lets this one device join with this key (from its install code) for the seconds given. */
  admit(eui64: Eui64, linkKey: Uint8Array, seconds: number): Promise<void>;
  /** Ends the admission of this device; those of others go on. */
  dismiss(eui64: Eui64): Promise<void>;
  readonly linkKeys: LinkKeyTable;
  readonly networkKey: NetworkKeyUpdate;

  /** Makes the device leave the network. */
  removeDevice(eui64: Eui64, nodeId: number): Promise<void>;
  nodeIdOf(eui64: Eui64): Promise<number | undefined>;
  /** Whose short address this is, as far as the radio knows. */
  eui64Of(nodeId: number): Promise<Eui64 | undefined>;

  on(listener: (event: RadioEvent) => void): () => void;
}

/** The link keys that the radio holds. All throw `radio/unavailable` while the link to it is down. */
export interface LinkKeyTable {
  /** Sets the link key with a device, 16 octets; throws `radio/refused` when the table is full. */
  set(eui64: Eui64, key: Uint8Array): Promise<void>;
  remove(eui64: Eui64): Promise<void>;
  /** Whether exactly this key is in the table. Setting it again would begin its frame counters anew. */
  has(eui64: Eui64, key: Uint8Array): Promise<boolean>;
  /** Takes the keys of all other devices out of the table. */
  keepOnly(devices: ReadonlySet<Eui64>): Promise<void>;
  /** Whether devices are given link keys with each other when they ask the Trust Centre for them. */
  allowPartnerKeys(allowed: boolean): Promise<void>;
}

/** The step from one network key to the next. All throw `radio/*`. */
export interface NetworkKeyUpdate {
  /** A network key was given to devices and is not yet in use. Survives restarts. */
  readonly pending: boolean;
  /** Gives the next network key to all devices that listen: a fresh one, or again the one that is pending. */
  distribute(): Promise<void>;
  /** Gives the pending network key to one device. */
  sendTo(eui64: Eui64, nodeId: number): Promise<void>;
  /** Takes the pending network key into use, everywhere. */
  switch(): Promise<void>;
}

/** Largest ASDU that is split or joined (APS fragmentation), in octets. */
export const MAX_ASDU = 4_400;

export interface NetworkInfo {
  eui64: Eui64;
  extendedPanId: Eui64;
  panId: number;
  channel: number;
  /** True when the network was made now, false when it was resumed. */
  formed: boolean;
}

export type RadioState = "starting" | "up" | "lost" | "stopped";

export interface RadioCapabilities {
  ezspVersion: number;
  firmware: string;
  keyTableSize: number;
  cbke163k1: boolean;
  cbke283k1: boolean;
  multiPhy: boolean;
}

interface ApsMessage {
  nodeId: number;
  profile: number;
  cluster: number;
  sourceEndpoint: number;
  destinationEndpoint: number;
  /** `link-key`: APS encryption with the device's link key. `network`: the network key only. */
  security: "link-key" | "network";
  payload: Uint8Array;
}

/** `nodeId` is where it goes. */
export type OutgoingAps = ApsMessage;

export type SendOutcome = "delivered" | "no-link-key" | "not-delivered" | "radio-lost";

/** `nodeId` is where it comes from. */
export interface IncomingAps extends ApsMessage {
  broadcast: boolean;
  apsCounter: number;
  lqi: number;
  rssi: number;
  /**
   * Holds the APS acknowledgement back until `safe` resolves; when it rejects, the sender is not acknowledged and the
   * message may be handed over again. To be called while the frame is being handed over. Only there for a message that
   * came in blocks: EmberZNet has acknowledged any other before the host sees it.
   */
  acknowledgeAfter?: (safe: Promise<unknown>) => void;
}

/** Leaves a message in blocks unacknowledged, so that its sender keeps it and sends it again. */
export function leaveUnacknowledged(acknowledgeAfter: IncomingAps["acknowledgeAfter"], why: string): void {
  acknowledgeAfter?.(Promise.reject(new HanwayError("tunnel/closed", why)));
}

export type JoinedHow = "install-code" | "secured-rejoin" | "unsecured-rejoin";

export type RadioEvent =
  | { type: "state"; state: RadioState; reason?: string }
  | { type: "frame"; frame: IncomingAps }
  /** The Trust Centre sent the network key; only `joined` shows that the device could read it. */
  | { type: "associated"; eui64: Eui64; nodeId: number; how: JoinedHow }
  /** It asked the coordinator itself, not a router, for an address. Nothing is decided yet. */
  | { type: "seen"; eui64: Eui64 }
  | { type: "joined"; eui64: Eui64; nodeId: number; how: JoinedHow }
  | { type: "refused"; eui64: Eui64; nodeId: number }
  | { type: "left"; eui64: Eui64; nodeId: number };
