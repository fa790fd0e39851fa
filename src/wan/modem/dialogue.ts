import type { AtEngine } from "./engine.ts";
import type { AtCommand, AtResult } from "./engine-state.ts";

/** Time-outs in a row after which a modem counts as deaf. */
const DEAF_AFTER = 3;

export interface DialogueTiming {
  /** An answer that the modem gives from its own memory, in milliseconds. */
  quickMs: number;
  /** One for which it asks the SIM. */
  simMs: number;
  /** One for which it asks the network. */
  networkMs: number;
}

export const DIALOGUE_TIMING: DialogueTiming = { quickMs: 2_000, simMs: 10_000, networkMs: 75_000 };

/** Questions to one modem since it was woken: notices when it goes deaf, and does not ask what it does not know. */
export class Dialogue {
  readonly timing: DialogueTiming;
  readonly #engine: AtEngine;
  readonly #unknown = new Set<string>();
  #silent = 0;

  constructor(engine: AtEngine, timing: DialogueTiming) {
    this.#engine = engine;
    this.timing = timing;
  }

  /** True once it stopped answering; nothing is asked any more then. */
  get deaf(): boolean {
    return this.#silent >= DEAF_AFTER;
  }

  async ask(text: string, more: Partial<Omit<AtCommand, "text">> = {}): Promise<AtResult> {
    if (this.deaf) return { type: "timeout" };
    const result = await this.#engine.ask({ timeoutMs: this.timing.quickMs, ...more, text });
    this.#silent = result.type === "timeout" ? this.#silent + 1 : 0;
    return result;
  }

  /** The last information line of the answer; undefined where there is none, for whatever reason. */
  async read(text: string, wants: RegExp, timeoutMs?: number): Promise<string | undefined> {
    const lines = await this.readAll(text, wants, timeoutMs);
    return lines.at(-1);
  }

  async readAll(text: string, wants: RegExp, timeoutMs?: number): Promise<readonly string[]> {
    const result = await this.ask(text, timeoutMs === undefined ? { wants } : { wants, timeoutMs });
    return result.type === "ok" ? result.lines : [];
  }

  /** As `read`, for what only some modems have: a command refused once is not sent again. */
  async readIfKnown(text: string, wants: RegExp): Promise<string | undefined> {
    if (this.#unknown.has(text)) return undefined;
    const result = await this.ask(text, { wants });
    if (result.type === "error") this.#unknown.add(text);
    return result.type === "ok" ? result.lines.at(-1) : undefined;
  }
}
