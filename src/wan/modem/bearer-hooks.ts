import { spawn } from "node:child_process";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";

/**
 * The IP interface belongs to the system (ModemManager, pppd, a QMI script): hanway only says when there is a network
 * to dial and when it is gone. A command is a program and its arguments, run without a shell.
 */
export interface BearerCommands {
  up: readonly string[];
  down: readonly string[];
  /** After this a command is ended, in milliseconds. */
  limitMs: number;
}

/** Runs the commands one after the other; of those waiting only the last counts. */
export class BearerHooks {
  readonly #commands: BearerCommands;
  readonly #clock: Clock;
  readonly #log: Log;
  #told = false;
  #running: Promise<void> | undefined;

  constructor(commands: BearerCommands, clock: Clock, log: Log) {
    this.#commands = commands;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether there is something to dial now. */
  bearer(up: boolean): void {
    if (up === this.#told) return;
    this.#told = up;
    this.#running ??= this.#follow();
  }

  /** Resolves when no command runs any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #follow(): Promise<void> {
    let done: boolean | undefined;
    while (done !== this.#told) {
      done = this.#told;
      await this.#run(done ? "up" : "down");
    }
    this.#running = undefined;
  }

  async #run(which: "up" | "down"): Promise<void> {
    const [program, ...args] = this.#commands[which];
    if (program === undefined) return;
    const child = spawn(program, args, { stdio: "ignore" });
    let late = false;
    const timer = this.#clock.after(this.#commands.limitMs, () => {
      late = true;
      child.kill("SIGKILL");
    });
    const problem = await new Promise<string | undefined>((resolve) => {
      child.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
      child.once("exit", (code, signal) => {
        if (late) resolve("it took too long");
        else resolve(code === 0 ? undefined : `it ended with ${code ?? signal}`);
      });
    });
    timer.cancel();
    if (problem === undefined) this.#log.info({ program }, `bearer is ${which}: its command has run`);
    else this.#log.warn({ program, problem }, `the command for the bearer going ${which} failed`);
  }
}
