import { chmodSync, existsSync, unlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as v from "valibot";
import { DEVICE_TYPES } from "../base/device-type.ts";
import { HanwayError } from "../base/error.ts";
import { Eui64 } from "../base/eui64.ts";
import type { HubControl } from "../base/hub-control.ts";
import type { Log } from "../base/log.ts";

export const CONTROL_SOCKET = "control.sock";

/** Longest line of a request, in octets: whoever may open the socket is the operator, but a slip must not fill the memory. */
const MAX_LINE = 4_096;
/** Longest path of a Unix socket on Linux. */
const MAX_PATH = 107;

const Request = v.variant("do", [
  v.object({ do: v.literal("devices") }),
  v.object({ do: v.literal("watch") }),
  v.object({ do: v.literal("unpair"), eui64: v.string() }),
  v.object({
    do: v.literal("pair"),
    eui64: v.string(),
    type: v.picklist(DEVICE_TYPES),
    installCode: v.string(),
    seconds: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3_600)),
  }),
]);

/**
 * The hub's local door: a Unix socket in the data folder, mode 0600, one JSON object a line each way. A request gets
 * one answer, `{answer}` or `{error, code}`; `watch` is answered and then followed by `{news}` lines for as long as the
 * connection lasts.
 */
export class ControlSocket implements AsyncDisposable {
  readonly path: string;
  readonly #control: HubControl;
  readonly #log: Log;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(dataDir: string, control: HubControl, log: Log) {
    this.path = join(dataDir, CONTROL_SOCKET);
    this.#control = control;
    this.#log = log;
  }

  /** Resolves when operators can connect. A path too long for a Unix socket is told in the log: the hub runs without. */
  async open(): Promise<void> {
    if (Buffer.byteLength(this.path) > MAX_PATH) {
      this.#log.warn(
        { path: this.path },
        "the data folder's path is too long for a local socket; there is none",
      );
      return;
    }
    // The store allows one hub a folder, so a socket that is there is left over from one that was killed.
    if (existsSync(this.path)) unlinkSync(this.path);
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    const before = process.umask(0o177);
    try {
      await new Promise<void>((listening, failed) => {
        server.once("error", failed);
        server.listen(this.path, listening);
      });
      chmodSync(this.path, 0o600);
    } finally {
      process.umask(before);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    if (server?.listening) await new Promise((closed) => server.close(closed));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let unanswered = 0;
    let unwatch: (() => void) | undefined;
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(socket);
      unwatch?.();
    });
    socket.on("data", (chunk: Buffer) => {
      const end = chunk.lastIndexOf(0x0a);
      unanswered = end < 0 ? unanswered + chunk.length : chunk.length - end - 1;
      if (unanswered > MAX_LINE) socket.destroy();
    });
    createInterface({ input: socket }).on("line", (line) => {
      void this.#answer(line, socket).then((watches) => {
        if (watches) unwatch ??= this.#control.watch((news) => write(socket, { news }));
      });
    });
  }

  /** True where the connection is to hear news from now on. */
  async #answer(line: string, socket: Socket): Promise<boolean> {
    try {
      const request = read(line);
      write(socket, { answer: await this.#carryOut(request) });
      return request.do === "watch";
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      write(socket, { error: error.message, code: error.code });
      return false;
    }
  }

  async #carryOut(request: v.InferOutput<typeof Request>): Promise<unknown> {
    switch (request.do) {
      case "devices":
        return { localPairing: this.#control.localPairing, devices: this.#control.devices() };
      case "watch":
        return "watching";
      case "unpair":
        return this.#control.unpair(Eui64(request.eui64));
      case "pair":
        return this.#control.pair({ ...request, eui64: Eui64(request.eui64) });
    }
  }
}

function read(line: string): v.InferOutput<typeof Request> {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch (cause) {
    throw new HanwayError("decode/value", "not JSON", { field: "request", cause });
  }
  const result = v.safeParse(Request, raw);
  if (result.success) return result.output;
  throw new HanwayError("decode/value", "not a request that the hub knows", { field: "request" });
}

function write(socket: Socket, value: object): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(value)}\n`);
}
