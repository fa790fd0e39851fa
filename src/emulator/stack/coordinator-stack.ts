import { fromHex, toHex } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import { type Eui64, eui64ToBytesLE } from "../../base/eui64.ts";
import type { Random } from "../../base/random.ts";
import type { Air } from "../air/air.ts";
import { MAC_BROADCAST, MAC_COMMAND, type MacFrame } from "../air/mac-frame.ts";
import { ApsLayer, type ApsSettings } from "./aps/aps.ts";
import { maximumApsPayload } from "./aps/aps-frame.ts";
import type { ApsDataMeta } from "./aps/aps-handlers.ts";
import type {
  ApsMessage,
  CoordinatorStack,
  EndpointDescriptor,
  JoinPolicy,
  LinkKeyEntry,
  NetworkParameters,
  NetworkSecurity,
  StackEvent,
  StackSnapshot,
} from "./coordinator.ts";
import { LinkKeyTable } from "./hub/link-key-table.ts";
import { TrustCenter } from "./hub/trust-center.ts";
import { MacLayer } from "./network/mac.ts";
import { NwkLayer } from "./network/nwk.ts";
import { FrameCounter } from "./security/frame-counter.ts";
import type { LinkKey } from "./security/link-key.ts";
import { answerZdo, decodeDeviceAnnounce, type NodeDescription, ZDO, type ZdoAnswer } from "./zdo/zdo.ts";

export interface EmulatedCoordinatorOptions {
  air: Air;
  eui64: Eui64;
  clock: Clock;
  random: Random;
  /** What an earlier instance left in its flash; `resume` brings its network back up. */
  snapshot?: StackSnapshot;
  aps?: Partial<ApsSettings>;
}

const COORDINATOR = 0x0000;
const COORDINATOR_CAPABILITY = 0x8f;
/** Primary trust centre, network manager, stack compliance revision 22. */
const SERVER_MASK = 0x2c41;
const SILICON_LABS = 0x1049;
const LOOPBACK = { lqi: 255, rssi: 0 } as const;

/** A Zigbee PRO coordinator and Trust Centre on the emulated air, as an NCP's firmware holds it. */
export class EmulatedCoordinator implements CoordinatorStack {
  readonly eui64: Eui64;
  readonly nwk: NwkLayer;
  readonly aps: ApsLayer;
  readonly #air: Air;
  readonly #keys: LinkKeyTable;
  readonly #trustCenter: TrustCenter;
  readonly #listeners = new Set<(event: StackEvent) => void>();
  #network: NetworkParameters | undefined;
  #up = false;
  #endpoints: readonly EndpointDescriptor[] = [];
  #manufacturerCode: number = SILICON_LABS;
  #changed = false;

  constructor(options: EmulatedCoordinatorOptions) {
    const { air, eui64, clock, random, snapshot } = options;
    this.eui64 = eui64;
    this.#air = air;
    this.#keys = new LinkKeyTable(clock);
    const radio = air.attach(eui64);
    radio.receiving = false;
    const mac = new MacLayer(radio, clock, {
      data: (payload, source, quality) => this.nwk.receive(payload, source, quality),
      command: (id, frame) => this.#macCommand(id, frame),
      beacon: () => {},
      polled: (source, expected) => {
        if (!this.#up || typeof source !== "number") return;
        if (this.#trustCenter.polledBy(source)) this.#emit({ type: "poll", nodeId: source, expected });
      },
    });
    const reserve = () => this.#noteChange();
    this.nwk = new NwkLayer({
      eui64,
      mac,
      counter: new FrameCounter(snapshot?.outgoingFrameCounter ?? 0, reserve),
      receive: (frame) => {
        if (frame.header.type === "command") this.#trustCenter.nwkCommand(frame);
        else this.aps.receive(frame);
      },
    });
    this.aps = new ApsLayer({
      nwk: this.nwk,
      clock,
      counter: new FrameCounter(snapshot?.outgoingApsFrameCounter ?? 0, reserve),
      firstSequence: random.below(256),
      ...(options.aps ? { settings: options.aps } : {}),
      handlers: {
        data: (message, meta) => this.#incoming(message, meta),
        command: (command, meta) => this.#trustCenter.apsCommand(command, meta),
        linkKey: (peer) => this.#linkKey(peer),
        linkKeys: (peer) => {
          const link = this.#linkKey(peer);
          return link ? [link] : [];
        },
      },
    });
    this.#trustCenter = new TrustCenter({
      nwk: this.nwk,
      aps: this.aps,
      keys: this.#keys,
      clock,
      random,
      emit: (event) => {
        if (event.type === "child") this.#noteChange();
        this.#emit(event);
      },
    });
    if (snapshot) this.#restore(snapshot);
  }

