import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loadConfig } from "../app/config.ts";
import { CONTROL_SOCKET } from "../app/control-socket.ts";
import { HanwayError } from "../base/error.ts";
import type { JoinNews } from "../base/hub-control.ts";
import { readRunFile } from "../lab/run-file.ts";
import { UsageError } from "./io.ts";

/** Options by which a command finds the hub that runs on this machine. */
export const HUB_OPTIONS = {
  config: { type: "string" },
  socket: { type: "string" },
} as const;

export const HUB_HELP = `  --config FILE   the settings of the hub that runs on this machine
  --socket PATH   its local socket instead (control.sock in its data folder)
                  A demo that runs on this machine stands in for what is left out.`;

/** Path of the socket. Throws a usage error where nothing tells it. */
export function socketPath(values: { config?: string | undefined; socket?: string | undefined }): string {
  if (values.socket !== undefined) return values.socket;
  if (values.config !== undefined) return join(loadConfig(values.config).hub.dataDir, CONTROL_SOCKET);
  const demo = readRunFile()?.control;
  if (demo !== undefined) return demo;
  throw new UsageError("no demo runs on this machine; say which hub with --config FILE or --socket PATH");
}

/** How long a hub may take to answer, in milliseconds; what takes longer is told as news. */
const PATIENCE_MS = 20_000;

/** A connection to a running hub's local socket: one question at a time, and the news it watches. */
export class ControlClient implements Disposable {
  readonly #socket: Socket;
  #answer: ((reply: Record<string, unknown>) => void) | undefined;
  #news: (news: JoinNews) => void = () => {};
  readonly #closed = new AbortController();

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (line) => this.#line(line));
    socket.on("close", () => {
      this.#closed.abort();
      this.#answer?.({ error: "the hub closed the connection", code: "internal" });
    });
    socket.on("error", () => {});
  }

  /** Throws `config/unreadable` where no hub listens or its socket may not be opened. */
  static async connect(path: string): Promise<ControlClient> {
    const socket = createConnection(path);
    try {
      await new Promise<void>((connected, failed) => {
        socket.once("connect", connected);
        socket.once("error", failed);
      });
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? cause.code : "";
      const why =
        code === "EACCES"
          ? "it belongs to another user; run this as the hub's user"
          : "no hub listens there; start it with hanway run";
      throw new HanwayError("config/unreadable", `${path}: ${why}`, { cause });
    }
    return new ControlClient(socket);
  }

  /** Aborted when the hub ends the connection. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** The hub's answer. Throws what the hub reports, and `config/unreadable` where it says nothing for a while. */
  async ask(request: object): Promise<unknown> {
    if (this.closed.aborted) throw new HanwayError("internal", "the hub closed the connection");
    let late: NodeJS.Timeout | undefined;
    const reply = await new Promise<Record<string, unknown>>((resolve, reject) => {
      const silent = new HanwayError("config/unreadable", "what listens there does not answer as a hub");
      late = setTimeout(() => reject(silent), PATIENCE_MS);
      this.#answer = resolve;
      this.#socket.write(`${JSON.stringify(request)}\n`);
    });
    clearTimeout(late);
    this.#answer = undefined;
    if (typeof reply.error === "string")
      throw new HanwayError("config/invalid", reply.error, { field: "hub" });
    return reply.answer;
  }

  async watch(news: (news: JoinNews) => void): Promise<void> {
    this.#news = news;
    await this.ask({ do: "watch" });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #line(line: string): void {
    const said = readLine(line);
    if (said === undefined) return;
    if ("news" in said) this.#news(said.news as JoinNews);
    else this.#answer?.({ ...said });
  }
}

/** What is no JSON object comes from no hub, and is no answer. */
function readLine(line: string): object | undefined {
  try {
    const said: unknown = JSON.parse(line);
    return typeof said === "object" && said !== null ? said : undefined;
  } catch {
    return undefined;
  }
}
