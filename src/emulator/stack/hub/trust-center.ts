import type { Clock } from "../../../base/clock.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import type { Random } from "../../../base/random.ts";
import { MAC_COMMAND } from "../../air/mac-frame.ts";
import type { ApsLayer } from "../aps/aps.ts";
import type { ApsCommand } from "../aps/aps-command.ts";
import type { ApsCommandMeta } from "../aps/aps-handlers.ts";
import type { JoinPolicy, StackEvent } from "../coordinator.ts";
import type { NwkIncoming, NwkLayer } from "../network/nwk.ts";
import { LEAVE_REJOIN, LEAVE_REQUEST, NWK_COMMAND } from "../network/nwk-frame.ts";
import { LinkKey } from "../security/link-key.ts";
import { Children } from "./children.ts";
import { JoinWindow } from "./join-window.ts";
import { KeyTransport } from "./key-transport.ts";
import type { LinkKeyTable } from "./link-key-table.ts";

type Joined = Extract<StackEvent, { type: "joined" }>;

/** IEEE 802.15.4 association status. */
const ACCESS_DENIED = 2;
const NO_ADDRESS = 0xffff;

/** Parent and Trust Centre: who is let in, who comes back, who goes, and under which link key. */
export class TrustCenter {
  policy: JoinPolicy = "known-keys-only";
  applicationKeys: "allow" | "deny" = "allow";
  globalKey: Uint8Array | undefined;
  readonly window: JoinWindow;
  readonly children: Children;
  readonly transport: KeyTransport;
  readonly #nwk: NwkLayer;
  readonly #keys: LinkKeyTable;
  readonly #emit: (event: StackEvent) => void;
  readonly #global = new Map<Eui64, LinkKey>();

  constructor(options: {
    nwk: NwkLayer;
    aps: ApsLayer;
    keys: LinkKeyTable;
    clock: Clock;
    random: Random;
    emit: (event: StackEvent) => void;
  }) {
    const { nwk, aps, keys, clock, random, emit } = options;
    this.#nwk = nwk;
    this.#keys = keys;
    this.#emit = emit;
    this.window = new JoinWindow(clock, (state) => emit({ type: "network", state }));
    this.children = new Children({ nwk, aps, random, emit });
    this.transport = new KeyTransport({ nwk, aps, keys, children: this.children, random });
  }

  /** Ends everything that belongs to the present network. */
  reset(): void {
    this.window.forget();
    this.children.clear();
    this.#global.clear();
  }

  /** MAC association request (IEEE 802.15.4 7.3.1): the answer waits for the device's poll. */
  associate(eui64: Eui64, capability: number): void {
    const refused = !this.window.isOpen;
    const nodeId = refused ? NO_ADDRESS : this.children.addressFor(eui64);
    const response = Uint8Array.of(
      MAC_COMMAND.associationResponse,
      nodeId & 0xff,
      nodeId >> 8,
      refused ? ACCESS_DENIED : 0,
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

  /** Request-Key: the host is told either way. */
  apsCommand(command: ApsCommand, meta: ApsCommandMeta): void {
    const eui64 = meta.eui64;
    if (command.id !== "request-key" || meta.securedWith === undefined || eui64 === undefined) return;
    if (command.kind === "trust-center") {
      this.#emit({ type: "key-request", eui64, kind: "trust-center" });
      return;
    }
    this.#emit({ type: "key-request", eui64, partner: command.partner, kind: "application" });
    if (this.applicationKeys === "allow") this.transport.introduce(eui64, command.partner);
  }

  /** The key that secures frames with a device; the global one, under the policy that lets everyone in. */
  linkKey(eui64: Eui64): LinkKey | undefined {
    return this.#keys.find(eui64) ?? this.#global.get(eui64);
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
    if (this.children.has(nodeId)) return true;
    const { mac } = this.#nwk;
    if (mac.sleepy.has(nodeId)) return false;
    mac.sleepy.add(nodeId);
    const payload = Uint8Array.of(NWK_COMMAND.leave, LEAVE_REQUEST | LEAVE_REJOIN);
    this.#nwk.send({ type: "command", destination: nodeId, payload }, () => mac.sleepy.delete(nodeId));
    return false;
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
    this.children.adopt(eui64, nodeId, capability);
    const link = this.#linkForJoin(eui64);
    this.#decided(eui64, nodeId, "standard-join", link ? "allowed-preconfigured" : "denied");
    if (link) this.transport.admit(eui64, nodeId, link);
    else this.children.drop(eui64);
  }

  /** With the network key anyone comes back; without it, only who has a link key here, and gets the network key anew. */
  #rejoin(eui64: Eui64, oldNodeId: number, capability: number, secured: boolean): void {
    const link = secured || this.policy === "closed" ? undefined : this.#keys.find(eui64);
    if (!secured && !link) {
      this.#decided(eui64, oldNodeId, "unsecured-rejoin", "denied");
      return;
    }
    const nodeId = this.children.addressFor(eui64);
    const payload = Uint8Array.of(NWK_COMMAND.rejoinResponse, nodeId & 0xff, nodeId >> 8, 0);
    this.#nwk.mac.forget(oldNodeId);
    const out = {
      type: "command",
      destination: oldNodeId,
      payload,
      secured,
      destinationIeee: eui64,
      sourceIeee: this.#nwk.eui64,
    } as const;
    this.#nwk.send(out, (acked) => {
      if (!acked) return;
      this.children.adopt(eui64, nodeId, capability);
      const decision = link ? "allowed-preconfigured" : "none";
      this.#decided(eui64, nodeId, secured ? "secured-rejoin" : "unsecured-rejoin", decision);
      if (link) this.transport.admit(eui64, nodeId, link);
    });
  }

  #left(eui64: Eui64 | undefined): void {
    const child = eui64 === undefined ? undefined : this.children.drop(eui64);
    if (child) this.#decided(child.eui64, child.nodeId, "left", "none");
  }

  #decided(eui64: Eui64, nodeId: number, status: Joined["status"], decision: Joined["decision"]): void {
    this.#emit({ type: "joined", nodeId, eui64, parent: 0, status, decision });
  }
}