  #linkKey(peer: Eui64): LinkKey | undefined {
    return this.#keys.find(peer) ?? this.#trustCenter.globalLink(peer);
  }

  form(network: NetworkParameters, security: NetworkSecurity): void {
    this.#trustCenter.reset();
    this.nwk.reset();
    this.nwk.keys.clear();
    this.nwk.keys.active = { key: Uint8Array.from(security.networkKey), sequence: security.sequence };
    this.#trustCenter.globalKey = Uint8Array.from(security.trustCenterKey);
    this.nwk.counter.advanceTo(security.frameCounter ?? 0);
    this.#network = { ...network };
    this.#bringUp();
  }

  resume(): boolean {
    if (!this.#network || !this.nwk.keys.active) return false;
    if (!this.#up) this.#bringUp();
    return true;
  }

  leave(): void {
    if (!this.#network) return;
    this.#trustCenter.reset();
    this.aps.cancel();
    this.nwk.reset();
    this.nwk.keys.clear();
    this.#network = undefined;
    this.#silence();
    this.#noteChange();
    this.#air.defer(() => this.#emit({ type: "network", state: "down" }));
  }

  network(): NetworkParameters | undefined {
    return this.#up ? this.#network : undefined;
  }

  /** Power off: the radio leaves the air and no event follows. The snapshot stays readable. */
  close(): void {
    this.#listeners.clear();
    this.#trustCenter.permitJoining(0);
    this.aps.cancel();
    this.#silence();
    this.#air.detach(this.nwk.mac.radio);
  }

  permitJoining(seconds: number): void {
    if (this.#up) this.#trustCenter.permitJoining(seconds);
  }

  setJoinPolicy(policy: JoinPolicy): void {
    this.#trustCenter.policy = policy;
  }

  setEndpoints(endpoints: readonly EndpointDescriptor[]): void {
    this.#endpoints = endpoints;
  }

  setManufacturerCode(code: number): void {
    this.#manufacturerCode = code;
  }

  setApplicationKeyRequests(policy: "allow" | "deny"): void {
    this.#trustCenter.applicationKeys = policy;
  }

  networkKey(): { key: Uint8Array; sequence: number; frameCounter: number } | undefined {
    const active = this.nwk.keys.active;
    return active && { ...active, frameCounter: this.nwk.counter.next };
  }

  distributeNetworkKey(key: Uint8Array, sequence: number, only?: Eui64): void {
    const next = { key: Uint8Array.from(key), sequence };
    this.nwk.keys.other = next;
    this.#trustCenter.distribute(next, only);
    this.#noteChange();
  }

  switchNetworkKey(): void {
    const other = this.nwk.keys.other;
    if (!other) return;
    this.#trustCenter.announceSwitch(other.sequence);
    this.nwk.keys.switchTo(other.sequence);
    this.#noteChange();
  }

  importTransientKey(eui64: Eui64, key: Uint8Array): boolean {
    return this.#keys.importTransient(eui64, key);
  }

  transientKeys(): readonly { eui64: Eui64; key: Uint8Array; secondsLeft: number }[] {
    return this.#keys.transients();
  }

  clearTransientKeys(): void {
    this.#keys.clearTransients();
  }

  setTransientKeyTimeout(seconds: number): void {
    this.#keys.transientSeconds = seconds;
  }

  importLinkKey(index: number, eui64: Eui64, key: Uint8Array): "ok" | "table-full" | "invalid-index" {
    const outcome = this.#keys.import(index, eui64, key);
    if (outcome === "ok") this.#noteChange();
    return outcome;
  }

  linkKeys(): readonly LinkKeyEntry[] {
    return this.#keys.entries().map(({ index, link }) => ({
      index,
      eui64: link.eui64,
      key: link.key,
      outgoingFrameCounter: this.aps.security.counter.next,
      incomingFrameCounter: link.incoming,
    }));
  }

  eraseLinkKey(index: number): boolean {
    const erased = this.#keys.erase(index);
    if (erased) this.#noteChange();
    return erased;
  }

  clearLinkKeys(): void {
    this.#keys.clear();
    this.#noteChange();
  }

  setKeyTableSize(size: number): void {
    this.#keys.resize(size);
  }

  unicast(message: ApsMessage): "ok" | "no-link-key" | "not-joined" | "message-too-long" | "no-route" {
    if (!this.#up) return "not-joined";
    if (message.fragment === undefined || message.fragment.index === 0)
      message.sequence = this.aps.nextSequence();
    if (message.nodeId === COORDINATOR) return this.#loopback(message);
    return this.aps.send(message, (delivered) => this.#emit({ type: "sent", message, delivered }));
  }

  broadcast(message: ApsMessage, radius: number): "ok" | "not-joined" | "message-too-long" {
    if (!this.#up) return "not-joined";
    message.sequence = this.aps.nextSequence();
    const clear = { ...message, apsSecurity: false, apsAck: false };
    const sent = (delivered: boolean) => this.#emit({ type: "sent", message, delivered });
    const outcome = this.aps.send(clear, sent, radius === 0 ? undefined : radius);
    return outcome === "message-too-long" ? outcome : "ok";
  }

  fragmentAck(to: number, message: ApsMessage): "ok" | "not-joined" {
    if (!this.#up) return "not-joined";
    const { index, bitmap } = message.fragment ?? { index: 0, bitmap: undefined };
    this.aps.acknowledgeBlocks(to, message, index, bitmap ?? 0xff);
    return "ok";
  }

  nodeIdOf(eui64: Eui64): number | undefined {
    return eui64 === this.eui64 ? COORDINATOR : this.nwk.nodeIdOf(eui64);
  }

  eui64Of(nodeId: number): Eui64 | undefined {
    return nodeId === COORDINATOR ? this.eui64 : this.nwk.eui64Of(nodeId);
  }

  children(): readonly { eui64: Eui64; nodeId: number; sleepy: boolean }[] {
    return [...this.#trustCenter.children.values()];
  }

  removeDevice(eui64: Eui64): void {
    this.#trustCenter.remove(eui64);
  }

  on(listener: (event: StackEvent) => void): void {
    this.#listeners.add(listener);
  }

  snapshot(): StackSnapshot {
    const { active, other } = this.nwk.keys;
    const keyOf = (each: typeof active, isActive: boolean) =>
      each ? [{ key: toHex(each.key), sequence: each.sequence, active: isActive }] : [];
    const globalKey = this.#trustCenter.globalKey;
    return {
      eui64: this.eui64,
      ...(this.#network ? { network: { ...this.#network } } : {}),
      networkKeys: [...keyOf(active, true), ...keyOf(other, false)],
      outgoingFrameCounter: this.nwk.counter.reserved,
      outgoingApsFrameCounter: this.aps.security.counter.reserved,
      ...(globalKey ? { trustCenterKey: toHex(globalKey) } : {}),
      linkKeys: this.#keys.entries().map(({ link }) => ({
        eui64: link.eui64,
        key: toHex(link.key),
        outgoingFrameCounter: this.aps.security.counter.reserved,
        incomingFrameCounter: link.incoming,
      })),
      children: [...this.#trustCenter.children.values()].map((child) => ({ ...child })),
    };
  }

  #restore(snapshot: StackSnapshot): void {
    if (snapshot.network) this.#network = { ...snapshot.network };
    for (const { key, sequence, active } of snapshot.networkKeys) {
      const networkKey = { key: fromHex(key), sequence };
      if (active) this.nwk.keys.active = networkKey;
      else this.nwk.keys.other = networkKey;
    }
    if (snapshot.trustCenterKey !== undefined) this.#trustCenter.globalKey = fromHex(snapshot.trustCenterKey);
    if (snapshot.linkKeys.length > this.#keys.size) this.#keys.resize(snapshot.linkKeys.length);
    for (const { eui64, key, incomingFrameCounter } of snapshot.linkKeys)
      this.#keys.import(-1, eui64, fromHex(key), incomingFrameCounter);
    for (const child of snapshot.children) this.#trustCenter.restore({ ...child });
  }

  #bringUp(): void {
    const network = this.#network;
    if (!network) return;
    const { radio } = this.nwk.mac;
    radio.channel = network.channel;
    radio.panId = network.panId;
    radio.shortAddress = COORDINATOR;
    radio.receiving = true;
    this.#up = true;
    this.nwk.learn(COORDINATOR, this.eui64);
    this.#noteChange();
    this.#air.defer(() => this.#emit({ type: "network", state: "up" }));
  }

  #silence(): void {
    this.#up = false;
    const { radio } = this.nwk.mac;
    radio.receiving = false;
    radio.panId = MAC_BROADCAST;
    radio.shortAddress = MAC_BROADCAST;
  }

  #emit(event: StackEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #noteChange(): void {
    if (this.#changed) return;
    this.#changed = true;
    this.#air.defer(() => {
      this.#changed = false;
      this.#emit({ type: "changed" });
    });
  }

  #macCommand(id: number, frame: MacFrame): void {
    if (!this.#up) return;
    if (id === MAC_COMMAND.beaconRequest) this.nwk.mac.beacon(this.#beaconPayload());
    else if (id === MAC_COMMAND.associationRequest && typeof frame.source === "string")
      this.#trustCenter.associate(frame.source, frame.payload[1] ?? 0);
  }

  /** Superframe, GTS and pending fields, then the Zigbee PRO beacon payload (Zigbee 3.6.7). */
  #beaconPayload(): Uint8Array {
    const superframe = 0x4fff | (this.#trustCenter.permitsJoining ? 0x8000 : 0);
    const extendedPanId = this.#network?.extendedPanId ?? this.eui64;
    return Uint8Array.of(
      superframe & 0xff,
      superframe >> 8,
      0,
      0,
      0,
      0x22,
      0x84,
      ...eui64ToBytesLE(extendedPanId),
      0xff,
      0xff,
      0xff,
      0,
    );
  }

  #description(): NodeDescription {
    return {
      nodeId: COORDINATOR,
      eui64: this.eui64,
      logicalType: "coordinator",
      capability: COORDINATOR_CAPABILITY,
      manufacturerCode: this.#manufacturerCode,
      maximumTransfer: maximumApsPayload(false, false),
      serverMask: SERVER_MASK,
      endpoints: this.#endpoints,
    };
  }

  /** To itself: the NCP answers ZDO and gives everything else back as if it had come over the air. */
  #loopback(message: ApsMessage): "ok" {
    const isZdo = message.profile === 0 && message.destinationEndpoint === 0;
    const answer = isZdo ? this.#answerOwn(message) : undefined;
    const incoming = answer
      ? { ...message, ...answer, sourceEndpoint: 0, destinationEndpoint: message.sourceEndpoint }
      : { ...message };
    delete incoming.tag;
    this.#air.defer(() => {
      this.#emit({ type: "sent", message, delivered: true });
      this.#emit({ type: "incoming", message: incoming, kind: "unicast", ...LOOPBACK });
    });
    return "ok";
  }

  /** A request that the host cut short is no request: it comes back as it is. */
  #answerOwn(message: ApsMessage): ZdoAnswer | undefined {
    try {
      return answerZdo(message.cluster, message.payload, this.#description(), false);
    } catch (error) {
      if (error instanceof HanwayError) return undefined;
      throw error;
    }
  }

  #incoming(message: ApsMessage, meta: ApsDataMeta): void {
    if (message.profile === 0 && message.destinationEndpoint === 0 && this.#answersZdo(message, meta)) return;
    const { lqi, rssi } = meta.quality;
    this.#emit({ type: "incoming", message, kind: meta.kind, lqi, rssi });
  }

  /** ZDO requests are the stack's business; responses and announcements go to the host. */
  #answersZdo(message: ApsMessage, meta: ApsDataMeta): boolean {
    if (message.cluster === ZDO.deviceAnnounce) {
      const announce = decodeDeviceAnnounce(message.payload);
      if (announce) this.nwk.learn(announce.nodeId, announce.eui64);
      return false;
    }
    if ((message.cluster & ZDO.response) !== 0) return false;
    const broadcast = meta.kind !== "unicast";
    const answer = answerZdo(message.cluster, message.payload, this.#description(), broadcast);
    if (answer) {
      const reply: ApsMessage = {
        ...message,
        ...answer,
        sourceEndpoint: 0,
        destinationEndpoint: 0,
        apsAck: true,
        apsSecurity: false,
        sequence: this.aps.nextSequence(),
      };
      delete reply.group;
      this.aps.send(reply, () => {});
    }
    return true;
  }
}
