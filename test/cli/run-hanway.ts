import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export const LAUNCHER = fileURLToPath(new URL("../../bin/hanway.mjs", import.meta.url));

/** What a process finds around it. */
export interface Place {
  readonly launcher?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** One `hanway …` process: what it said so far, and a clean end by its own process id. */
export class HanwayProcess implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  stdout = "";
  stderr = "";

  constructor(args: readonly string[], place: Place = {}) {
    const { launcher = LAUNCHER, env = {} } = place;
    this.#child = spawn(process.execPath, [launcher, ...args], { env: { ...process.env, ...env } });
    this.#child.stdin.end();
    this.#child.stdout.on("data", (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.#child.stderr.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with the first match in standard output; fails when the process ends or 20 s pass first. */
  async says(pattern: RegExp): Promise<string> {
    const end = performance.now() + 20_000;
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match !== null) return match[1] ?? match[0];
      if (!this.running || performance.now() > end) {
        throw new Error(`never said ${pattern}; standard error: ${this.stderr.slice(-500)}`);
      }
      await new Promise((wake) => setTimeout(wake, 20));
    }
  }

  /** The reader of its output goes away. */
  turnAway(stream: "stdout" | "stderr"): void {
    this.#child[stream].destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async exit(): Promise<number | null> {
    if (this.running) await once(this.#child, "exit");
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) this.#child.kill("SIGTERM");
    await this.exit();
  }
}

/** Runs `hanway …` to its end. */
export async function hanway(
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  await using child = new HanwayProcess(args);
  const code = await child.exit();
  return { code, stdout: child.stdout, stderr: child.stderr };
}
