import type { Clock, Timer } from "../base/clock.ts";

/** Longest time that one timer is set for, in milliseconds: beyond 2^31 - 1 Node fires at once. */
const LONGEST_MS = 86_400_000;

/** One timer for an instant of wall time. Set again whenever the clock has stepped, it fires at that instant and not before. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `unixMs`, or as soon as may be where that has passed; replaces what was set before. */
  set(unixMs: number): void {
    this.cancel();
    const wait = Math.min(LONGEST_MS, Math.max(0, Math.ceil(unixMs - this.#clock.now())));
    this.#timer = this.#clock.after(wait, () => {
      this.#timer = undefined;
      // A slewed clock is not there yet when its timer fires.
      if (this.#clock.now() < unixMs) this.set(unixMs);
      else this.#ring();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
