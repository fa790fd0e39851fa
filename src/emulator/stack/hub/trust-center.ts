import type { Clock, Timer } from "../../../base/clock.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import type { Random } from "../../../base/random.ts";
import { MAC_COMMAND } from "../../air/mac-frame.ts";
import type { ApsLayer } from "../aps/aps.ts";
import type { ApsCommand } from "../aps/aps-command.ts";
import type { ApsCommandMeta } from "../aps/aps-handlers.ts";
import type { JoinPolicy, StackEvent } from "../coordinator.ts";
import type { NwkIncoming, NwkLayer } from "../network/nwk.ts";
import { BROADCAST_RX_ON, NWK_COMMAND } from "../network/nwk-frame.ts";
import { LinkKey } from "../security/link-key.ts";
import type { NetworkKey } from "../security/network-keys.ts";
import type { LinkKeyTable } from "./link-key-table.ts";

/** MAC capability bit: receiver on when idle. Without it the child sleeps. */
export const CAPABILITY_RX_ON = 0x08;
export const CAPABILITY_ALLOCATE = 0x80;
export const CAPABILITY_MAINS = 0x04;

export const LEAVE_REQUEST = 0x40;
export const LEAVE_REJOIN = 0x20;
const PERMIT_FOREVER = 255;

export interface Child {
  eui64: Eui64;
  nodeId: number;
  sleepy: boolean;
  capability: number;
}

type Decision = Extract<StackEvent, { type: "joined" }>["decision"];

/** Parent and Trust Centre: who gets an address, and who gets the network key under which link key. */
export class TrustCenter {
  policy: JoinPolicy = "known-keys-only";
  applicationKeys: "allow" | "deny" = "allow";
  globalKey: Uint8Array | undefined;
  readonly children = new Map<Eui64, Child>();
  readonly #nwk: NwkLayer;
  readonly #aps: ApsLayer;
  readonly #keys: LinkKeyTable;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #emit: (event: StackEvent) => void;
  readonly #global = new Map<Eui64, LinkKey>();
  /** Addresses once given stay with their device. */
  readonly #addresses = new Map<Eui64, number>();
  #permit: { timer: Timer | undefined } | undefined;

  constructor(options: {
    nwk: NwkLayer;
    aps: ApsLayer;
    keys: LinkKeyTable;
    clock: Clock;
    random: Random;
    emit: (event: StackEvent) => void;
  }) {
    this.#nwk = options.nwk;
    this.#aps = options.aps;
    this.#keys = options.keys;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#emit = options.emit;
  }

  get permitsJoining(): boolean {
    return this.#permit !== undefined;
  }

