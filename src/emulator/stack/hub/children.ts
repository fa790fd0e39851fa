import type { Eui64 } from "../../../base/eui64.ts";
import type { Random } from "../../../base/random.ts";
import type { ApsLayer } from "../aps/aps.ts";
import type { StackEvent } from "../coordinator.ts";
import { CAPABILITY_RX_ON } from "../network/mac.ts";
import type { NwkLayer } from "../network/nwk.ts";

export interface Child {
  eui64: Eui64;
  nodeId: number;
  sleepy: boolean;
  /** MAC capability flags. */
  capability: number;
}

/** The devices whose parent the coordinator is, and the short addresses given out. */
export class Children {
  readonly #nwk: NwkLayer;
  readonly #aps: ApsLayer;
  readonly #random: Random;
  readonly #emit: (event: Extract<StackEvent, { type: "child" }>) => void;
  readonly #children = new Map<Eui64, Child>();
  /** Addresses once given stay with their device. */
  readonly #addresses = new Map<Eui64, number>();

  constructor(options: {
    nwk: NwkLayer;
    aps: ApsLayer;
    random: Random;
    emit: (event: Extract<StackEvent, { type: "child" }>) => void;
  }) {
    this.#nwk = options.nwk;
    this.#aps = options.aps;
    this.#random = options.random;
    this.#emit = options.emit;
  }

  all(): readonly Child[] {
    return [...this.#children.values()];
  }

  get(eui64: Eui64): Child | undefined {
    return this.#children.get(eui64);
  }

  has(nodeId: number): boolean {
    for (const child of this.#children.values()) if (child.nodeId === nodeId) return true;
    return false;
  }

  /** Another network begins. */
  clear(): void {
    for (const { nodeId } of this.#children.values()) this.#nwk.mac.forget(nodeId);
    this.#children.clear();
    this.#addresses.clear();
  }

  /** The device's address, or a free one for a newcomer. */
  addressFor(eui64: Eui64): number {
    const known = this.#addresses.get(eui64);
    if (known !== undefined) return known;
    const taken = new Set(this.#addresses.values());
    let nodeId: number;
    do nodeId = 1 + this.#random.below(0xfff6);
    while (taken.has(nodeId));
    this.#addresses.set(eui64, nodeId);
    return nodeId;
  }

  /** Takes up a child known from before a restart. */
  restore(child: Child): void {
    this.#children.set(child.eui64, child);
    this.#addresses.set(child.eui64, child.nodeId);
    this.#nwk.learn(child.nodeId, child.eui64);
    if (child.sleepy) this.#nwk.mac.sleepy.add(child.nodeId);
  }

  /** A device has come, or come back: what was under way to its address is not for it. */
  adopt(eui64: Eui64, nodeId: number, capability: number): void {
    const sleepy = (capability & CAPABILITY_RX_ON) === 0;
    this.#addresses.set(eui64, nodeId);
    this.#nwk.mac.forget(nodeId);
    this.#aps.forgetDuplicates(nodeId);
    this.restore({ eui64, nodeId, sleepy, capability });
    this.#emit({ type: "child", nodeId, eui64, joining: true, sleepy });
  }

  /** A child is gone; undefined where it was none. */
  drop(eui64: Eui64): Child | undefined {
    const child = this.#children.get(eui64);
    if (!child) return undefined;
    const { nodeId, sleepy } = child;
    this.#children.delete(eui64);
    this.#nwk.mac.forget(nodeId);
    this.#aps.cancel(nodeId);
    this.#emit({ type: "child", nodeId, eui64, joining: false, sleepy });
    return child;
  }
}
