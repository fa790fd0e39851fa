import type { Eui64 } from "../../base/eui64.ts";
import { MAC_COMMAND } from "../air/mac-frame.ts";
import type { ApsLayer } from "./aps/aps.ts";
import type { ApsCommand } from "./aps/aps-command.ts";
import type { ApsDataMeta } from "./aps/aps-handlers.ts";
import type { ApsMessage } from "./coordinator.ts";
import { DeviceKeys } from "./device/device-keys.ts";
import { DeviceMessages } from "./device/device-messages.ts";
import {
  DEVICE_NODE_DEFAULTS,
  type DeviceNodeEvent,
  type DeviceNodeOptions,
  type DeviceNodeSettings,
  type DeviceNodeSnapshot,
  type DeviceSendOutcome,
  type OutgoingMessage,
} from "./device/device-node-types.ts";
import { DeviceZdo } from "./device/device-zdo.ts";
import { HomeNetwork } from "./device/home-network.ts";
import type { JoinState } from "./device/join-machine.ts";
import { KeyReception } from "./device/key-reception.ts";
import { NetworkEntry } from "./device/network-entry.ts";
import { ParentPoll } from "./device/parent-poll.ts";
import { makeLayers, type NodeHandlers } from "./layers.ts";
import { CAPABILITY_RX_ON } from "./network/mac.ts";
import type { NwkIncoming, NwkLayer } from "./network/nwk.ts";
import { BROADCAST_RX_ON, LEAVE_REJOIN, LEAVE_REQUEST, NWK_COMMAND } from "./network/nwk-frame.ts";

export * from "./device/device-node-types.ts";

/**
 * The Zigbee PRO stack of one end device on the emulated air: joins, rejoins, sends and receives whole messages. Frames
 * come up through `layers.ts`; commands go to `device/network-entry.ts` and `device/key-reception.ts`, data through
 * `device/device-messages.ts` to the endpoints.
 */
export class DeviceNode {
  readonly eui64: Eui64;
  readonly sleepy: boolean;
  readonly nwk: NwkLayer;
  readonly aps: ApsLayer;
  readonly settings: DeviceNodeSettings;
  /** Whole messages for the endpoints; ZDO is answered by the node itself. */
  onMessage: (message: ApsMessage, kind: ApsDataMeta["kind"]) => void = () => {};
  onEvent: (event: DeviceNodeEvent) => void = () => {};
  readonly #options: DeviceNodeOptions;
  readonly #home: HomeNetwork;
  readonly #keys: DeviceKeys;
  readonly #reception: KeyReception;
  readonly #entry: NetworkEntry;
  readonly #poll: ParentPoll;
  readonly #messages: DeviceMessages;
  readonly #zdo: DeviceZdo;

