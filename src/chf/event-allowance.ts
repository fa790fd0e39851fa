import type { Clock } from "../base/clock.ts";
import type { Eui64 } from "../base/eui64.ts";

const HOUR_MS = 3_600_000;

export interface EventLimits {
  /** Entries of one code about one device in an hour. */
  readonly perDevice: number;
  /** Entries of one code about all devices in an hour. */
  readonly perHour: number;
}

/**
 * How many entries devices of the HAN may cause in the event log: it keeps a hundred, and a device that asks again and
 * again must not push out the others.
 */
export class EventAllowance {
  readonly #clock: Clock;
  readonly #limits: EventLimits;
  readonly #given = new Map<string, number>();
  #hour = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, limits: EventLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Takes one entry of the present hour; false where there is none left. */
  take(code: number, device: Eui64): boolean {
    const now = this.#clock.elapsed();
    if (now - this.#hour >= HOUR_MS) {
      this.#hour = now;
      this.#given.clear();
    }
    const all = `${code}`;
    const own = `${code} ${device}`;
    if (this.#count(all) >= this.#limits.perHour || this.#count(own) >= this.#limits.perDevice) return false;
    this.#given.set(all, this.#count(all) + 1);
    this.#given.set(own, this.#count(own) + 1);
    return true;
  }

  #count(name: string): number {
    return this.#given.get(name) ?? 0;
  }
}
