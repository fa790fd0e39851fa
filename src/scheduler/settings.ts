export interface SchedulerSettings {
  /** Jobs that may be pending at a time, of all kinds together. */
  readonly jobs: number;
  /** Largest payload of a job, in octets. */
  readonly payload: number;
  /** Attempts after which a job is given up, where its kind does not say otherwise. */
  readonly attempts: number;
  /** Starts of the hub that a job may be due and in front of its kind for. */
  readonly starts: number;
  /** Wait after the first failed attempt, in milliseconds; it doubles with each. */
  readonly backOffMs: number;
  /** What the wait never passes, in milliseconds. */
  readonly backOffMaxMs: number;
  /** What the wait after a start never passes, in milliseconds: the job in front is seldom what ended the hub. */
  readonly startWaitMaxMs: number;
  /** Longest that one attempt may take, in milliseconds. */
  readonly attemptMs: number;
  /** Pause while nothing can be written, in milliseconds. */
  readonly pauseMs: number;
  /** Jobs run before everybody else gets a turn. */
  readonly turn: number;
}

export const SCHEDULER_SETTINGS: SchedulerSettings = {
  jobs: 10_000,
  payload: 65_536,
  attempts: 20,
  starts: 20,
  backOffMs: 1_000,
  backOffMaxMs: 3_600_000,
  startWaitMaxMs: 60_000,
  attemptMs: 600_000,
  pauseMs: 30_000,
  turn: 16,
};

/** Wait before the next attempt, in milliseconds, after `attempts` have failed. */
export function backOff(attempts: number, settings: SchedulerSettings): number {
  return Math.min(settings.backOffMaxMs, settings.backOffMs * 2 ** Math.min(Math.max(0, attempts - 1), 30));
}
