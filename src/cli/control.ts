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

/** A connection to a running hub's local socket: one question at a time, and the news it watches. */
export class ControlClient implements Disposable {
  readonly #socket: Socket;
  #answer: ((reply: Record<string, unknown>) => void) | undefined;
  #news: (news: JoinNews) => void = () => {};
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (line) => this.#line(line));
    socket.on("close", () => {
      this.#closed = true;
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

  /** The hub's answer. Throws what the hub reports. */
  async ask(request: object): Promise<unknown> {
    if (this.#closed) throw new HanwayError("internal", "the hub closed the connection");
    const reply = await new Promise<Record<string, unknown>>((resolve) => {
      this.#answer = resolve;
      this.#socket.write(`${JSON.stringify(request)}\n`);
    });
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
    const said: unknown = JSON.parse(line);
    if (typeof said !== "object" || said === null) return;
    if ("news" in said) this.#news(said.news as JoinNews);
    else this.#answer?.({ ...said });
  }
}
