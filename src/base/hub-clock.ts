import type { Clock, Timer } from "./clock.ts";
import { boundaryBefore, HALF_HOUR_MS } from "./half-hour.ts";

export interface HubClockSettings {
  /** A difference up to this is no error, in milliseconds. */
  readonly deadBandMs: number;
  /** A clock that is ahead by at most this is slowed until it is right, in milliseconds; beyond it must step. */
  readonly slewLimitMs: number;
  /** How much slower it runs meanwhile: 0.1 takes away 100 ms a second. */
  readonly slewRate: number;
}

/** The slew limit is the tolerance of meters to UTC (10 s): nobody sees a clock within it as wrong. */
export const HUB_CLOCK_SETTINGS: HubClockSettings = { deadBandMs: 20, slewLimitMs: 10_000, slewRate: 0.1 };

/** What became of a correction; `deferred` is a step back that waits for the half hour to end. */
export type Correction = "none" | "slewed" | "stepped" | "deferred";

/**
 * The hub's time of day: runs with the machine's monotonic clock, and changes its relation to it only by `correct`. So
 * whoever sets the machine's clock by hand does not move a half hour under a sample. It never goes back within a half
 * hour: a small lead is slewed away, a large one waits for the boundary, and every step is told to those who listen.
 */
export class HubClock implements Clock {
  readonly #machine: Clock;
  readonly #settings: HubClockSettings;
  readonly #listeners = new Set<(byMs: number) => void>();
  /** Hub time at machine time `#at`. */
  #base: number;
  #at: number;
  /** What is still to be slewed away from `#at` on, in milliseconds. */
  #lead = 0;
  #step: { readonly leadMs: number; readonly boundary: number; readonly timer: Timer } | undefined;

  constructor(machine: Clock, settings: HubClockSettings = HUB_CLOCK_SETTINGS) {
    this.#machine = machine;
    this.#settings = settings;
    this.#base = machine.now();
    this.#at = machine.elapsed();
  }

  now(): number {
    return Math.floor(this.#exact());
  }

  elapsed(): number {
    return this.#machine.elapsed();
  }

  after(ms: number, run: () => void): Timer {
    return this.#machine.after(ms, run);
  }

  /** How far the clock is known to be ahead of UTC, in milliseconds: what is being slewed away or waits to be stepped. */
  get leadMs(): number {
    return this.#step?.leadMs ?? Math.max(0, this.#lead - this.#slewed());
  }

  /** Called after every step with its size in milliseconds, negative for one back. Slewing is no step. */
  onStep(listener: (byMs: number) => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Told that it is `unixMs` now. `defer`: half hours are being accounted, so that a step back must wait for the next
   * boundary; a clock that was never right has nothing to protect and steps at once.
   */
  correct(unixMs: number, defer: boolean): Correction {
    const lead = this.#exact() - unixMs;
    const waited = this.#step;
    this.#cancelStep();
    if (Math.abs(lead) <= this.#settings.deadBandMs) {
      this.#anchor(0);
      return "none";
    }
    if (lead > 0 && lead <= this.#settings.slewLimitMs) {
      this.#anchor(lead);
      return "slewed";
    }
    this.#anchor(0);
    // A step that waits already keeps its boundary, or corrections that meet it would put it off for ever.
    const boundary = waited?.boundary ?? boundaryBefore(this.#base, HALF_HOUR_MS) + HALF_HOUR_MS;
    if (lead > 0 && defer && this.#base < boundary) {
      this.#awaitBoundary(lead, boundary);
      return "deferred";
    }
    this.#stepBy(-lead);
    return "stepped";
  }

  #awaitBoundary(leadMs: number, boundary: number): void {
    const timer = this.#machine.after(Math.ceil(boundary - this.#exact()), () => {
      // Timers may fire a moment early.
      if (this.#exact() < boundary) this.#awaitBoundary(leadMs, boundary);
      else {
        this.#cancelStep();
        this.#stepBy(-leadMs);
      }
    });
    this.#step = { leadMs, boundary, timer };
  }

  #cancelStep(): void {
    this.#step?.timer.cancel();
    this.#step = undefined;
  }

  #stepBy(ms: number): void {
    this.#anchor(0);
    this.#base += ms;
    for (const listener of this.#listeners) listener(ms);
  }

  #anchor(lead: number): void {
    this.#base = this.#exact();
    this.#at = this.#machine.elapsed();
    this.#lead = lead;
  }

  #exact(): number {
    return this.#base + (this.#machine.elapsed() - this.#at) - this.#slewed();
  }

  #slewed(): number {
    return Math.min(this.#lead, (this.#machine.elapsed() - this.#at) * this.#settings.slewRate);
  }
}
