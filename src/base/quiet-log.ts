import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** How long what was said of one kind counts, in milliseconds. */
const WINDOW_MS = 10 * 60_000;
/** Kinds that are counted apart; what comes beyond them at one time is of one kind. */
const KINDS = 200;

interface Kind {
  since: number;
  said: number;
  unsaid: number;
}

/**
 * A log that an hour of trouble, or a flood from outside, does not fill: of each kind of line it lets so many through in
 * ten minutes and tells with the next one, as `unsaid`, how many it kept back. A kind is a level and a sentence up to its
 * first colon. `debug` passes whole: it is asked for.
 */
export class QuietLog implements Log {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #most: number;
  readonly #kinds = new Map<string, Kind>();

  /** `most`: lines of one kind in ten minutes. */
  constructor(log: Log, clock: Clock, most = 5) {
    this.#log = log;
    this.#clock = clock;
    this.#most = most;
  }

  debug(fields: object, sentence: string): void {
    this.#log.debug(fields, sentence);
  }

  info(fields: object, sentence: string): void {
    this.#say("info", fields, sentence);
  }

  warn(fields: object, sentence: string): void {
    this.#say("warn", fields, sentence);
  }

  error(fields: object, sentence: string): void {
    this.#say("error", fields, sentence);
  }

  #say(level: "info" | "warn" | "error", fields: object, sentence: string): void {
    const now = this.#clock.elapsed();
    const kind = this.#kind(`${level} ${sentence.split(":", 1)[0]}`, now);
    if (now - kind.since < WINDOW_MS && kind.said >= this.#most) {
      kind.unsaid += 1;
      return;
    }
    if (now - kind.since >= WINDOW_MS) {
      kind.since = now;
      kind.said = 0;
    }
    kind.said += 1;
    this.#log[level](kind.unsaid === 0 ? fields : { ...fields, unsaid: kind.unsaid }, sentence);
    kind.unsaid = 0;
  }

  #kind(name: string, now: number): Kind {
    const known = this.#kinds.get(name);
    if (known !== undefined) return known;
    if (this.#kinds.size >= KINDS) {
      for (const [key, { since }] of this.#kinds) if (now - since >= WINDOW_MS) this.#kinds.delete(key);
      if (this.#kinds.size >= KINDS && name !== "") return this.#kind("", now);
    }
    const fresh = { since: now, said: 0, unsaid: 0 };
    this.#kinds.set(name, fresh);
    return fresh;
  }
}
