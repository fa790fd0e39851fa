import type { Clock } from "../../../base/clock.ts";
import { DAY_MS, HALF_HOUR_MS } from "../../../base/half-hour.ts";
import type { Household } from "./household.ts";

/** The register at the end of a half hour. */
export interface HalfHourReading {
  /** End of the period, Unix milliseconds. */
  readonly at: number;
  /** Energy of the period and the register at its end, watt hours. */
  readonly periodWh: number;
  readonly registerWh: number;
}

/** Told of what is counted, in the order of time. */
export interface Told {
  consumed(wh: number): void;
  /** A half hour of UTC has ended, Unix milliseconds. */
  closed(at: number): void;
}

/** Thirteen months of half hours, as SMETS wants. */
const KEPT = 13 * 31 * 48;
/** Longest stretch of the past that is gone through by half hours. */
const LONGEST_GAP_MS = 400 * DAY_MS;

/** The active import register: it counts the household's load while the supply is on. */
export class ImportRegister {
  readonly #household: Household;
  readonly #clock: Clock;
  readonly #told: Told;
  #wh: number;
  #blocksFrom: number;
  #periodWh = 0;
  #until: number;
  #log: HalfHourReading[] = [];
  #counting = true;

  constructor(household: Household, clock: Clock, startWh: number, told: Told) {
    this.#household = household;
    this.#clock = clock;
    this.#wh = startWh;
    this.#blocksFrom = startWh;
    this.#until = clock.now();
    this.#told = told;
  }

  /** Watt hours, whole. */
  get wh(): number {
    this.settle();
    return Math.floor(this.#wh);
  }

  /** Watt hours since the block counters were last reset. */
  get blockWh(): number {
    this.settle();
    return Math.floor(this.#wh - this.#blocksFrom);
  }

  resetBlocks(): void {
    this.settle();
    this.#blocksFrom = this.#wh;
  }

  /** Load at this moment, watts. */
  get power(): number {
    return this.#counting ? this.#household.power(this.#clock.now()) : 0;
  }

  /** Half hours that have ended, oldest first. */
  get log(): readonly HalfHourReading[] {
    this.settle();
    return this.#log;
  }

  /** Whether energy flows. What flowed until now is counted first. */
  set counting(on: boolean) {
    this.settle();
    this.#counting = on;
  }

  /** Counts up to the present. A clock that was set back counts nothing until it is where it was. */
  settle(): void {
    const now = this.#clock.now();
    if (now - this.#until > LONGEST_GAP_MS) this.#until = now - LONGEST_GAP_MS;
    while (this.#until < now) {
      const end = (Math.floor(this.#until / HALF_HOUR_MS) + 1) * HALF_HOUR_MS;
      this.#count(Math.min(end, now));
      if (this.#until === end) this.#close(end);
    }
  }

  #count(to: number): void {
    const wh = this.#counting ? this.#household.energyWithin(this.#until, to) : 0;
    this.#until = to;
    this.#wh += wh;
    this.#periodWh += wh;
    if (wh > 0) this.#told.consumed(wh);
  }

  #close(at: number): void {
    const periodWh = Math.round(this.#periodWh);
    this.#log.push({ at, periodWh, registerWh: Math.floor(this.#wh) });
    if (this.#log.length > KEPT) this.#log = this.#log.slice(-KEPT);
    this.#periodWh = 0;
    this.#told.closed(at);
  }
}
