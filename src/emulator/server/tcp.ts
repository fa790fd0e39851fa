import { createServer, type Server, type Socket } from "node:net";
import { HanwayError } from "../../base/error.ts";
import type { Log } from "../../base/log.ts";
import type { HostPort } from "./port.ts";

/** A way in for a host, and what a host writes into its settings to find it. */
export interface Listener {
  readonly url: string;
  stop(): Promise<void>;
}

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use by another program",
  EACCES: "this user may not listen on that port",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "the host name is not known",
};

function listenError(host: string, port: number, error: unknown): HanwayError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const why = LISTEN_PROBLEMS[code] ?? (error instanceof Error ? error.message : String(error));
  return new HanwayError("emulator/listen", `${why} (tcp://${host}:${port})`, {
    field: "listen",
    cause: error,
  });
}

/** Carries octets between one socket and the port; the host is read no faster than it reads. */
function serve(socket: Socket, port: HostPort, log: Log): void {
  const remote = `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? "?"}`;
  socket.setNoDelay(true);
  port.plug({
    write: (bytes) => {
      const room = socket.write(bytes);
      if (!room) socket.pause();
      return room;
    },
    close: () => socket.destroy(),
  });
  log.info({ remote }, "a host has connected");
  socket.on("drain", () => socket.resume());
  socket.on("data", (bytes: Uint8Array) => port.receive(bytes));
  socket.on("error", (error) => log.debug({ remote, reason: error.message }, "connection of the host broke"));
  socket.on("close", () => {
    port.unplug();
    log.info({ remote }, "the host has gone");
  });
}

/** How long a second host may wait for the first one's end, which can reach the server after its connection. */
const GRACE_MS = 250;

/** Lets one connection in at a time. */
class Door {
  #current: Socket | undefined;
  #next: { socket: Socket; timer: NodeJS.Timeout } | undefined;
  readonly #port: HostPort;
  readonly #log: Log;

  constructor(port: HostPort, log: Log) {
    this.#port = port;
    this.#log = log;
  }

  knock(socket: Socket): void {
    if (!this.#current) this.#admit(socket);
    else if (this.#next) this.#refuse(socket);
    else this.#wait(socket);
  }

  #wait(socket: Socket): void {
    const timer = setTimeout(() => {
      this.#next = undefined;
      this.#refuse(socket);
    }, GRACE_MS);
    this.#next = { socket, timer };
    socket.pause();
    socket.on("error", () => {});
  }

  close(): void {
    clearTimeout(this.#next?.timer);
    this.#next?.socket.destroy();
    this.#next = undefined;
    this.#current?.destroy();
  }

  #admit(socket: Socket): void {
    this.#current = socket;
    serve(socket, this.#port, this.#log);
    socket.on("close", () => {
      this.#current = undefined;
      const next = this.#next;
      this.#next = undefined;
      clearTimeout(next?.timer);
      if (next && !next.socket.destroyed) this.#admit(next.socket.resume());
    });
  }

  #refuse(socket: Socket): void {
    this.#log.warn({ remote: socket.remoteAddress }, "refused a second host: the port is in use");
    socket.on("error", () => {});
    socket.destroy();
  }
}

/**
 * Listens for one host at a time; a second connection is closed, as a serial port can be opened only once.
 * Port 0 takes a free one, which the URL then names. Throws `emulator/listen`.
 */
export async function listenTcp(
  host: string,
  portNumber: number,
  port: HostPort,
  log: Log,
): Promise<Listener> {
  const door = new Door(port, log);
  const server: Server = createServer((socket) => door.knock(socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(host, portNumber, error)));
    server.listen(portNumber, host, resolve);
  });
  server.on("error", (error) => log.error({ reason: error.message }, "the listener of the emulator failed"));
  const address = server.address();
  const bound = address !== null && typeof address === "object" ? address.port : portNumber;
  return {
    url: `tcp://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    stop: async () => {
      door.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
