import { createConnection, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/**
 * What a {@link Relay} does with the octets: passes them; passes each piece late; holds them, so that both ends believe
 * in a connection over which nothing comes; or is not there at all.
 */
export type RelayMode = "pass" | "slow" | "stalled" | "cut";

/** A wire that can be cut: a TCP relay on 127.0.0.1 between two parties that do not know of it. */
export class Relay implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #target: number;
  readonly #slowMs: number;
  readonly #sockets = new Set<Socket>();
  #mode: RelayMode = "pass";
  #over = false;
  #moving = Promise.withResolvers<void>();

  private constructor(server: Server, port: number, target: number, slowMs: number) {
    this.#server = server;
    this.port = port;
    this.#target = target;
    this.#slowMs = slowMs;
    this.#moving.resolve();
    server.on("connection", (socket) => this.#join(socket));
  }

  /** Relays to a TCP port on 127.0.0.1. `slowMs`: how late each piece is in `slow`. */
  static async start(target: number, slowMs = 100): Promise<Relay> {
    const server = createServer({ noDelay: true });
    const port = await listen(server, 0);
    return new Relay(server, port, target, slowMs);
  }

  async set(mode: RelayMode): Promise<void> {
    if (mode === this.#mode || (this.#over && mode !== "cut")) return;
    const was = this.#mode;
    this.#mode = mode;
    this.#moving.resolve();
    if (mode === "stalled") this.#moving = Promise.withResolvers<void>();
    if (mode === "cut") await this.#cut();
    else if (was === "cut") await listen(this.#server, this.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.set("cut");
  }

  #cut(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((closed) => this.#server.close(() => closed()));
  }

  #join(near: Socket): void {
    const far = createConnection({ host: "127.0.0.1", port: this.#target, noDelay: true });
    const end = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    this.#carry(near, far);
    this.#carry(far, near);
  }

  #carry(from: Socket, to: Socket): void {
    from.on("data", (piece) => {
      if (this.#mode === "pass" && !from.isPaused()) {
        if (to.write(piece)) return;
        from.pause();
        to.once("drain", () => from.resume());
        return;
      }
      from.pause();
      void this.#later(piece, to).then(() => from.resume());
    });
  }

  async #later(piece: Uint8Array, to: Socket): Promise<void> {
    if (this.#mode === "slow") await delay(this.#slowMs);
    await this.#moving.promise;
    if (!to.destroyed) to.write(piece);
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((listening, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", failed);
      const address = server.address();
      listening(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
