import type { Clock, Timer } from "../base/clock.ts";

/**
 * When a run is over: everything offered has arrived, nothing has arrived for a while, or somebody says so. What
 * still trickles in on a slow machine keeps it going.
 */
export class Ending {
  readonly done: Promise<void>;
  readonly #done = Promise.withResolvers<void>();
  readonly #over = new AbortController();
  readonly #clock: Clock;
  readonly #complete: () => boolean;
  readonly #quietMs: number;
  #quiet: Timer | undefined;

  /** `quietMs`: how long nothing may arrive before the run is given up. */
  constructor(clock: Clock, complete: () => boolean, quietMs: number) {
    this.#clock = clock;
    this.#complete = complete;
    this.#quietMs = quietMs;
    this.done = this.#done.promise;
    this.done.catch(() => {});
  }

  /** Aborted when the run is over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Everything is offered: from now on the run ends by itself. */
  allOffered(): void {
    this.#listen();
  }

  /** Something has arrived. */
  arrival(): void {
    if (this.#quiet !== undefined) this.#listen();
  }

  now(): void {
    this.#quiet?.cancel();
    this.#over.abort();
    this.#done.resolve();
  }

  /** Ends it with an error, where it has not ended yet. */
  fail(error: unknown): void {
    if (!this.signal.aborted) this.#done.reject(error);
  }

  #listen(): void {
    this.#quiet?.cancel();
    if (this.signal.aborted) return;
    this.#quiet = this.#clock.after(this.#quietMs, () => this.now());
    if (this.#complete()) this.now();
  }
}
