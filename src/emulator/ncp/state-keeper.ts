import { HanwayError } from "../../base/error.ts";
import type { Log } from "../../base/log.ts";
import { type StateFile, writeStateFile } from "./flash.ts";

/** Writes the state soon after each change, many changes of one turn together; without a path it does nothing. */
export class StateKeeper {
  readonly #path: string | undefined;
  readonly #log: Log;
  readonly #state: () => StateFile;
  #due: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(path: string | undefined, log: Log, state: () => StateFile) {
    this.#path = path;
    this.#log = log;
    this.#state = state;
  }

  /** Writes at once. Throws `config/invalid` where the file cannot be written: better now than at the first change. */
  begin(): void {
    if (this.#path === undefined) return;
    try {
      writeStateFile(this.#path, this.#state());
    } catch (error) {
      throw new HanwayError("config/invalid", `${this.#path} cannot be written`, {
        field: "state",
        cause: error,
      });
    }
  }

  changed(): void {
    if (this.#path === undefined || this.#due || this.#closed) return;
    this.#due = setImmediate(() => {
      this.#due = undefined;
      this.#write();
    });
  }

  /** Writes for the last time. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearImmediate(this.#due);
    this.#write();
  }

  #write(): void {
    if (this.#path === undefined) return;
    try {
      writeStateFile(this.#path, this.#state());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.error({ path: this.#path, reason }, "the state of the emulated coordinator was not written");
    }
  }
}
