import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseConfig } from "../app/config.ts";
import { Hub, type HubStatus } from "../app/hub.ts";
import type { Clock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import { Eui64 } from "../base/eui64.ts";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { atExit } from "./at-exit.ts";
import type { Story } from "./story.ts";

/** What the demo wants to know of its hub. */
export interface HubWatcher {
  /** The network is up, at every start of the hub. */
  network(): void;
  joined(device: Eui64): void;
  tunnelOpen(device: Eui64): void;
}

export interface DemoHub extends AsyncDisposable {
  /** Undefined where the hub is another process. */
  status(): HubStatus | undefined;
}

export async function startHubHere(
  toml: string,
  version: string,
  ports: { clock: Clock; story: Story; watcher: HubWatcher },
): Promise<DemoHub> {
  const { clock, story, watcher } = ports;
  const hub = await Hub.start({
    config: parseConfig(toml),
    version,
    clock,
    random: systemRandom,
    log: silentLog,
    onEvent: (event) => {
      if (event.type === "network") watcher.network();
      if (event.type === "joined") watcher.joined(event.device);
      if (event.type === "tunnel-open") watcher.tunnelOpen(event.device);
      story.han(event);
    },
  });
  const { radio } = hub.status();
  if (radio !== undefined) story.radio(radio);
  return hub;
}

const LAUNCHER = fileURLToPath(new URL("../../bin/hanway.mjs", import.meta.url));

/** `hanway run` as a process of its own, which can be killed and started again; its log is told as the story. */
export class ChildHub implements DemoHub {
  readonly #config: string;
  readonly #story: Story;
  readonly #watcher: HubWatcher;
  #child: ChildProcess | undefined;
  #over = false;

  /** `config`: path at which the settings are written. */
  constructor(config: string, toml: string, ports: { story: Story; watcher: HubWatcher }) {
    this.#config = config;
    this.#story = ports.story;
    this.#watcher = ports.watcher;
    writeFileSync(config, toml, { mode: 0o600 });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  status(): undefined {
    return undefined;
  }

  /** Resolves when the network is up; throws `radio/unavailable` when the process ends before. */
  start(): Promise<void> {
    const child = spawn(process.execPath, [LAUNCHER, "run", "--config", this.#config], {
      stdio: ["ignore", "pipe", "inherit"],
      // A terminal's Ctrl-C is for the demo, which ends its hub in order.
      detached: true,
    });
    this.#child = child;
    const orphan = atExit(() => child.kill("SIGKILL"));
    child.once("exit", () => orphan[Symbol.dispose]());
    if (this.#over) child.kill();
    const up = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (this.#logged(line)) up.resolve();
    });
    child.once("error", (cause) => up.reject(failedStart("it cannot be started", cause)));
    child.once("exit", (code) => up.reject(failedStart(`it ended with exit code ${code}`)));
    up.promise.catch(() => {});
    return up.promise;
  }

  /** Ends it as a power cut does: without a word, at any instant (SIGKILL). */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  /** Tells one line of the log; true where it says that the network is up. */
  #logged(line: string): boolean {
    const said = readLog(line);
    if (said === undefined) return false;
    const { msg, device, state } = said;
    this.#story.line(`hub: ${msg}${device === undefined ? "" : ` (${device})`}${state ? `: ${state}` : ""}`);
    if (msg === "device joined" && device !== undefined) this.#watcher.joined(Eui64(device));
    if (msg === "tunnel open" && device !== undefined) this.#watcher.tunnelOpen(Eui64(device));
    const up = msg === "radio" && state === "up";
    if (up) this.#watcher.network();
    return up;
  }
}

function readLog(line: string): { msg: string; device: string | undefined; state: string } | undefined {
  try {
    const { msg, device, state } = JSON.parse(line) as Record<string, unknown>;
    if (typeof msg !== "string") return undefined;
    return {
      msg,
      device: typeof device === "string" ? device : undefined,
      state: typeof state === "string" ? state : "",
    };
  } catch {
    return undefined;
  }
}

function failedStart(detail: string, cause?: unknown): HanwayError {
  return new HanwayError("radio/unavailable", `the hub's process: ${detail}`, { cause });
}
