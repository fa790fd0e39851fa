import type { Eui64 } from "../../base/eui64.ts";

/**
 * The seam inside the emulated coordinator: above it ASH, EZSP and the firmware's tables (`ncp/`), below it the
 * Zigbee PRO stack on the emulated air. Plain values only; keys are 16 octets; node ids are 16-bit short addresses.
 */
export interface CoordinatorStack {
  readonly eui64: Eui64;

  /** Forms a network; the outcome arrives as a `network` event. */
  form(network: NetworkParameters, security: NetworkSecurity): void;
  /** Comes back up on the stored network, if there is one. Returns false when nothing is stored. */
  resume(): boolean;
  leave(): void;
  network(): NetworkParameters | undefined;

  /** Trust Centre: lets joiners in for the seconds given; 0 closes, 255 stays open. */
  permitJoining(seconds: number): void;
  /** How joiners without any key in the tables are treated. */
  setJoinPolicy(policy: JoinPolicy): void;

  /** What the coordinator's own ZDO tells about it; ZDO requests from the air are answered by the stack. */
  setEndpoints(endpoints: readonly EndpointDescriptor[]): void;
  setManufacturerCode(code: number): void;
  /** Application link keys: `allow` makes and sends a key to both partners; the event comes either way. */
  setApplicationKeyRequests(policy: "allow" | "deny"): void;

  /** The next value of the outgoing frame counter: under the network key, or the one under all link keys. */
  frameCounter(layer: "nwk" | "aps"): number;
  /** Goes on from there, as a network restored from a backup must; never back, since no value may be used twice. */
  advanceFrameCounter(layer: "nwk" | "aps", next: number): void;
  networkKey(): { key: Uint8Array; sequence: number; frameCounter: number } | undefined;
  /** Sends APS Transport-Key with a new network key to everyone, or to one; it is used after `switchNetworkKey`. */
  distributeNetworkKey(key: Uint8Array, sequence: number, only?: Eui64): void;
  switchNetworkKey(): void;

  /**
   * Transient keys (install codes) let one device join, and secure its APS frames, until they time out after the
   * configured seconds. They are not moved into the link key table: that is the host's decision.
   */
  importTransientKey(eui64: Eui64, key: Uint8Array): boolean;
  transientKeys(): readonly { eui64: Eui64; key: Uint8Array; secondsLeft: number }[];
  clearTransientKeys(): void;
  /** Unique Trust Centre or application link keys, limited by KEY_TABLE_SIZE; index -1 takes the first free slot. */
  importLinkKey(index: number, eui64: Eui64, key: Uint8Array): "ok" | "table-full" | "invalid-index";
  linkKeys(): readonly LinkKeyEntry[];
  setTransientKeyTimeout(seconds: number): void;
  eraseLinkKey(index: number): boolean;
  clearLinkKeys(): void;
  setKeyTableSize(size: number): void;

  /** Sends one APS data frame. `sent` follows with the same tag: after the APS ACK, or at once where none was asked. */
  unicast(message: ApsMessage): "ok" | "no-link-key" | "not-joined" | "message-too-long" | "no-route";
  /** NWK broadcast to 0xFFFF (all), 0xFFFD (rx on when idle) or 0xFFFC (routers). */
  broadcast(message: ApsMessage, radius: number): "ok" | "not-joined" | "message-too-long";
  /**
   * The reply that EZSP asks of the host for each incoming fragment: an APS ACK with block bitmap. `message` is the
   * block as it came in (endpoints not turned round); `fragment.index` is the first block of the window and
   * `fragment.bitmap` says which arrived (low and high octet of the groupId that the host gives to sendReply).
   */
  fragmentAck(to: number, message: ApsMessage): "ok" | "not-joined";

  nodeIdOf(eui64: Eui64): number | undefined;
  eui64Of(nodeId: number): Eui64 | undefined;
  children(): readonly { eui64: Eui64; nodeId: number; sleepy: boolean }[];
  removeDevice(eui64: Eui64): void;

