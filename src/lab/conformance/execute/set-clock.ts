import { type Clock, SystemClock, type Timer } from "../../../base/clock.ts";

/** A clock that shows one time of day for ever; timers and measuring follow the machine, for sockets are real. */
export class SetClock implements Clock {
  readonly #now: number;
  readonly #machine = new SystemClock();

  constructor(unixMs: number) {
    this.#now = unixMs;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#machine.elapsed();
  }

  after(ms: number, run: () => void): Timer {
    return this.#machine.after(ms, run);
  }
}
