import type { Eui64 } from "../../base/eui64.ts";
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
import type { JoinState } from "./device/join-machine.ts";
import { Membership } from "./device/membership.ts";
import { makeLayers, type NodeHandlers } from "./layers.ts";
import type { NwkLayer } from "./network/nwk.ts";

export * from "./device/device-node-types.ts";

/**
 * The Zigbee PRO stack of one end device on the emulated air: joins, rejoins, sends and receives whole messages. Frames
 * come up through `layers.ts`; commands go to `device/membership.ts`, data through
 * `device/device-messages.ts` to the endpoints.
 */
export class DeviceNode {
  readonly eui64: Eui64;
  readonly nwk: NwkLayer;
  readonly aps: ApsLayer;
  readonly settings: DeviceNodeSettings;
  /** Whole messages for the endpoints; ZDO is answered by the node itself. */
  onMessage: (message: ApsMessage, kind: ApsDataMeta["kind"]) => void = () => {};
  onEvent: (event: DeviceNodeEvent) => void = () => {};
  readonly #options: DeviceNodeOptions;
  readonly #keys: DeviceKeys;
  readonly #membership: Membership;
  readonly #messages: DeviceMessages;
  readonly #zdo: DeviceZdo;

  constructor(options: DeviceNodeOptions) {
    const { eui64, clock, snapshot } = options;
    this.#options = options;
    this.eui64 = eui64;
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
    this.#membership = this.#makeMembership();
    this.#messages = new DeviceMessages(this.aps, clock, this.settings.maximumMessage, {
      joined: () => this.#membership.at === "joined",
      received: (message, kind) => this.#received(message, kind),
      pollSoon: () => this.#membership.poll.soon(),
    });
    this.#zdo = this.#makeZdo();
    if (snapshot?.home) this.#membership.home.restore(snapshot.home);
  }

  get state(): JoinState["at"] {
    return this.#membership.at;
  }

  get sleepy(): boolean {
    return this.#membership.sleepy;
  }

  get nodeId(): number {
    return this.nwk.nodeId;
  }

  /** Whether a message is coming in, block by block. */
  get receiving(): boolean {
    return this.#messages.receiving;
  }

  get trustCenter(): Eui64 | undefined {
    return this.#membership.home.trustCenter;
  }

  /** Whether key establishment has replaced the install code's key. */
  get established(): boolean {
    return this.#keys.established;
  }

  start(): void {
    this.#membership.start();
  }

  /** Power off; what is in flash stays. */
  stop(): void {
    this.#membership.stop();
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
    this.#membership.wake();
  }

  /** The hub no longer answers: the device looks for its network. */
  parentLost(): void {
    this.#membership.parentLost();
  }

  /** Tells the parent and goes. It will look for a network to join again unless it is stopped. */
  leave(rejoin = false): void {
    this.#membership.leave(rejoin);
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
    this.#membership.poll.now();
  }

  /** A sleepy device polls in quick succession until the returned function is called. */
  stayAwake(): () => void {
    return this.#membership.poll.stayAwake();
  }

  /** Replaces the Trust Centre link key, for instance by the one from key establishment. */
  setTrustCenterLinkKey(key: Uint8Array): void {
    this.#keys.establish(key);
    this.#noteChange();
  }

  hasKeyWith(partner: Eui64): boolean {
    return this.#membership.reception.linkKey(partner) !== undefined;
  }

  /** Asks the Trust Centre for a link key shared with `partner`; the `partner-key` event tells of it. */
  requestPartnerKey(partner: Eui64): void {
    const command: ApsCommand = { id: "request-key", kind: "application", partner };
    this.aps.sendCommand(this.nwk.parent ?? 0, command, { link: this.#keys.trustCenterLink });
    this.#membership.poll.soon();
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
    const home = this.#membership.home.snapshot();
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
    this.#membership.poll.stop();
    this.#messages.clear();
    this.#zdo.clear();
  }

  #cameUp(how: "joined" | "rejoined" | "resumed"): void {
    this.#membership.poll.start();
    this.#zdo.announce();
    for (const partner of this.#keys.partners.keys()) this.#find(partner);
    const extendedPanId = this.#membership.home.extendedPanId ?? this.eui64;
    this.onEvent({ type: "up", how, nodeId: this.nodeId, extendedPanId });
  }

  /** A frame names its sender by short address only: a partner's must be known to find its key. */
  #find(partner: Eui64): void {
    if (this.nwk.nodeIdOf(partner) === undefined) this.#zdo.findNode(partner);
  }

  #received(message: ApsMessage, kind: ApsDataMeta["kind"]): void {
    if (message.profile !== 0 || message.destinationEndpoint !== 0) this.onMessage(message, kind);
    else this.#zdo.message(message, kind);
  }

  #handlers(): NodeHandlers {
    return {
      mac: {
        command: (id, frame) => this.#membership.macCommand(id, frame),
        beacon: (frame) => this.#membership.beacon(frame),
        received: (framePending) => this.#membership.poll.received(framePending),
      },
      nwkCommand: (frame) => this.#membership.nwkCommand(frame),
      heard: (neighbour, readable) => this.#membership.heard(neighbour, readable),
      aps: {
        data: (message, meta) => this.#messages.incoming(message, meta),
        command: (command, meta) => this.#membership.reception.command(command, meta),
        linkKey: (peer) => this.#membership.reception.linkKey(peer),
        linkKeys: (peer) => this.#membership.reception.linkKeys(peer),
      },
    };
  }

  #makeMembership(): Membership {
    const { capability, clock } = this.#options;
    return new Membership({
      nwk: this.nwk,
      aps: this.aps,
      keys: this.#keys,
      clock,
      capability,
      settings: this.settings,
      ports: {
        cameUp: (how) => this.#cameUp(how),
        wentDown: () => {
          this.#quiet();
          this.onEvent({ type: "down" });
        },
        changed: () => this.#noteChange(),
        partnerKey: (partner) => {
          this.#find(partner);
          this.#noteChange();
          this.onEvent({ type: "partner-key", partner });
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
