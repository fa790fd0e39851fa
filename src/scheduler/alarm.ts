import type { Clock, Timer } from "../base/clock.ts";

/** Longest time that one timer is set for, in milliseconds: beyond 2^31 - 1 Node fires at once. */
const LONGEST_MS = 86_400_000;

/**
 * One timer for an instant of wall time. It may ring early, when the clock has been slewed or the instant is far away:
 * whoever is rung looks at the clock and sets it again.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** For `unixMs`, or as soon as may be where that has passed; replaces what was set before. */
  set(unixMs: number): void {
    this.cancel();
    const wait = Math.min(LONGEST_MS, Math.max(0, Math.ceil(unixMs - this.#clock.now())));
    this.#timer = this.#clock.after(wait, () => {
      this.#timer = undefined;
      this.#ring();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
