export interface ClockSettings {
  /** How often the sources are asked, in milliseconds. */
  readonly checkMs: number;
  /** How long the hub's own oscillator keeps within the tolerance after the last source has gone, in milliseconds. */
  readonly holdoverMs: number;
  /** Difference to UTC from which on the clock is not reliable, in milliseconds (10 s, as meters take it). */
  readonly toleranceMs: number;
  /** Whether the cellular network's time is taken where no other source has any. */
  readonly network: boolean;
  /** The network gives whole seconds, late: a difference up to this is none, in milliseconds. */
  readonly networkSlackMs: number;
  /** No time before this is one, Unix milliseconds: clocks that were never set start in the past. */
  readonly notBefore: number;
}

/** An oscillator of 100 ppm, which is a poor one, is 8.6 s off after a day. */
export const CLOCK_SETTINGS: ClockSettings = {
  checkMs: 30_000,
  holdoverMs: 86_400_000,
  toleranceMs: 10_000,
  network: true,
  networkSlackMs: 2_000,
  notBefore: Date.UTC(2025, 0, 1),
};
