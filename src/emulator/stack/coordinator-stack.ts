import type { Clock } from "../../base/clock.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Random } from "../../base/random.ts";
import type { Air } from "../air/air.ts";
import { MAC_COMMAND, type MacFrame } from "../air/mac-frame.ts";
import type { ApsLayer } from "./aps/aps.ts";
import type { ApsSettings } from "./aps/aps-settings.ts";
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
import { type Lasting, restore, snapshotOf } from "./hub/flash.ts";
import { HostMessages } from "./hub/host-messages.ts";
import { LinkKeyTable } from "./hub/link-key-table.ts";
import { OwnNetwork } from "./hub/own-network.ts";
import { OwnZdo } from "./hub/own-zdo.ts";
import { TrustCenter } from "./hub/trust-center.ts";
import { makeLayers, type NodeHandlers } from "./layers.ts";
import type { NwkLayer } from "./network/nwk.ts";
import type { FrameCounter } from "./security/frame-counter.ts";

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

/**
 * A Zigbee PRO coordinator and Trust Centre on the emulated air, as an NCP's firmware holds it. Frames come up
 * through `layers.ts`; commands end in `hub/trust-center.ts`, data goes through `hub/host-messages.ts` to the host.
 */
export class EmulatedCoordinator implements CoordinatorStack {
  readonly eui64: Eui64;
  readonly nwk: NwkLayer;
  readonly aps: ApsLayer;
  readonly #air: Air;
  readonly #keys: LinkKeyTable;
  readonly #trustCenter: TrustCenter;
  readonly #zdo: OwnZdo;
  readonly #messages: HostMessages;
  readonly #network: OwnNetwork;
  readonly #lasting: Lasting;
  readonly #listeners = new Set<(event: StackEvent) => void>();
  #changed = false;

