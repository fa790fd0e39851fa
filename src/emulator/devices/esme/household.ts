import { SeededRandom } from "../../../base/random.ts";

const HALF_HOUR_MS = 1_800_000;
const MS_PER_HOUR = 3_600_000;
/** Average load in watts over the day, by the hour of UTC: fridge at night, breakfast, and an evening. */
const LOAD_W = [
  180, 150, 140, 140, 150, 220, 520, 780, 610, 430, 380, 400, 460, 420, 380, 450, 720, 1_150, 1_420, 1_260,
  980, 760, 480, 280,
];
/** How far a half hour is off the average, at most, as a share of it. */
const SPREAD = 0.6;

/** What a household draws: the same for the same seed at the same time, however often it is asked. */
export class Household {
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Load in watts at an instant, Unix milliseconds; steady within a half hour of UTC. */
  power(unixMs: number): number {
    const halfHour = Math.floor(unixMs / HALF_HOUR_MS);
    const average = LOAD_W[Math.floor(halfHour / 2) % 24] ?? 0;
    const draw = new SeededRandom((this.#seed ^ Math.imul(halfHour, 0x9e3779b1)) >>> 0).fraction();
    return Math.round(average * (1 + SPREAD * (2 * draw - 1)));
  }

  /** Energy in watt hours from one instant to a later one within the same half hour. */
  energyWithin(fromMs: number, toMs: number): number {
    return (this.power(fromMs) * (toMs - fromMs)) / MS_PER_HOUR;
  }
}