  on(listener: (event: StackEvent) => void): void;
  /** Everything that a real NCP keeps in flash, as plain JSON-able values. */
  snapshot(): StackSnapshot;
}

/** A simple descriptor (Zigbee 2.3.2.5). */
export interface EndpointDescriptor {
  endpoint: number;
  profile: number;
  deviceId: number;
  deviceVersion: number;
  inputClusters: readonly number[];
  outputClusters: readonly number[];
}

export interface NetworkParameters {
  /** 16 hex digits; on air least significant octet first. */
  extendedPanId: Eui64;
  panId: number;
  channel: number;
  txPower: number;
}

export interface NetworkSecurity {
  networkKey: Uint8Array;
  sequence: number;
  /** Global Trust Centre link key as the host gave it, 16 octets. */
  trustCenterKey: Uint8Array;
}

export type JoinPolicy =
  /** Only a device whose key is in the transient or link key table is given the network key. */
  | "known-keys-only"
  /** Devices without an entry get the network key under the global Trust Centre link key. */
  | "global-key"
  | "closed";

export interface LinkKeyEntry {
  index: number;
  eui64: Eui64;
  key: Uint8Array;
  outgoingFrameCounter: number;
  incomingFrameCounter: number;
}

export interface ApsMessage {
  /** Destination (sending) or source (receiving) short address. */
  nodeId: number;
  profile: number;
  cluster: number;
  sourceEndpoint: number;
  destinationEndpoint: number;
  /** Secured with the link key between the two (APS encryption), besides the network key. */
  apsSecurity: boolean;
  apsAck: boolean;
  /** Set on a block of a fragmented message; `total` counts only in block 0; `bitmap` only in `fragmentAck`. */
  fragment?: { index: number; total: number; bitmap?: number };
  group?: number;
  /**
   * APS counter of the frame. `unicast` and `broadcast` write it into the message, except for blocks after the
   * first of a fragmented message, which go out under the counter given. Given when receiving.
   */
  sequence: number;
  payload: Uint8Array;
  /** The host's message tag, given back in `sent`. */
  tag?: number;
}

export type StackEvent =
  | { type: "network"; state: "up" | "down" | "opened" | "closed" }
  | {
      type: "incoming";
      message: ApsMessage;
      kind: "unicast" | "broadcast" | "multicast";
      lqi: number;
      rssi: number;
    }
  | { type: "sent"; message: ApsMessage; delivered: boolean }
  | {
      type: "joined";
      nodeId: number;
      eui64: Eui64;
      parent: number;
      status: "standard-join" | "secured-rejoin" | "unsecured-rejoin" | "left";
      decision: "allowed-preconfigured" | "allowed-key-in-clear" | "denied" | "none";
    }
  /** A sleepy child has asked for its frames; `expected` where there was one. */
  | { type: "poll"; nodeId: number; expected: boolean }
  | { type: "child"; nodeId: number; eui64: Eui64; joining: boolean; sleepy: boolean }
  /** APS Request-Key, Verify-Key and similar, seen by the Trust Centre. */
  | { type: "key-request"; eui64: Eui64; partner?: Eui64; kind: "trust-center" | "application" }
  /** What `snapshot` returns has changed: a real NCP would write its flash now. */
  | { type: "changed" };

export interface StackSnapshot {
  eui64: Eui64;
  network?: NetworkParameters;
  networkKeys: { key: string; sequence: number; active: boolean }[];
  /** Both counters are the end of a reserved range: a restart goes on from there and uses no value twice. */
  outgoingFrameCounter: number;
  outgoingApsFrameCounter?: number;
  trustCenterKey?: string;
  linkKeys: { eui64: Eui64; key: string; outgoingFrameCounter: number; incomingFrameCounter: number }[];
  children: { eui64: Eui64; nodeId: number; sleepy: boolean; capability: number }[];
}
