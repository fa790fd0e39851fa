import { toHex } from "../../base/bytes.ts";

/** Messages of one kind in one direction: what was offered, and whether it came, once, and in its order. */
export class Arrivals {
  readonly #places = new Map<string, number>();
  readonly #arrived = new Set<string>();
  #furthest = -1;
  duplicates = 0;
  outOfOrder = 0;
  /** Messages that nobody offered. */
  unknown = 0;

  offer(message: Uint8Array): void {
    this.#places.set(toHex(message), this.#places.size);
  }

  /** False for a message that came before. */
  arrive(message: Uint8Array): boolean {
    const name = toHex(message);
    const place = this.#places.get(name);
    if (place === undefined) {
      this.unknown += 1;
      return false;
    }
    if (this.#arrived.has(name)) {
      this.duplicates += 1;
      return false;
    }
    this.#arrived.add(name);
    if (place < this.#furthest) this.outOfOrder += 1;
    this.#furthest = Math.max(this.#furthest, place);
    return true;
  }

  /** Whether it was offered. */
  knows(message: Uint8Array): boolean {
    return this.#places.has(toHex(message));
  }

  has(message: Uint8Array): boolean {
    return this.#arrived.has(toHex(message));
  }

  get offered(): number {
    return this.#places.size;
  }
  get arrived(): number {
    return this.#arrived.size;
  }
  get missing(): number {
    return this.#places.size - this.#arrived.size;
  }
}
