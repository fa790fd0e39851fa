import type { Clock, Timer } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";

export interface AttemptEnd<T> {
  done(value: T): void;
  failed(error: unknown): void;
  /** Called after `done` or `failed` where either came later than `start` returned. */
  later(): void;
}

/** One run of work that may take time, with a limit. It ends once: whatever comes after its limit or `abandon` is dropped. */
export class Attempt<T> {
  readonly #end: AttemptEnd<T>;
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #abort = new AbortController();
  #timer: Timer | undefined;
  #ended = false;

  constructor(clock: Clock, limitMs: number, end: AttemptEnd<T>) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#end = end;
  }

  /** Work that returns at once ends within this call. */
  start(work: (signal: AbortSignal) => T | Promise<T>): void {
    let result: T | Promise<T>;
    try {
      result = work(this.#abort.signal);
    } catch (error) {
      this.#conclude(() => this.#end.failed(error));
      return;
    }
    if (!(result instanceof Promise)) {
      const value = result;
      this.#conclude(() => this.#end.done(value));
      return;
    }
    this.#timer = this.#clock.after(this.#limitMs, () => {
      const limit = new HanwayError("internal", `not done within ${this.#limitMs} ms`);
      this.#concludeLater(() => this.#end.failed(limit));
      this.#abort.abort(limit);
    });
    result.then(
      (value) => this.#concludeLater(() => this.#end.done(value)),
      (error: unknown) => this.#concludeLater(() => this.#end.failed(error)),
    );
  }

  /** Ends it without telling anybody. */
  abandon(): void {
    this.#conclude(() => {});
    this.#abort.abort();
  }

  #concludeLater(tell: () => void): void {
    if (this.#ended) return;
    this.#conclude(tell);
    this.#end.later();
  }

  #conclude(tell: () => void): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    tell();
  }
}
