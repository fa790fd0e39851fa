import { fromHex, toHex } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import type { Eui64 } from "../../base/eui64.ts";
import { MAC_BROADCAST, MAC_COMMAND } from "../air/mac-frame.ts";
import { ApsLayer } from "./aps/aps.ts";
import type { ApsCommand } from "./aps/aps-command.ts";
import type { ApsCommandMeta, ApsDataMeta } from "./aps/aps-handlers.ts";
import { Reassembly, sendWhole } from "./aps/fragments.ts";
import type { ApsMessage } from "./coordinator.ts";
import { DeviceKeys } from "./device/device-keys.ts";
import {
  DEVICE_NODE_DEFAULTS,
  type DeviceNodeEvent,
  type DeviceNodeOptions,
  type DeviceNodeSettings,
  type DeviceNodeSnapshot,
  type DeviceSendOutcome,
  type HomeNetwork,
  type OutgoingMessage,
} from "./device/device-node-types.ts";
import { DeviceZdo } from "./device/device-zdo.ts";
import type { JoinState } from "./device/join-machine.ts";
import { NetworkEntry } from "./device/network-entry.ts";
import { ParentPoll } from "./device/parent-poll.ts";
import { CAPABILITY_RX_ON, MacLayer } from "./network/mac.ts";
import { type NwkIncoming, NwkLayer } from "./network/nwk.ts";
import { BROADCAST_RX_ON, LEAVE_REJOIN, LEAVE_REQUEST, NWK_COMMAND } from "./network/nwk-frame.ts";
import { FrameCounter } from "./security/frame-counter.ts";
import { LinkKey } from "./security/link-key.ts";

export * from "./device/device-node-types.ts";