  constructor(options: DeviceNodeOptions) {
    const { eui64, clock, snapshot } = options;
    this.#options = options;
    this.eui64 = eui64;
    this.sleepy = (options.capability & CAPABILITY_RX_ON) === 0;
    this.settings = { ...DEVICE_NODE_DEFAULTS, ...options.settings };
    this.#keys = new DeviceKeys(eui64, options.linkKey, snapshot);
    const { nwk, aps } = makeLayers({
      air: options.air,
      eui64,
      clock,
      random: options.random,
      stored: snapshot,
      reserved: () => this.#noteChange(),
      aps: options.aps,
      handlers: this.#handlers(),
    });
    this.nwk = nwk;
    this.aps = aps;
    this.#home = new HomeNetwork(this.nwk);
    this.#reception = this.#makeReception();
    this.#poll = this.#makePoll();
    this.#entry = this.#makeEntry();
    this.#messages = new DeviceMessages(this.aps, clock, this.settings.maximumMessage, {
      joined: () => this.#entry.at === "joined",
      received: (message, kind) => this.#received(message, kind),
      pollSoon: () => this.#poll.soon(),
    });
    this.#zdo = this.#makeZdo();
    if (snapshot?.home) this.#home.restore(snapshot.home);
  }

  get state(): JoinState["at"] {
    return this.#entry.at;
  }

  get nodeId(): number {
    return this.nwk.nodeId;
  }

  /** Whether a message is coming in, block by block. */
  get receiving(): boolean {
    return this.#messages.receiving;
  }

  get trustCenter(): Eui64 | undefined {
    return this.#home.trustCenter;
  }

  /** Whether key establishment has replaced the install code's key. */
  get established(): boolean {
    return this.#keys.established;
  }

  start(): void {
    const known = this.nwk.keys.active !== undefined;
    if (known) this.nwk.mac.radio.receiving = true;
    this.#entry.input({ type: "start", known });
  }

  /** Power off; what is in flash stays. */
  stop(): void {
    this.#entry.input({ type: "stop" });
    this.#quiet();
    this.nwk.mac.radio.receiving = false;
  }

  /** Power off for good: the radio leaves the air. */
  close(): void {
    this.stop();
    this.#options.air.detach(this.nwk.mac.radio);
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

  /** Asks the Trust Centre which of its endpoints serve a Smart Energy cluster; undefined where it stays silent. */
  findServers(
    profile: number,
    cluster: number,
    done: (endpoints: readonly number[] | undefined) => void,
  ): void {
    this.#zdo.findServers({ nodeId: this.nwk.parent ?? 0, profile, cluster }, done);
  }

  /** A sleepy device asks its parent for what is waiting. */
  poll(): void {
    this.#poll.now();
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
    return this.#reception.linkKey(partner) !== undefined;
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
    this.#messages.post(out, done);
  }

  snapshot(): DeviceNodeSnapshot {
    const home = this.#home.snapshot();
    return {
      outgoingFrameCounter: this.nwk.counter.reserved,
      outgoingApsFrameCounter: this.aps.security.counter.reserved,
      ...this.#keys.snapshot(),
      ...(home ? { home } : {}),
    };
  }

  #noteChange(): void {
    this.#options.air.defer(() => this.onEvent({ type: "changed" }));
  }

  /** Whatever is under way is given up. */
  #quiet(): void {
    this.#poll.stop();
    this.#messages.clear();
    this.#zdo.clear();
  }

  #cameUp(how: "joined" | "rejoined" | "resumed"): void {
    this.#poll.start();
    this.#zdo.announce();
    for (const partner of this.#keys.partners.keys()) this.#find(partner);
    const extendedPanId = this.#home.extendedPanId ?? this.eui64;
    this.onEvent({ type: "up", how, nodeId: this.nodeId, extendedPanId });
  }

  /** A frame names its sender by short address only: a partner's must be known to find its key. */
  #find(partner: Eui64): void {
    if (this.nwk.nodeIdOf(partner) === undefined) this.#zdo.findNode(partner);
  }

  #nwkCommand(frame: NwkIncoming): void {
    const { header, payload, securedBy } = frame;
    const [id, options = 0] = payload;
    if (id === NWK_COMMAND.rejoinResponse) this.#entry.rejoinResponse(frame);
    else if (id === NWK_COMMAND.leave && securedBy !== undefined && header.source === this.nwk.parent)
      if ((options & LEAVE_REQUEST) !== 0) this.leave((options & LEAVE_REJOIN) !== 0);
  }

  #received(message: ApsMessage, kind: ApsDataMeta["kind"]): void {
    if (message.profile !== 0 || message.destinationEndpoint !== 0) this.onMessage(message, kind);
    else this.#zdo.message(message, kind);
  }

  #handlers(): NodeHandlers {
    return {
      mac: {
        command: (id, frame) => {
          if (id === MAC_COMMAND.associationResponse) this.#entry.associationResponse(frame);
        },
        beacon: (frame) => this.#entry.beacon(frame),
        received: (framePending) => this.#poll.received(framePending),
      },
      nwkCommand: (frame) => this.#nwkCommand(frame),
      heard: (neighbour, readable) => {
        if (neighbour === this.nwk.parent) this.#poll.heard(readable);
      },
      aps: {
        data: (message, meta) => this.#messages.incoming(message, meta),
        command: (command, meta) => this.#reception.command(command, meta),
        linkKey: (peer) => this.#reception.linkKey(peer),
        linkKeys: (peer) => this.#reception.linkKeys(peer),
      },
    };
  }

  #makeReception(): KeyReception {
    return new KeyReception({
      nwk: this.nwk,
      home: this.#home,
      keys: this.#keys,
      ports: {
        at: () => this.#entry.at,
        admitted: () => this.#entry.input({ type: "network-key" }),
        changed: () => this.#noteChange(),
        partnerKey: (partner) => {
          this.#find(partner);
          this.#noteChange();
          this.onEvent({ type: "partner-key", partner });
        },
      },
    });
  }

  #makePoll(): ParentPoll {
    return new ParentPoll({
      clock: this.#options.clock,
      settings: this.settings,
      sleepy: this.sleepy,
      nwk: this.nwk,
      aps: this.aps,
      ports: {
        at: () => this.#entry.at,
        lost: (why) => this.#entry.input({ type: why }),
      },
    });
  }

  #makeEntry(): NetworkEntry {
    const { capability, clock } = this.#options;
    return new NetworkEntry({
      capability,
      clock,
      settings: this.settings,
      nwk: this.nwk,
      home: this.#home,
      keys: this.#keys,
      poll: this.#poll,
      ports: {
        cameUp: (how) => this.#cameUp(how),
        wentDown: () => {
          this.#quiet();
          this.onEvent({ type: "down" });
        },
      },
    });
  }

  #makeZdo(): DeviceZdo {
    const { air, clock, capability, manufacturerCode, endpoints } = this.#options;
    return new DeviceZdo({
      nwk: this.nwk,
      clock,
      answerMs: this.settings.answerMs,
      description: {
        capability,
        manufacturerCode,
        maximumTransfer: this.settings.maximumMessage,
        endpoints,
      },
      ports: {
        post: (out) => this.post(out),
        broadcast: (out) => this.#messages.broadcast(out),
        leave: (rejoin) => air.defer(() => this.leave(rejoin)),
      },
    });
  }
}
