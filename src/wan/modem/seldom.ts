import type { Clock } from "../../base/clock.ts";

/** Kinds of saying that are remembered: a modem that makes up a new name at every start must not fill the memory. */
const KINDS = 100;

/** Lets the same thing be said only now and then, so that a fault that stays does not fill the log. */
export class Seldom {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #said = new Map<string, { at: number; kept: number }>();

  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  /** How often it was kept back since it was last said, or undefined when it is to be kept back now. */
  may(what: string): number | undefined {
    const now = this.#clock.elapsed();
    const last = this.#said.get(what);
    if (last !== undefined && now - last.at < this.#everyMs) {
      last.kept += 1;
      return undefined;
    }
    if (this.#said.size >= KINDS) this.#said.clear();
    this.#said.set(what, { at: now, kept: 0 });
    return last?.kept ?? 0;
  }
}
