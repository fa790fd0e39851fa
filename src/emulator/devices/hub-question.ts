import type { Clock, Timer } from "../../base/clock.ts";

export interface HubQuestionSettings {
  /** How long an answer of the hub is waited for, in ms; so long the meter stays awake for it. */
  answerMs: number;
  /** How often it asks meanwhile, in ms: a hub that was being restarted has not heard the first time. */
  askAgainMs: number;
}

/** One question of a gas meter to its hub at a time, put more than once if need be. */
export class HubQuestion<Reply> {
  readonly #clock: Clock;
  readonly #settings: HubQuestionSettings;
  readonly #receiving: () => boolean;
  #patience: Timer | undefined;
  #expecting: ((reply: Reply | undefined) => void) | undefined;

  /** `receiving`: whether a message is coming in, block by block. */
  constructor(clock: Clock, settings: HubQuestionSettings, receiving: () => boolean) {
    this.#clock = clock;
    this.#settings = settings;
    this.#receiving = receiving;
  }

  /** Whether an answer is waited for. */
  get open(): boolean {
    return this.#expecting !== undefined;
  }

  /** Ends the question before it; resolves to undefined where no answer comes. `post` tells whether it arrived. */
  ask(post: () => Promise<boolean>): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      this.settle(undefined);
      this.#expecting = resolve;
      void this.#askUntil(this.#clock.elapsed() + this.#settings.answerMs, post);
    });
  }

  settle(reply: Reply | undefined): void {
    const expecting = this.#expecting;
    this.#expecting = undefined;
    this.#patience?.cancel();
    expecting?.(reply);
  }

  async #askUntil(giveUpAt: number, post: () => Promise<boolean>): Promise<void> {
    const expecting = this.#expecting;
    const delivered = await post();
    if (this.#expecting !== expecting) return;
    if (delivered) this.#watch(giveUpAt, post);
    else this.settle(undefined);
  }

  /** Once the answer has begun to come in, it is waited for and nothing more is asked. */
  #watch(giveUpAt: number, post: () => Promise<boolean>): void {
    const { askAgainMs, answerMs } = this.#settings;
    this.#patience = this.#clock.after(Math.min(askAgainMs, answerMs), () => {
      if (this.#receiving()) this.#watch(giveUpAt, post);
      else if (this.#clock.elapsed() >= giveUpAt) this.settle(undefined);
      else void this.#askUntil(giveUpAt, post);
    });
  }
}
