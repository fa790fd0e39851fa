import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import type { Clock } from "../../base/clock.ts";

/** What a source knows of the machine's clock. Whatever cannot be found out is `unknown` and never taken for a yes. */
export type SourceReading =
  /** Right; it was last compared with UTC `agoMs` milliseconds ago. */
  | { readonly state: "synchronised"; readonly agoMs: number }
  | { readonly state: "unsynchronised" }
  | { readonly state: "unknown"; readonly reason: string };

export interface TimeSource {
  readonly name: string;
  read(): Promise<SourceReading>;
}

/** A time in the future by more than this was noted under another clock, in milliseconds. */
const FUTURE_MS = 5_000;

/** A file that the time service touches after each successful synchronisation, as systemd-timesyncd does. */
export class SyncFile implements TimeSource {
  readonly name: string;
  readonly #path: string;
  readonly #freshMs: number;
  readonly #clock: Clock;

  /** `freshMs`: for how long one touch counts. `clock`: the machine's, whose time the file bears. */
  constructor(path: string, freshMs: number, clock: Clock) {
    this.name = path;
    this.#path = path;
    this.#freshMs = freshMs;
    this.#clock = clock;
  }

  async read(): Promise<SourceReading> {
    let touched: number;
    try {
      touched = (await stat(this.#path)).mtimeMs;
    } catch (error) {
      const absent = error instanceof Error && "code" in error && error.code === "ENOENT";
      return absent ? { state: "unsynchronised" } : { state: "unknown", reason: "the file cannot be read" };
    }
    const agoMs = this.#clock.now() - touched;
    if (agoMs < -FUTURE_MS) return { state: "unknown", reason: "the file is from the future" };
    if (agoMs > this.#freshMs) return { state: "unsynchronised" };
    return { state: "synchronised", agoMs: Math.max(0, agoMs) };
  }
}

const COMMAND_MS = 5_000;
const COMMAND_OCTETS = 4_096;

/** A command that prints whether the kernel's clock is disciplined, such as timedatectl. */
export class SyncCommand implements TimeSource {
  readonly name: string;
  readonly #argv: readonly string[];
  readonly #yes: RegExp;

  /** Run without a shell; only what it prints with exit code 0 counts. */
  constructor(argv: readonly string[], yes: RegExp) {
    this.name = argv[0] ?? "";
    this.#argv = argv;
    this.#yes = yes;
  }

  read(): Promise<SourceReading> {
    const [file = "", ...args] = this.#argv;
    const options = { timeout: COMMAND_MS, killSignal: "SIGKILL", maxBuffer: COMMAND_OCTETS } as const;
    return new Promise((resolve) => {
      execFile(file, args, options, (error, printed) => {
        if (error !== null) resolve({ state: "unknown", reason: "the command failed" });
        else
          resolve(
            this.#yes.test(printed.trim())
              ? { state: "synchronised", agoMs: 0 }
              : { state: "unsynchronised" },
          );
      });
    });
  }
}

/** The machine's clock taken as right, on the word of whoever set hanway up: a host keeps it, and says so to nobody. */
export const trustedMachine: TimeSource = {
  name: "machine",
  read: async () => ({ state: "synchronised", agoMs: 0 }),
};
