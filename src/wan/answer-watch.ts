import type { Clock, Timer } from "../base/clock.ts";

/**
 * Watches a broker that owes answers: it may take long for many, over a slow network, but must go on giving some. A broker
 * that answers pings and acknowledges nothing would keep the hub from trying another one for ever.
 */
export class AnswerWatch {
  readonly #patienceMs: number;
  readonly #clock: Clock;
  readonly #silent: () => void;
  #owed = 0;
  #since = 0;
  #timer: Timer | undefined;

  /** `silent` is called once when something has been owed for `patienceMs` and no answer came all that time. */
  constructor(patienceMs: number, clock: Clock, silent: () => void) {
    this.#patienceMs = patienceMs;
    this.#clock = clock;
    this.#silent = silent;
  }

  /** Something was sent that needs an answer. */
  owed(): void {
    if (this.#owed === 0) this.#since = this.#clock.elapsed();
    this.#owed += 1;
    if (this.#timer === undefined) this.#look();
  }

  answered(): void {
    this.#owed -= 1;
    this.#since = this.#clock.elapsed();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** One timer, set anew only when it has run out: answers come by the thousand. */
  #look(): void {
    const left = this.#patienceMs - (this.#clock.elapsed() - this.#since);
    this.#timer = this.#clock.after(left, () => {
      this.#timer = undefined;
      if (this.#owed === 0) return;
      if (this.#clock.elapsed() - this.#since >= this.#patienceMs) this.#silent();
      else this.#look();
    });
  }
}