/** No server of any kind; stack compliance revision 22. */
const SERVER_MASK = 0x2c00;

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
  readonly #entry: NetworkEntry;
  readonly #reassembly: Reassembly;
  readonly #keys: DeviceKeys;
  readonly #zdo: DeviceZdo;
  readonly #poll: ParentPoll;
  #trustCenter: Eui64 | undefined;
  #extendedPanId: Eui64 | undefined;

  constructor(options: DeviceNodeOptions) {
    const { air, eui64, clock, snapshot } = options;
    this.#options = options;
    this.eui64 = eui64;
    this.#clock = clock;
    this.settings = { ...DEVICE_NODE_DEFAULTS, ...options.settings };
    this.#keys = new DeviceKeys(eui64, options.linkKey, snapshot);
    const radio = air.attach(eui64);
    radio.receiving = false;
    this.#mac = new MacLayer(radio, clock, {
      data: (payload, source, quality) => this.nwk.receive(payload, source, quality),
      command: (id, frame) => {
        if (id === MAC_COMMAND.associationResponse) this.#entry.associationResponse(frame);
      },
      beacon: (frame) => this.#entry.beacon(frame),
      received: (framePending) => this.#poll.received(framePending),
    });
    this.#entry = this.#makeEntry();
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
        linkKeys: (peer) => this.#linkKeys(peer),
      },
    });
    const { ackTimeoutMs, retries } = this.aps.settings;
    this.#reassembly = new Reassembly({
      aps: this.aps,
      clock,
      settings: { maximumLength: this.settings.maximumMessage, timeoutMs: ackTimeoutMs * (retries + 2) },
      deliver: (message) => this.#message(message, "unicast"),
    });
    this.#poll = new ParentPoll({
      clock,
      settings: this.settings,
      sleepy: this.sleepy,
      mac: this.#mac,
      ports: {
        at: () => this.#entry.at,
        parent: () => this.nwk.parent,
        outstanding: () => this.aps.outstanding,
        lost: () => this.parentLost(),
      },
    });
    this.#zdo = this.#makeZdo();
    if (snapshot?.home) this.#takeHome(snapshot.home);
  }

  get sleepy(): boolean {
    return (this.#options.capability & CAPABILITY_RX_ON) === 0;
  }

  get state(): JoinState["at"] {
    return this.#entry.at;
  }

  get nodeId(): number {
    return this.nwk.nodeId;
  }

  /** Whether a message is coming in, block by block. */
  get receiving(): boolean {
    return this.#reassembly.underWay;
  }

  get trustCenter(): Eui64 | undefined {
    return this.#trustCenter;
  }

  start(): void {
    const known = this.nwk.keys.active !== undefined;
    if (known) this.#mac.radio.receiving = true;
    this.#entry.input({ type: "start", known });
  }

  /** Power off; what is in flash stays. */
  stop(): void {
    this.#entry.input({ type: "stop" });
    this.#quiet();
    this.#mac.radio.receiving = false;
  }

  /** Power off for good: the radio leaves the air. */
  close(): void {
    this.stop();
    this.#options.air.detach(this.#mac.radio);
  }

  /** Looks for a network at once where it was waiting for its next attempt. */
  wake(): void {
    if (this.#entry.at === "waiting") this.#entry.input({ type: "timeout" });
    else if (this.sleepy) this.poll();
  }

  /** The hub no longer answers: the device looks for its network. */
  parentLost(): void {
    this.#entry.input({ type: "parent-lost" });
  }

  /** Tells the parent and goes. It will look for a network to join again unless it is stopped. */
  leave(rejoin = false): void {
    if (this.#entry.at !== "joined") return;
    const payload = Uint8Array.of(NWK_COMMAND.leave, rejoin ? LEAVE_REJOIN : 0);
    this.nwk.send({ type: "command", destination: BROADCAST_RX_ON, payload }, () =>
      this.#entry.input({ type: "left", rejoin }),
    );
  }

  /** Whether key establishment has replaced the install code's key. */
  get established(): boolean {
    return this.#keys.established;
  }

  /** Asks the Trust Centre which of its endpoints serve a Smart Energy cluster; undefined where it stays silent. */
  findServers(
    profile: number,
    cluster: number,
    done: (endpoints: readonly number[] | undefined) => void,
  ): void {
    this.#zdo.findServers({ nodeId: this.nwk.parent ?? 0, profile, cluster }, done);
  }

  /** A sleepy device polls in quick succession until the returned function is called. */
  stayAwake(): () => void {
    return this.#poll.stayAwake();
  }

  /** Replaces the Trust Centre link key, for instance by the one from key establishment. */
  setTrustCenterLinkKey(key: Uint8Array): void {
    this.#keys.establish(key);
    this.#noteChange();
  }

  hasKeyWith(partner: Eui64): boolean {
    return this.#linkKey(partner) !== undefined;
  }

  /** Asks the Trust Centre for a link key shared with `partner`; the `partner-key` event tells of it. */
  requestPartnerKey(partner: Eui64): void {
    const command: ApsCommand = { id: "request-key", kind: "application", partner };
    this.aps.sendCommand(this.nwk.parent ?? 0, command, { link: this.#keys.trustCenterLink });
    this.#poll.soon();
  }

  /** Sends a message with APS acknowledgement, in blocks where it is long. */
  send(out: OutgoingMessage): Promise<DeviceSendOutcome> {
    return new Promise((resolve) => this.post(out, resolve));
  }

  /** As {@link send}, but tells the outcome in the very step of the air in which it is known. */
  post(out: OutgoingMessage, done: (outcome: DeviceSendOutcome) => void = () => {}): void {
    if (this.#entry.at !== "joined") {
      done("not-joined");
      return;
    }
    const message: ApsMessage = { ...out, apsAck: true, sequence: this.aps.nextSequence() };
    const outcome = sendWhole(this.aps, message, (ok) => done(ok ? "delivered" : "not-delivered"));
    if (outcome !== "ok") done(outcome);
    this.#poll.soon();
  }

  /** A sleepy device asks its parent for what is waiting. */
  poll(): void {
    this.#poll.now();
  }

  snapshot(): DeviceNodeSnapshot {
    const active = this.nwk.keys.active;
    const { radio } = this.#mac;
    const home: HomeNetwork | undefined =
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
    return {
      outgoingFrameCounter: this.nwk.counter.reserved,
      outgoingApsFrameCounter: this.aps.security.counter.reserved,
      ...this.#keys.snapshot(),
      ...(home ? { home } : {}),
    };
  }

  #takeHome(home: HomeNetwork): void {
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
    const partner = this.#keys.partners.get(peer);
    if (partner) return partner;
    const own = this.#trustCenter === undefined || peer === this.#trustCenter;
    return own ? this.#keys.trustCenterLink : undefined;
  }

  /** While the network key is awaited its sender may be a Trust Centre not known yet. */
  #linkKeys(peer: Eui64): readonly LinkKey[] {
    if (this.#entry.at === "awaiting-key") return this.#keys.forNetworkKey();
    const link = this.#linkKey(peer);
    return link ? [link] : [];
  }

  #makeEntry(): NetworkEntry {
    return new NetworkEntry({
      eui64: this.eui64,
      capability: this.#options.capability,
      clock: this.#clock,
      settings: this.settings,
      ports: {
        mac: () => this.#mac,
        nwk: () => this.nwk,
        extendedPanId: () => this.#extendedPanId,
        joining: (extendedPanId) => {
          this.#extendedPanId = extendedPanId;
        },
        pollNow: () => this.poll(),
        pollSoon: () => this.#poll.soon(),
        forget: () => this.#forget(),
        cameUp: (how) => this.#cameUp(how),
        wentDown: () => {
          this.#quiet();
          this.onEvent({ type: "down" });
        },
      },
    });
  }

  /** Whatever is under way is given up. */
  #quiet(): void {
    this.#poll.stop();
    this.aps.cancel();
    this.#reassembly.clear();
    this.#zdo.clear();
  }

  /** Counters of what this device sends go on: they belong to the device, not to the network. */
  #forget(): void {
    this.nwk.reset();
    this.nwk.keys.clear();
    this.#keys.forget();
    this.#trustCenter = undefined;
    this.#extendedPanId = undefined;
    this.#mac.radio.shortAddress = MAC_BROADCAST;
    this.#mac.radio.panId = MAC_BROADCAST;
  }

  #cameUp(how: "joined" | "rejoined" | "resumed"): void {
    this.#poll.start();
    this.#zdo.announce();
    for (const partner of this.#keys.partners.keys()) this.#find(partner);
    this.onEvent({ type: "up", how, nodeId: this.nodeId, extendedPanId: this.#extendedPanId ?? this.eui64 });
  }

  /** A frame names its sender by short address only: a partner's must be known to find its key. */
  #find(partner: Eui64): void {
    if (this.nwk.nodeIdOf(partner) !== undefined) return;
    this.#zdo.findNode(partner);
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

  #nwkCommand(frame: NwkIncoming): void {
    const { header, payload, securedBy } = frame;
    const [id, options = 0] = payload;
    if (id === NWK_COMMAND.rejoinResponse) this.#entry.rejoinResponse(frame);
    else if (id === NWK_COMMAND.leave && securedBy !== undefined && header.source === this.nwk.parent)
      if ((options & LEAVE_REQUEST) !== 0) this.leave((options & LEAVE_REJOIN) !== 0);
  }

  #apsCommand(command: ApsCommand, meta: ApsCommandMeta): void {
    if (command.id === "transport-network-key") this.#networkKey(command, meta);
    else if (command.id === "switch-key" && meta.nwkSecured) {
      if (this.nwk.keys.switchTo(command.sequence)) this.#noteChange();
    } else if (command.id === "transport-link-key" && meta.securedWith === "key-load") {
      this.#keys.partners.set(command.partner, new LinkKey(command.partner, Uint8Array.from(command.key)));
      this.#find(command.partner);
      this.#noteChange();
      this.onEvent({ type: "partner-key", partner: command.partner });
    }
  }

  /** The first key must come under the link key; a further one may come under the network key alone. */
  #networkKey(command: Extract<ApsCommand, { id: "transport-network-key" }>, meta: ApsCommandMeta): void {
    const next = { key: Uint8Array.from(command.key), sequence: command.sequence };
    if (command.destination !== this.eui64) return;
    if (this.#entry.at === "awaiting-key" && meta.securedWith === "key-transport") {
      if (meta.link) this.#keys.proven(meta.link);
      this.#trustCenter = command.source;
      this.nwk.keys.clear();
      this.nwk.keys.active = next;
      this.nwk.learn(meta.nodeId, command.source);
      this.#entry.input({ type: "network-key" });
    } else if (this.#entry.at === "joined" && meta.nwkSecured && meta.securedWith !== "data")
      this.nwk.keys.other = next;
  }

  #data(message: ApsMessage, meta: ApsDataMeta): void {
    if (this.#entry.at !== "joined") return;
    if (message.fragment) this.#reassembly.block(message);
    else this.#message(message, meta.kind);
  }

  #message(message: ApsMessage, kind: ApsDataMeta["kind"]): void {
    if (message.profile !== 0 || message.destinationEndpoint !== 0) this.onMessage(message, kind);
    else this.#zdo.message(message, kind);
  }

  #makeZdo(): DeviceZdo {
    const { air, capability, manufacturerCode, endpoints } = this.#options;
    return new DeviceZdo(this.#clock, this.settings.answerMs, {
      description: () => ({
        nodeId: this.nodeId,
        eui64: this.eui64,
        logicalType: "end-device",
        capability,
        manufacturerCode,
        maximumTransfer: this.settings.maximumMessage,
        serverMask: SERVER_MASK,
        endpoints,
      }),
      post: (nodeId, cluster, payload) => this.#postZdo(nodeId, cluster, payload),
      broadcast: (cluster, payload) => this.#broadcastZdo(cluster, payload),
      learn: (nodeId, eui64) => this.nwk.learn(nodeId, eui64),
      leave: (rejoin) => air.defer(() => this.leave(rejoin)),
    });
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
}
