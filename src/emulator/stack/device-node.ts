import { fromHex, toHex } from "../../base/bytes.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Random } from "../../base/random.ts";
import type { Air } from "../air/air.ts";
import { MAC_BROADCAST, MAC_COMMAND, type MacFrame } from "../air/mac-frame.ts";
import { type ApsCommandMeta, type ApsDataMeta, ApsLayer, type ApsSettings } from "./aps.ts";
import type { ApsCommand } from "./aps-command.ts";
import type { ApsMessage, EndpointDescriptor } from "./coordinator.ts";
import { Reassembly, sendWhole } from "./fragments.ts";
import { FrameCounter } from "./frame-counter.ts";
import { type JoinEffect, type JoinInput, type JoinState, reduceJoin, type Way } from "./join-machine.ts";
import { LinkKey } from "./link-key.ts";
import { MacLayer } from "./mac.ts";
import { type NwkIncoming, NwkLayer } from "./nwk.ts";
import { BROADCAST_RX_ON, NWK_COMMAND } from "./nwk-frame.ts";
import { type Beacon, Scanner } from "./scanner.ts";
import { ServiceDiscovery } from "./service-discovery.ts";
import { CAPABILITY_RX_ON, LEAVE_REJOIN, LEAVE_REQUEST } from "./trust-center.ts";
import {
  answerZdo,
  decodeAddressResponse,
  decodeDeviceAnnounce,
  decodeManagementLeave,
  encodeAddressRequest,
  encodeDeviceAnnounce,
  type NodeDescription,
  ZDO,
  ZDO_STATUS,
} from "./zdo.ts";

export interface DeviceNodeSettings {
  channels: readonly number[];
  /** Listening time per channel in a scan. */
  scanMs: number;
  retryMs: number;
  longestRetryMs: number;
  longestRejoinMs: number;
  answerMs: number;
  keyMs: number;
  /** How often the parent is checked on, or for a sleepy device polled while nothing is expected. */
  pollMs: number;
  /** How often a sleepy device polls while it waits for something. */
  fastPollMs: number;
  /** Polls in a row that must fail before the parent counts as lost. */
  lostAfter: number;
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

interface Home {
  channel: number;
  panId: number;
  extendedPanId: Eui64;
  nodeId: number;
  trustCenter: Eui64;
  networkKey: string;
  networkKeySequence: number;
}

/** What a device keeps in its flash. */
export interface DeviceNodeSnapshot {
  outgoingFrameCounter: number;
  outgoingApsFrameCounter: number;
  trustCenterIncoming: number;
  /** Where key establishment has replaced the install code's key. */
  trustCenterKey?: string;
  partnerKeys?: { eui64: Eui64; key: string; incoming: number }[];
  home?: Home;
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

/** The Zigbee PRO stack of one end device on the emulated air: joins, rejoins, sends and receives whole messages. */
export class DeviceNode {
  readonly eui64: Eui64;
  readonly nwk: NwkLayer;
  readonly aps: ApsLayer;
  readonly settings: DeviceNodeSettings;
  /** Whole messages for the endpoints; ZDO is answered by the node itself. */
  onMessage: (message: ApsMessage, kind: ApsDataMeta["kind"]) => void = () => {};
  onEvent: (event: DeviceNodeEvent) => void = () => {};
  readonly #options: DeviceNodeOptions;
  readonly #clock: Clock;
  readonly #mac: MacLayer;
  readonly #scanner: Scanner;
  readonly #reassembly: Reassembly;
  readonly #partners = new Map<Eui64, LinkKey>();
  #trustCenterLink: LinkKey;
  #trustCenter: Eui64 | undefined;
  #extendedPanId: Eui64 | undefined;
  #joinState: JoinState = { at: "off" };
  #beacon: Beacon | undefined;
  #timer: Timer | undefined;
  #pollTimer: Timer | undefined;
  #failedPolls = 0;
  /** Reasons to poll in quick succession. */
  #awaiting = 0;
  #zdoSequence = 0;
  readonly #discovery: ServiceDiscovery;

