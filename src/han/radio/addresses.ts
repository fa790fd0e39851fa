import type { Eui64 } from "../../base/eui64.ts";

/** Which short address a device has now. Short addresses change with every join; the newest pair wins. */
export class Addresses {
  readonly #limit: number;
  readonly #nodeOf = new Map<Eui64, number>();
  readonly #deviceAt = new Map<number, Eui64>();

  constructor(limit = 256) {
    this.#limit = limit;
  }

  learn(nodeId: number, eui64: Eui64): void {
    if (nodeId >= 0xfff8) return;
    const before = this.#nodeOf.get(eui64);
    if (before !== undefined) this.#deviceAt.delete(before);
    const other = this.#deviceAt.get(nodeId);
    if (other !== undefined) this.#nodeOf.delete(other);
    this.#nodeOf.delete(eui64);
    this.#nodeOf.set(eui64, nodeId);
    this.#deviceAt.set(nodeId, eui64);
    for (const [oldest, at] of this.#nodeOf) {
      if (this.#nodeOf.size <= this.#limit) break;
      this.#nodeOf.delete(oldest);
      this.#deviceAt.delete(at);
    }
  }

  forget(eui64: Eui64): void {
    const at = this.#nodeOf.get(eui64);
    this.#nodeOf.delete(eui64);
    if (at !== undefined) this.#deviceAt.delete(at);
  }

  clear(): void {
    this.#nodeOf.clear();
    this.#deviceAt.clear();
  }

  nodeOf(eui64: Eui64): number | undefined {
    return this.#nodeOf.get(eui64);
  }

  deviceAt(nodeId: number): Eui64 | undefined {
    return this.#deviceAt.get(nodeId);
  }
}