  permitJoining(seconds: number): void {
    const wasOpen = this.#permit !== undefined;
    this.#permit?.timer?.cancel();
    this.#permit = undefined;
    if (seconds === 0) {
      if (wasOpen) this.#emit({ type: "network", state: "closed" });
      return;
    }
    const close = () => this.permitJoining(0);
    this.#permit = {
      timer: seconds === PERMIT_FOREVER ? undefined : this.#clock.after(seconds * 1000, close),
    };
    this.#emit({ type: "network", state: "opened" });
  }

  /** Ends everything that belongs to the present network. */
  reset(): void {
    this.#permit?.timer?.cancel();
    this.#permit = undefined;
    for (const child of this.children.values()) this.#nwk.mac.forget(child.nodeId);
    this.children.clear();
    this.#addresses.clear();
    this.#global.clear();
  }

  /** Takes up children known from before a restart. */
  restore(child: Child): void {
    this.children.set(child.eui64, child);
    this.#addresses.set(child.eui64, child.nodeId);
    this.#nwk.learn(child.nodeId, child.eui64);
    if (child.sleepy) this.#nwk.mac.sleepy.add(child.nodeId);
  }

  /** MAC association request (IEEE 802.15.4 7.3.1): the answer waits for the device's poll. */
  associate(eui64: Eui64, capability: number): void {
    const refused = !this.permitsJoining;
    const nodeId = refused ? 0xffff : this.#addressFor(eui64);
    const response = Uint8Array.of(
      MAC_COMMAND.associationResponse,
      nodeId & 0xff,
      nodeId >> 8,
      refused ? 2 : 0,
    );
    const mac = this.#nwk.mac;
    mac.forget(eui64);
    mac.hold(
      "command",
      eui64,
      () => response,
      (acked) => {
        if (acked && !refused) this.#joined(eui64, nodeId, capability);
      },
    );
  }

  /** NWK commands: rejoin and leave. */
  nwkCommand(frame: NwkIncoming): void {
    const { header, payload, securedBy } = frame;
    if (payload[0] === NWK_COMMAND.rejoinRequest && header.sourceIeee !== undefined)
      this.#rejoin(header.sourceIeee, header.source, payload[1] ?? 0, securedBy !== undefined);
    else if (payload[0] === NWK_COMMAND.leave && securedBy !== undefined)
      if (((payload[1] ?? 0) & LEAVE_REQUEST) === 0) this.#left(this.#nwk.eui64Of(header.source));
  }

  apsCommand(command: ApsCommand, meta: ApsCommandMeta): void {
    const eui64 = meta.eui64;
    if (command.id !== "request-key" || meta.securedWith === undefined || eui64 === undefined) return;
    if (command.kind === "trust-center") {
      this.#emit({ type: "key-request", eui64, kind: "trust-center" });
      return;
    }
    this.#emit({ type: "key-request", eui64, partner: command.partner, kind: "application" });
    if (this.applicationKeys === "allow") this.#introduce(eui64, command.partner);
  }

  /** The key to a device without an entry of its own, under the policy that lets everyone in. */
  globalLink(eui64: Eui64): LinkKey | undefined {
    return this.#global.get(eui64);
  }

  /** Makes a child leave for good, and tells the host once it has been told or cannot be reached. */
  remove(eui64: Eui64): void {
    const child = this.children.get(eui64);
    if (!child) return;
    const payload = Uint8Array.of(NWK_COMMAND.leave, LEAVE_REQUEST);
    const out = { type: "command", destination: child.nodeId, payload, destinationIeee: eui64 } as const;
    this.#nwk.send(out, () => this.#left(eui64));
  }

  /**
   * A node polled. Where it is no child, because it slept while it was removed, it is told to rejoin at its next poll,
   * as EmberZNet does: the host then judges it anew. Returns whether it is a child.
   */
  polledBy(nodeId: number): boolean {
    for (const child of this.children.values()) if (child.nodeId === nodeId) return true;
    const { mac } = this.#nwk;
    if (mac.sleepy.has(nodeId)) return false;
    mac.sleepy.add(nodeId);
    const payload = Uint8Array.of(NWK_COMMAND.leave, LEAVE_REQUEST | LEAVE_REJOIN);
    this.#nwk.send({ type: "command", destination: nodeId, payload }, () => mac.sleepy.delete(nodeId));
    return false;
  }

  /** Hands a further network key to everyone, or to one: under each one's link key where there is one (Zigbee 4.6.3.4). */
  distribute(next: NetworkKey, only?: Eui64): void {
    for (const { eui64, nodeId } of this.children.values()) {
      if (only !== undefined && eui64 !== only) continue;
      const link = this.#keys.find(eui64);
      this.#aps.sendCommand(
        nodeId,
        this.#transport(eui64, next),
        link ? { link, identifier: "key-transport" } : {},
      );
    }
  }

  announceSwitch(sequence: number): void {
    this.#aps.sendCommand(BROADCAST_RX_ON, { id: "switch-key", sequence });
    for (const child of this.children.values())
      if (child.sleepy) this.#aps.sendCommand(child.nodeId, { id: "switch-key", sequence });
  }

  #transport(destination: Eui64, { key, sequence }: NetworkKey): ApsCommand {
    return { id: "transport-network-key", key, sequence, destination, source: this.#nwk.eui64 };
  }

  #addressFor(eui64: Eui64): number {
    const known = this.#addresses.get(eui64);
    if (known !== undefined) return known;
    const taken = new Set(this.#addresses.values());
    let nodeId: number;
    do nodeId = 1 + this.#random.below(0xfff6);
    while (taken.has(nodeId));
    this.#addresses.set(eui64, nodeId);
    return nodeId;
  }

  #adopt(eui64: Eui64, nodeId: number, capability: number): Child {
    const sleepy = (capability & CAPABILITY_RX_ON) === 0;
    const child: Child = { eui64, nodeId, sleepy, capability };
    this.#addresses.set(eui64, nodeId);
    this.#nwk.mac.forget(nodeId);
    this.#aps.forgetDuplicates(nodeId);
    this.restore(child);
    this.#emit({ type: "child", nodeId, eui64, joining: true, sleepy });
    return child;
  }

  /** The link key under which a newcomer gets the network key; the install code's key comes before an older one. */
  #linkForJoin(eui64: Eui64): LinkKey | undefined {
    const transient = this.#keys.transient(eui64);
    if (this.policy === "closed") return undefined;
    const link = transient ?? this.#keys.stored(eui64);
    if (link) {
      link.incoming = 0;
      return link;
    }
    if (this.policy !== "global-key" || !this.globalKey) return undefined;
    const global = new LinkKey(eui64, this.globalKey);
    this.#global.set(eui64, global);
    return global;
  }

  #joined(eui64: Eui64, nodeId: number, capability: number): void {
    this.#adopt(eui64, nodeId, capability);
    const link = this.#linkForJoin(eui64);
    this.#decided(eui64, nodeId, "standard-join", link ? "allowed-preconfigured" : "denied");
    if (link) this.#sendNetworkKey(eui64, nodeId, link);
    else this.#drop(eui64);
  }

  #sendNetworkKey(eui64: Eui64, nodeId: number, link: LinkKey): void {
    const active = this.#nwk.keys.active;
    if (!active) return;
    this.#aps.sendCommand(nodeId, this.#transport(eui64, active), {
      link,
      identifier: "key-transport",
      nwkSecured: false,
    });
  }

  #decided(
    eui64: Eui64,
    nodeId: number,
    status: Extract<StackEvent, { type: "joined" }>["status"],
    decision: Decision,
  ): void {
    this.#emit({ type: "joined", nodeId, eui64, parent: 0, status, decision });
  }

  #rejoin(eui64: Eui64, oldNodeId: number, capability: number, secured: boolean): void {
    const link = secured ? undefined : this.policy === "closed" ? undefined : this.#keys.find(eui64);
    if (!secured && !link) {
      this.#decided(eui64, oldNodeId, "unsecured-rejoin", "denied");
      return;
    }
    const nodeId = this.#addressFor(eui64);
    const payload = Uint8Array.of(NWK_COMMAND.rejoinResponse, nodeId & 0xff, nodeId >> 8, 0);
    this.#nwk.mac.forget(oldNodeId);
    const out = {
      type: "command",
      destination: oldNodeId,
      payload,
      secured,
      destinationIeee: eui64,
    } as const;
    this.#nwk.send({ ...out, sourceIeee: this.#nwk.eui64 }, (acked) => {
      if (!acked) return;
      this.#adopt(eui64, nodeId, capability);
      this.#decided(
        eui64,
        nodeId,
        secured ? "secured-rejoin" : "unsecured-rejoin",
        link ? "allowed-preconfigured" : "none",
      );
      if (link) this.#sendNetworkKey(eui64, nodeId, link);
    });
  }

  #drop(eui64: Eui64): Child | undefined {
    const child = this.children.get(eui64);
    if (!child) return undefined;
    this.children.delete(eui64);
    this.#nwk.mac.forget(child.nodeId);
    this.#aps.cancel(child.nodeId);
    this.#emit({ type: "child", nodeId: child.nodeId, eui64, joining: false, sleepy: child.sleepy });
    return child;
  }

  #left(eui64: Eui64 | undefined): void {
    if (eui64 === undefined) return;
    const child = this.#drop(eui64);
    if (child) this.#decided(eui64, child.nodeId, "left", "none");
  }

  /** A new application link key for two devices, to each under its key-load key (Zigbee 4.7.3.6). */
  #introduce(initiator: Eui64, partner: Eui64): void {
    const ends = [initiator, partner].map((eui64) => ({
      nodeId: this.#nwk.nodeIdOf(eui64),
      link: this.#keys.find(eui64),
    }));
    if (ends.some(({ nodeId, link }) => nodeId === undefined || !link)) return;
    const key = this.#random.bytes(16);
    for (const [i, { nodeId, link }] of ends.entries()) {
      if (nodeId === undefined || !link) continue;
      const other = i === 0 ? partner : initiator;
      const command: ApsCommand = { id: "transport-link-key", key, partner: other, initiator: i === 0 };
      this.#aps.sendCommand(nodeId, command, { link, identifier: "key-load" });
    }
  }
}