  constructor(options: DeviceNodeOptions) {
    const { air, eui64, clock, snapshot } = options;
    this.#options = options;
    this.eui64 = eui64;
    this.#clock = clock;
    this.settings = { ...DEVICE_NODE_DEFAULTS, ...options.settings };
    const ownKey =
      snapshot?.trustCenterKey === undefined ? options.linkKey : fromHex(snapshot.trustCenterKey);
    this.#trustCenterLink = new LinkKey(eui64, ownKey, snapshot?.trustCenterIncoming ?? 0);
    for (const { eui64: peer, key, incoming } of snapshot?.partnerKeys ?? [])
      this.#partners.set(peer, new LinkKey(peer, fromHex(key), incoming));
    const radio = air.attach(eui64);
    radio.receiving = false;
    this.#mac = new MacLayer(radio, clock, {
      data: (payload, source, quality) => this.nwk.receive(payload, source, quality),
      command: (id, frame) => this.#macCommand(id, frame),
      beacon: (frame) => this.#scanner.heard(frame),
      received: (framePending) => this.#received(framePending),
    });
    this.#scanner = new Scanner(this.#mac, clock, this.settings.scanMs);
    this.nwk = new NwkLayer({
      eui64,
      mac: this.#mac,
      counter: new FrameCounter(snapshot?.outgoingFrameCounter ?? 0, () => this.#noteChange()),
      receive: (frame) => {
        if (frame.header.type === "command") this.#nwkCommand(frame);
        else this.aps.receive(frame);
      },
    });
    this.aps = new ApsLayer({
      nwk: this.nwk,
      clock,
      counter: new FrameCounter(snapshot?.outgoingApsFrameCounter ?? 0, () => this.#noteChange()),
      firstSequence: options.random.below(256),
      ...(options.aps ? { settings: options.aps } : {}),
      handlers: {
        data: (message, meta) => this.#data(message, meta),
        command: (command, meta) => this.#apsCommand(command, meta),
        linkKey: (peer) => this.#linkKey(peer),
      },
    });
    const { ackTimeoutMs, retries } = this.aps.settings;
    this.#reassembly = new Reassembly({
      aps: this.aps,
      clock,
      settings: { maximumLength: this.settings.maximumMessage, timeoutMs: ackTimeoutMs * (retries + 2) },
      deliver: (message) => this.#message(message, "unicast"),
    });
    this.#discovery = new ServiceDiscovery(clock, this.settings.answerMs, (nodeId, cluster, payload) =>
      this.#postZdo(nodeId, cluster, payload),
    );
    if (snapshot?.home) this.#takeHome(snapshot.home);
  }

  get sleepy(): boolean {
    return (this.#options.capability & CAPABILITY_RX_ON) === 0;
  }

  get state(): JoinState["at"] {
    return this.#joinState.at;
  }

  get nodeId(): number {
    return this.nwk.nodeId;
  }

  get trustCenter(): Eui64 | undefined {
    return this.#trustCenter;
  }

  start(): void {
    const known = this.nwk.keys.active !== undefined;
    if (known) this.#wake();
    this.#input({ type: "start", known });
  }

  /** Power off; what is in flash stays. */
  stop(): void {
    this.#input({ type: "stop" });
    this.#scanner.stop();
    this.#pollTimer?.cancel();
    this.aps.cancel();
    this.#reassembly.clear();
    this.#discovery.clear();
    this.#mac.radio.receiving = false;
  }

  /** Power off for good: the radio leaves the air. */
  close(): void {
    this.stop();
    this.#options.air.detach(this.#mac.radio);
  }

  /** Looks for a network at once where it was waiting for its next attempt. */
  wake(): void {
    if (this.#joinState.at === "waiting") this.#input({ type: "timeout" });
    else if (this.sleepy) this.poll();
  }

  /** The hub no longer answers: the device looks for its network. */
  parentLost(): void {
    this.#input({ type: "parent-lost" });
  }

  /** Tells the parent and goes. It will look for a network to join again unless it is stopped. */
  leave(rejoin = false): void {
    if (this.#joinState.at !== "joined") return;
    const payload = Uint8Array.of(NWK_COMMAND.leave, rejoin ? LEAVE_REJOIN : 0);
    this.nwk.send({ type: "command", destination: BROADCAST_RX_ON, payload }, () =>
      this.#input({ type: "left", rejoin }),
    );
  }

  /** Whether key establishment has replaced the install code's key. */
  get established(): boolean {
    return this.#trustCenterLink.key !== this.#options.linkKey;
  }

  /** Asks the Trust Centre which of its endpoints serve a Smart Energy cluster; undefined where it stays silent. */
  findServers(
    profile: number,
    cluster: number,
    done: (endpoints: readonly number[] | undefined) => void,
  ): void {
    const query = { nodeId: this.nwk.parent ?? 0, profile, inputClusters: [cluster] };
    this.#discovery.find(this.#nextZdoSequence(), query, done);
  }

  /** A sleepy device polls in quick succession until the returned function is called. */
  stayAwake(): () => void {
    let awake = true;
    this.#awaiting++;
    this.#pollSoon();
    return () => {
      if (awake) this.#awaiting--;
      awake = false;
    };
  }

  /** Replaces the Trust Centre link key, for instance by the one from key establishment. */
  setTrustCenterLinkKey(key: Uint8Array): void {
    this.#trustCenterLink = new LinkKey(this.eui64, Uint8Array.from(key));
    this.#noteChange();
  }

  hasKeyWith(partner: Eui64): boolean {
    return this.#linkKey(partner) !== undefined;
  }

  /** Asks the Trust Centre for a link key shared with `partner`; the `partner-key` event tells of it. */
  requestPartnerKey(partner: Eui64): void {
    const command: ApsCommand = { id: "request-key", kind: "application", partner };
    this.aps.sendCommand(this.nwk.parent ?? 0, command, { link: this.#trustCenterLink });
    this.#pollSoon();
  }

  /** Sends a message with APS acknowledgement, in blocks where it is long. */
  send(out: OutgoingMessage): Promise<DeviceSendOutcome> {
    return new Promise((resolve) => this.post(out, resolve));
  }

  /** As {@link send}, but tells the outcome in the very step of the air in which it is known. */
  post(out: OutgoingMessage, done: (outcome: DeviceSendOutcome) => void = () => {}): void {
    if (this.#joinState.at !== "joined") {
      done("not-joined");
      return;
    }
    const message: ApsMessage = { ...out, apsAck: true, sequence: this.aps.nextSequence() };
    const outcome = sendWhole(this.aps, message, (ok) => done(ok ? "delivered" : "not-delivered"));
    if (outcome !== "ok") done(outcome);
    this.#pollSoon();
  }

  /** A sleepy device asks its parent for what is waiting. */
  poll(): void {
    const parent = this.nwk.parent;
    if (parent === undefined || this.#joinState.at === "off") return;
    const extended = this.#joinState.at === "associating";
    this.#mac.poll(parent, extended, (acked) => this.#polled(acked));
  }

  snapshot(): DeviceNodeSnapshot {
    const active = this.nwk.keys.active;
    const { radio } = this.#mac;
    const home: Home | undefined =
      active && this.#trustCenter !== undefined && this.#extendedPanId !== undefined
        ? {
            channel: radio.channel,
            panId: radio.panId,
            extendedPanId: this.#extendedPanId,
            nodeId: this.nodeId,
            trustCenter: this.#trustCenter,
            networkKey: toHex(active.key),
            networkKeySequence: active.sequence,
          }
        : undefined;
    const { key, incoming } = this.#trustCenterLink;
    const partnerKeys = [...this.#partners.values()].map((link) => ({
      eui64: link.eui64,
      key: toHex(link.key),
      incoming: link.incoming,
    }));
    return {
      outgoingFrameCounter: this.nwk.counter.reserved,
      outgoingApsFrameCounter: this.aps.counter.reserved,
      trustCenterIncoming: incoming,
      ...(key === this.#options.linkKey ? {} : { trustCenterKey: toHex(key) }),
      ...(partnerKeys.length > 0 ? { partnerKeys } : {}),
      ...(home ? { home } : {}),
    };
  }

  #takeHome(home: Home): void {
    const { radio } = this.#mac;
    radio.channel = home.channel;
    radio.panId = home.panId;
    radio.shortAddress = home.nodeId;
    this.#extendedPanId = home.extendedPanId;
    this.#trustCenter = home.trustCenter;
    this.nwk.parent = 0;
    this.nwk.keys.active = { key: fromHex(home.networkKey), sequence: home.networkKeySequence };
    this.nwk.learn(0, home.trustCenter);
  }

  #noteChange(): void {
    this.#options.air.defer(() => this.onEvent({ type: "changed" }));
  }

  #linkKey(peer: Eui64): LinkKey | undefined {
    const partner = this.#partners.get(peer);
    if (partner) return partner;
    return this.#trustCenter === undefined || peer === this.#trustCenter ? this.#trustCenterLink : undefined;
  }

  #input(input: JoinInput): void {
    const [next, effects] = reduceJoin(this.#joinState, input, this.settings);
    this.#joinState = next;
    for (const effect of effects) this.#run(effect);
  }

  #run(effect: JoinEffect): void {
    switch (effect.do) {
      case "scan":
        this.#scan(effect.way);
        break;
      case "associate":
        this.#associate();
        break;
      case "rejoin":
        this.#rejoin(effect.secured);
        break;
      case "timer":
        this.#timer?.cancel();
        this.#timer = this.#clock.after(effect.ms, () => this.#input({ type: "timeout" }));
        break;
      case "stop-timer":
        this.#timer?.cancel();
        break;
      case "forget-network":
        this.#forget();
        break;
      case "came-up":
        this.#cameUp(effect.how);
        break;
      case "went-down":
        this.#pollTimer?.cancel();
        this.aps.cancel();
        this.#reassembly.clear();
        this.#discovery.clear();
        this.onEvent({ type: "down" });
        break;
    }
  }

  #wake(): void {
    this.#mac.radio.receiving = true;
  }

  #scan(way: Way): void {
    this.#wake();
    const { radio } = this.#mac;
    const home = radio.channel;
    const channels = [home, ...this.settings.channels.filter((channel) => channel !== home)];
    const fits = (beacon: Beacon) =>
      way === "join" ? beacon.permitsJoining : beacon.extendedPanId === this.#extendedPanId;
    this.#scanner.start(channels, fits, (found) => {
      this.#beacon = found;
      if (!found) radio.channel = home;
      this.#input({ type: "scanned", found: found !== undefined });
    });
  }

  #associate(): void {
    const beacon = this.#beacon;
    if (!beacon) return;
    this.#forget();
    this.#mac.radio.channel = beacon.channel;
    this.#mac.radio.panId = beacon.panId;
    this.#extendedPanId = beacon.extendedPanId;
    this.nwk.parent = beacon.parent;
    this.#mac.associationRequest(beacon.parent, this.#options.capability, (acked) => {
      if (acked) this.poll();
      else this.#input({ type: "refused" });
    });
  }

  #rejoin(secured: boolean): void {
    const beacon = this.#beacon;
    if (!beacon) return;
    this.#mac.radio.channel = beacon.channel;
    this.#mac.radio.panId = beacon.panId;
    this.nwk.parent = beacon.parent;
    const out = {
      type: "command",
      destination: beacon.parent,
      payload: Uint8Array.of(NWK_COMMAND.rejoinRequest, this.#options.capability),
      secured,
      radius: 1,
      sourceIeee: this.eui64,
    } as const;
    this.nwk.send(out, (acked) => {
      if (acked) this.#pollSoon();
      else this.#input({ type: "refused" });
    });
  }

  /** Counters of what this device sends go on: they belong to the device, not to the network. */
  #forget(): void {
    this.nwk.reset();
    this.nwk.keys.clear();
    this.#partners.clear();
    this.#trustCenter = undefined;
    this.#trustCenterLink = new LinkKey(this.eui64, this.#options.linkKey);
    this.#extendedPanId = undefined;
    this.#mac.radio.shortAddress = MAC_BROADCAST;
    this.#mac.radio.panId = MAC_BROADCAST;
  }

  #cameUp(how: "joined" | "rejoined" | "resumed"): void {
    this.#failedPolls = 0;
    if (this.sleepy) this.#mac.radio.receiving = false;
    this.#announce();
    for (const partner of this.#partners.keys()) this.#find(partner);
    this.#schedulePoll();
    this.onEvent({ type: "up", how, nodeId: this.nodeId, extendedPanId: this.#extendedPanId ?? this.eui64 });
  }

  #nextZdoSequence(): number {
    this.#zdoSequence = (this.#zdoSequence + 1) & 0xff;
    return this.#zdoSequence;
  }

  #announce(): void {
    const { capability } = this.#options;
    const payload = encodeDeviceAnnounce(this.#nextZdoSequence(), this.nodeId, this.eui64, capability);
    this.#broadcastZdo(ZDO.deviceAnnounce, payload);
  }

  /** A frame names its sender by short address only: a partner's must be known to find its key. */
  #find(partner: Eui64): void {
    if (this.nwk.nodeIdOf(partner) !== undefined) return;
    this.#broadcastZdo(ZDO.nwkAddress, encodeAddressRequest(this.#nextZdoSequence(), partner));
  }

  #broadcastZdo(cluster: number, payload: Uint8Array): void {
    const message: ApsMessage = {
      nodeId: BROADCAST_RX_ON,
      profile: 0,
      cluster,
      sourceEndpoint: 0,
      destinationEndpoint: 0,
      apsSecurity: false,
      apsAck: false,
      sequence: this.aps.nextSequence(),
      payload,
    };
    this.aps.send(message, () => {});
  }

  #pollSoon(): void {
    if (this.sleepy && this.#joinState.at !== "off") this.#schedulePoll(this.settings.fastPollMs);
  }

  #schedulePoll(ms = this.settings.pollMs): void {
    this.#pollTimer?.cancel();
    this.#pollTimer = this.#clock.after(ms, () => this.poll());
  }

  #polled(acked: boolean): void {
    const { at } = this.#joinState;
    this.#failedPolls = acked ? 0 : this.#failedPolls + 1;
    if (at === "joined" && this.#failedPolls >= this.settings.lostAfter) {
      this.#failedPolls = 0;
      this.#input({ type: "parent-lost" });
    } else if (at === "joined" || this.sleepy) {
      const waits = at !== "joined" || this.aps.outstanding + this.#awaiting > 0 || !acked;
      this.#schedulePoll(this.sleepy && waits ? this.settings.fastPollMs : this.settings.pollMs);
    }
  }

  /** After a frame came a sleepy device fetches the next one, or turns its receiver off. */
  #received(framePending: boolean): void {
    if (!this.sleepy || this.#joinState.at === "scanning") return;
    if (framePending) this.poll();
    else this.#mac.radio.receiving = this.#joinState.at !== "joined";
  }

  #macCommand(id: number, frame: MacFrame): void {
    if (id !== MAC_COMMAND.associationResponse || this.#joinState.at !== "associating") return;
    const [, low, high, status] = frame.payload;
    if (status !== 0 || low === undefined || high === undefined) {
      this.#input({ type: "refused" });
      return;
    }
    this.#mac.radio.shortAddress = low | (high << 8);
    this.#input({ type: "associated" });
    this.#pollSoon();
  }

  #nwkCommand(frame: NwkIncoming): void {
    const { header, payload, securedBy } = frame;
    const [id, low, high, status] = payload;
    if (id === NWK_COMMAND.rejoinResponse && this.#joinState.at === "rejoining") {
      const secured = this.#joinState.way === "secured";
      if (secured !== (securedBy !== undefined) || header.destinationIeee !== this.eui64) return;
      if (status !== 0 || low === undefined || high === undefined) {
        this.#input({ type: "refused" });
        return;
      }
      this.#mac.radio.shortAddress = low | (high << 8);
      this.#input({ type: "rejoined" });
      this.#pollSoon();
    } else if (id === NWK_COMMAND.leave && securedBy !== undefined && header.source === this.nwk.parent) {
      const options = low ?? 0;
      if ((options & LEAVE_REQUEST) !== 0) this.leave((options & LEAVE_REJOIN) !== 0);
    }
  }

  #apsCommand(command: ApsCommand, meta: ApsCommandMeta): void {
    if (command.id === "transport-network-key") this.#networkKey(command, meta);
    else if (command.id === "switch-key" && meta.nwkSecured) {
      if (this.nwk.keys.switchTo(command.sequence)) this.#noteChange();
    } else if (command.id === "transport-link-key" && meta.securedWith === "key-load") {
      this.#partners.set(command.partner, new LinkKey(command.partner, Uint8Array.from(command.key)));
      this.#find(command.partner);
      this.#noteChange();
      this.onEvent({ type: "partner-key", partner: command.partner });
    }
  }

  /** The first key must come under the link key; a further one may come under the network key alone. */
  #networkKey(command: Extract<ApsCommand, { id: "transport-network-key" }>, meta: ApsCommandMeta): void {
    const next = { key: Uint8Array.from(command.key), sequence: command.sequence };
    if (command.destination !== this.eui64) return;
    if (this.#joinState.at === "awaiting-key" && meta.securedWith === "key-transport") {
      this.#trustCenter = command.source;
      this.nwk.keys.clear();
      this.nwk.keys.active = next;
      this.nwk.learn(meta.nodeId, command.source);
      this.#input({ type: "network-key" });
    } else if (this.#joinState.at === "joined" && meta.nwkSecured && meta.securedWith !== "data")
      this.nwk.keys.other = next;
  }

  #data(message: ApsMessage, meta: ApsDataMeta): void {
    if (this.#joinState.at !== "joined") return;
    if (message.fragment) this.#reassembly.block(message);
    else this.#message(message, meta.kind);
  }

  #message(message: ApsMessage, kind: ApsDataMeta["kind"]): void {
    if (message.profile === 0 && message.destinationEndpoint === 0) this.#zdo(message, kind);
    else this.onMessage(message, kind);
  }

  #zdo(message: ApsMessage, kind: ApsDataMeta["kind"]): void {
    const who =
      message.cluster === ZDO.deviceAnnounce
        ? decodeDeviceAnnounce(message.payload)
        : message.cluster === (ZDO.nwkAddress | ZDO.response)
          ? decodeAddressResponse(message.payload)
          : undefined;
    if (who) this.nwk.learn(who.nodeId, who.eui64);
    if ((message.cluster & ZDO.response) !== 0) {
      if (message.cluster === (ZDO.matchDescriptor | ZDO.response))
        this.#discovery.response(message.nodeId, message.payload);
      this.onMessage(message, kind);
      return;
    }
    const answer =
      message.cluster === ZDO.managementLeave
        ? { cluster: ZDO.managementLeave | ZDO.response, payload: this.#askedToLeave(message.payload) }
        : answerZdo(message.cluster, message.payload, this.#description(), kind !== "unicast");
    if (answer) this.#postZdo(message.nodeId, answer.cluster, answer.payload);
  }

  #postZdo(nodeId: number, cluster: number, payload: Uint8Array): void {
    this.post({
      nodeId,
      profile: 0,
      cluster,
      sourceEndpoint: 0,
      destinationEndpoint: 0,
      apsSecurity: false,
      payload,
    });
  }

  #askedToLeave(payload: Uint8Array): Uint8Array {
    const { eui64, rejoin } = decodeManagementLeave(payload);
    const mine = eui64 === this.eui64 || eui64 === "0000000000000000";
    if (mine) this.#options.air.defer(() => this.leave(rejoin));
    return Uint8Array.of(payload[0] ?? 0, mine ? ZDO_STATUS.success : ZDO_STATUS.deviceNotFound);
  }

  #description(): NodeDescription {
    return {
      nodeId: this.nodeId,
      eui64: this.eui64,
      logicalType: "end-device",
      capability: this.#options.capability,
      manufacturerCode: this.#options.manufacturerCode,
      maximumTransfer: this.settings.maximumMessage,
      serverMask: 0x2c00,
      endpoints: this.#options.endpoints,
    };
  }
}