  constructor(options: EmulatedCoordinatorOptions) {
    const { air, eui64, clock, random, snapshot } = options;
    this.eui64 = eui64;
    this.#air = air;
    const { nwk, aps } = makeLayers({
      air,
      eui64,
      clock,
      random,
      stored: snapshot,
      reserved: () => this.#noteChange(),
      aps: options.aps,
      handlers: this.#handlers(),
    });
    const keys = new LinkKeyTable(clock);
    const trustCenter = new TrustCenter({
      nwk,
      aps,
      keys,
      clock,
      random,
      emit: (event) => {
        if (event.type === "child") this.#noteChange();
        this.#emit(event);
      },
    });
    this.nwk = nwk;
    this.aps = aps;
    this.#keys = keys;
    this.#trustCenter = trustCenter;
    this.#zdo = new OwnZdo(nwk, aps);
    this.#messages = new HostMessages({
      aps,
      zdo: this.#zdo,
      emit: (event) => this.#emit(event),
      defer: (step) => air.defer(step),
    });
    const network = new OwnNetwork({
      nwk,
      aps,
      trustCenter,
      changed: (state) => {
        this.#noteChange();
        air.defer(() => this.#emit({ type: "network", state }));
      },
    });
    this.#network = network;
    this.#lasting = { nwk, aps, keys, trustCenter, network };
    if (snapshot) restore(this.#lasting, snapshot);
  }

  form(network: NetworkParameters, security: NetworkSecurity): void {
    this.#network.form(network, security);
  }

  resume(): boolean {
    return this.#network.resume();
  }

  leave(): void {
    this.#network.leave();
  }

  network(): NetworkParameters | undefined {
    return this.#network.isUp ? this.#network.parameters : undefined;
  }

  /** Power off: the radio leaves the air and no event follows. The snapshot stays readable. */
  close(): void {
    this.#listeners.clear();
    this.#trustCenter.window.forget();
    this.aps.cancel();
    this.#network.silence();
    this.#air.detach(this.nwk.mac.radio);
  }

  permitJoining(seconds: number): void {
    if (this.#network.isUp) this.#trustCenter.window.open(seconds);
  }

  setJoinPolicy(policy: JoinPolicy): void {
    this.#trustCenter.policy = policy;
  }

  setEndpoints(endpoints: readonly EndpointDescriptor[]): void {
    this.#zdo.endpoints = endpoints;
  }

  setManufacturerCode(code: number): void {
    this.#zdo.manufacturerCode = code;
  }

  setApplicationKeyRequests(policy: "allow" | "deny"): void {
    this.#trustCenter.applicationKeys = policy;
  }

  frameCounter(layer: "nwk" | "aps"): number {
    return this.#counter(layer).next;
  }

  advanceFrameCounter(layer: "nwk" | "aps", next: number): void {
    this.#counter(layer).advanceTo(next);
  }

  networkKey(): { key: Uint8Array; sequence: number; frameCounter: number } | undefined {
    const active = this.nwk.keys.active;
    return active && { ...active, frameCounter: this.nwk.counter.next };
  }

  distributeNetworkKey(key: Uint8Array, sequence: number, only?: Eui64): void {
    const next = { key: Uint8Array.from(key), sequence };
    this.nwk.keys.other = next;
    this.#trustCenter.transport.distribute(next, only);
    this.#noteChange();
  }

  switchNetworkKey(): void {
    const other = this.nwk.keys.other;
    if (!other) return;
    this.#trustCenter.transport.announceSwitch(other.sequence);
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
    return this.#network.isUp ? this.#messages.unicast(message) : "not-joined";
  }

  broadcast(message: ApsMessage, radius: number): "ok" | "not-joined" | "message-too-long" {
    return this.#network.isUp ? this.#messages.broadcast(message, radius) : "not-joined";
  }

  fragmentAck(to: number, message: ApsMessage): "ok" | "not-joined" {
    if (!this.#network.isUp) return "not-joined";
    this.#messages.fragmentAck(to, message);
    return "ok";
  }

  nodeIdOf(eui64: Eui64): number | undefined {
    return eui64 === this.eui64 ? COORDINATOR : this.nwk.nodeIdOf(eui64);
  }

  eui64Of(nodeId: number): Eui64 | undefined {
    return nodeId === COORDINATOR ? this.eui64 : this.nwk.eui64Of(nodeId);
  }

  children(): readonly { eui64: Eui64; nodeId: number; sleepy: boolean }[] {
    return this.#trustCenter.children.all();
  }

  removeDevice(eui64: Eui64): void {
    this.#trustCenter.remove(eui64);
  }

  on(listener: (event: StackEvent) => void): void {
    this.#listeners.add(listener);
  }

  snapshot(): StackSnapshot {
    return snapshotOf(this.#lasting);
  }

  #counter(layer: "nwk" | "aps"): FrameCounter {
    return layer === "nwk" ? this.nwk.counter : this.aps.security.counter;
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

  #handlers(): NodeHandlers {
    return {
      mac: {
        command: (id, frame) => this.#macCommand(id, frame),
        beacon: () => {},
        polled: (source, expected) => {
          if (!this.#network.isUp || typeof source !== "number") return;
          if (this.#trustCenter.polledBy(source)) this.#emit({ type: "poll", nodeId: source, expected });
        },
      },
      nwkCommand: (frame) => this.#trustCenter.nwkCommand(frame),
      aps: {
        data: (message, meta) => this.#messages.incoming(message, meta),
        command: (command, meta) => this.#trustCenter.apsCommand(command, meta),
        linkKey: (peer) => this.#trustCenter.linkKey(peer),
        linkKeys: (peer) => {
          const link = this.#trustCenter.linkKey(peer);
          return link ? [link] : [];
        },
      },
    };
  }

  #macCommand(id: number, frame: MacFrame): void {
    if (!this.#network.isUp) return;
    if (id === MAC_COMMAND.beaconRequest) this.#network.sendBeacon();
    else if (id === MAC_COMMAND.associationRequest && typeof frame.source === "string")
      this.#trustCenter.associate(frame.source, frame.payload[1] ?? 0);
  }
}
