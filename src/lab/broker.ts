import { createServer, type Socket } from "node:net";
import { Aedes } from "aedes";
import { HanwayError } from "../base/error.ts";

/** An MQTT 3.1.1 broker inside this process, on 127.0.0.1 only; for demos and tests, it keeps everything in memory. */
export interface LabBroker extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Ends every connection without a farewell, as a broker that dies does. */
  close(): Promise<void>;
  /** Starts a closed one again on its port, with its sessions and what they had stored, as one with a disk does. */
  again(): Promise<void>;
}

/** Starts it on the TCP port given, 0 for any free one. Throws `wan/listen`. */
export async function startBroker(port = 0): Promise<LabBroker> {
  let life = await startLife(port, undefined);
  const { port: bound } = life;
  let over = false;
  return {
    port: bound,
    url: `mqtt://127.0.0.1:${bound}`,
    close: () => life.close(),
    async again() {
      await life.close();
      life = await startLife(bound, life.stored);
      if (over) await life.close();
    },
    async [Symbol.asyncDispose]() {
      over = true;
      await life.close();
    },
  };
}

/** One life of the broker; `stored` are the sessions and messages that outlive it. */
async function startLife(port: number, stored: unknown) {
  const broker = await Aedes.createBroker({
    // The default of 42 waiting packets a client would make it drop a subscriber that a burst overtakes.
    queueLimit: 100_000,
    heartbeatInterval: 3_600_000,
    ...(stored === undefined ? {} : { persistence: stored }),
  });
  const sockets = new Set<Socket>();
  // Small packets go out at once: an acknowledgement held back by Nagle costs 40 ms a message.
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    broker.handle(socket);
  });
  try {
    await new Promise<void>((listening, failed) => {
      server.once("error", failed);
      server.listen(port, "127.0.0.1", listening);
    });
  } catch (cause) {
    broker.close();
    throw new HanwayError("wan/listen", `port ${port} on 127.0.0.1 is not free`, { cause });
  }
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= new Promise<void>((closed) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => broker.close(closed));
    });
    return closing;
  };
  const kept: unknown = "persistence" in broker ? broker.persistence : undefined;
  return { port: bound, close, stored: kept };
}
