import type { Clock } from "../../../base/clock.ts";

/** Longer than all retries of one APS frame (four times 1.6 s). */
const REMEMBERED_MS = 8_000;
/** Less than half of the 8-bit counter's range, so that a busy sender's wrap-around is no duplicate. */
const REMEMBERED = 100;

/** The APS duplicate rejection table (Zigbee 2.2.8.4.2): counters lately seen from each source. */
export class Duplicates {
  readonly #clock: Clock;
  readonly #seen = new Map<number, { counter: number; at: number }[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True where this counter came from this source a short while ago; otherwise it is remembered. */
  seen(source: number, counter: number): boolean {
    const now = this.#clock.elapsed();
    let list = this.#seen.get(source);
    if (!list) {
      list = [];
      this.#seen.set(source, list);
    }
    for (const entry of list) if (entry.counter === counter && now - entry.at < REMEMBERED_MS) return true;
    list.push({ counter, at: now });
    if (list.length > REMEMBERED) list.shift();
    return false;
  }

  forget(source: number): void {
    this.#seen.delete(source);
  }
}
