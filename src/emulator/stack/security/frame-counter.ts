import { HanwayError } from "../../../base/error.ts";

/** How many counts are reserved at a time, so that flash is written once for all of them. */
const RESERVE = 4096;

/**
 * An outgoing frame counter that survives a power cut: only the end of the reserved range is stored, and a restart
 * goes on from there. A counter value is therefore never used twice with one key.
 */
export class FrameCounter {
  #next: number;
  #reserved: number;
  readonly #onReserve: () => void;

  constructor(start: number, onReserve: () => void = () => {}) {
    this.#next = start;
    this.#reserved = start + RESERVE;
    this.#onReserve = onReserve;
  }

  take(): number {
    if (this.#next >= 0xffff_ffff)
      throw new HanwayError("internal", "the outgoing frame counter is used up: a new key is needed", {
        field: "frameCounter",
      });
    const value = this.#next++;
    if (this.#next >= this.#reserved) {
      this.#reserved = this.#next + RESERVE;
      this.#onReserve();
    }
    return value;
  }

  /** Goes on from `start` where that is ahead; never back, since a value must not be used twice. */
  advanceTo(start: number): void {
    if (start <= this.#next) return;
    this.#next = start;
    this.#reserved = start + RESERVE;
    this.#onReserve();
  }

  /** The next value to be used. */
  get next(): number {
    return this.#next;
  }

  /** What to store: a restart continues here. */
  get reserved(): number {
    return this.#reserved;
  }
}
