export const HALF_HOUR_MS = 1_800_000;
export const DAY_MS = 86_400_000;

/**
 * The latest boundary of a period at or before an instant, both in Unix milliseconds. Half hours and days are those of
 * UTC, which has no summer time: every day has 48 half hours, whatever clocks on the wall do.
 */
export function boundaryBefore(unixMs: number, periodMs: number): number {
  return Math.floor(unixMs / periodMs) * periodMs;
}
