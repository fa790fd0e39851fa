import type { Clock } from "../base/clock.ts";

const HOUR_MS = 3_600_000;

/**
 * How many alerts about refused Commands may go up in an hour: whoever floods the hub with Commands that fail must not
 * fill the outbox with signed alerts. The security log has them all.
 */
export class AlertAllowance {
  readonly #clock: Clock;
  readonly #perHour: number;
  #hour = Number.NEGATIVE_INFINITY;
  #given = 0;

  constructor(clock: Clock, perHour: number) {
    this.#clock = clock;
    this.#perHour = perHour;
  }

  /** Takes one alert of the present hour; false where there is none left. */
  take(): boolean {
    const now = this.#clock.elapsed();
    if (now - this.#hour >= HOUR_MS) {
      this.#hour = now;
      this.#given = 0;
    }
    if (this.#given >= this.#perHour) return false;
    this.#given += 1;
    return true;
  }
}
