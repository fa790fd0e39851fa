import type { Duplex } from "node:stream";
import { DelimiterParser } from "@serialport/parser-delimiter";
import type { Clock, Timer } from "../../base/clock.ts";
import {
  type AtCommand,
  type AtResult,
  ENGINE_IDLE,
  type EngineInput,
  type EngineSettings,
  engineStep,
} from "./engine-state.ts";
import { readLine } from "./line.ts";
import { LineGuard } from "./line-guard.ts";
import type { Unsolicited } from "./unsolicited.ts";

/** Longest line taken from a modem, in octets; the longest honest ones are answers to +COPS=? and far below. */
const LINE_LIMIT = 2_048;
/** More than a serial line at 460,800 baud can carry, in octets a second. */
const RATE_LIMIT = 65_536;
const UNSENT_LIMIT = 4_096;

export interface Noise {
  readonly octets: number;
  readonly lines: number;
  readonly floods: number;
}

export interface EngineHandlers {
  unsolicited(what: Unsolicited): void;
}

/** Runs the machine of engine-state.ts on an open port. The port stays the caller's: it opens and closes it. */
export class AtEngine {
  readonly #port: Duplex;
  readonly #clock: Clock;
  readonly #handlers: EngineHandlers;
  readonly #settings: EngineSettings;
  readonly #guard: LineGuard;
  readonly #waiting = new Map<number, (result: AtResult) => void>();
  #state = ENGINE_IDLE;
  #timer: Timer | undefined;
  #ids = 0;
  #strays = 0;

  constructor(port: Duplex, clock: Clock, handlers: EngineHandlers, settings: EngineSettings) {
    this.#port = port;
    this.#clock = clock;
    this.#handlers = handlers;
    this.#settings = settings;
    this.#guard = new LineGuard(LINE_LIMIT, RATE_LIMIT, clock);
    // Delimited by LF alone: an echo ends in CR, and the answer's own CR LF follows it.
    const lines = new DelimiterParser({ delimiter: "\n" });
    lines.on("data", (raw: Uint8Array) => this.#input({ type: "line", line: readLine(raw) }));
    port.pipe(this.#guard).pipe(lines);
  }

  /** Octets and lines of no meaning, and floods, so far: a measure of how mad the modem is. */
  get noise(): Noise {
    return { octets: this.#guard.discarded, lines: this.#strays, floods: this.#guard.held };
  }

  /** Runs the command when those before it are done; never rejects. */
  ask(command: AtCommand): Promise<AtResult> {
    const id = this.#ids++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#input({ type: "ask", asked: { id, command } });
    });
  }

  /** Leaves a prompt or a half-typed line that another program may have left behind. */
  clear(): void {
    this.#write("\x1b\r");
  }

  /** The port is gone: everything under way ends as `closed`. */
  close(): void {
    this.#input({ type: "closed" });
    this.#port.unpipe(this.#guard);
  }

  /** What a modem that reads nothing has not taken is not added to: its command times out all the same. */
  #write(text: string): void {
    if (this.#port.writable && this.#port.writableLength < UNSENT_LIMIT) this.#port.write(text);
  }

  #input(input: EngineInput): void {
    const [state, effects] = engineStep(this.#state, input, this.#settings);
    this.#state = state;
    for (const effect of effects) {
      switch (effect.type) {
        case "write":
          this.#write(effect.text);
          break;
        case "timer":
          this.#timer?.cancel();
          this.#timer =
            effect.ms === undefined
              ? undefined
              : this.#clock.after(effect.ms, () => this.#input({ type: "timer" }));
          break;
        case "answer":
          this.#waiting.get(effect.id)?.(effect.result);
          this.#waiting.delete(effect.id);
          break;
        case "unsolicited":
          this.#handlers.unsolicited(effect.what);
          break;
        case "stray":
          this.#strays += 1;
          break;
      }
    }
  }
}
