import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { PacketGuard } from "./packet-guard.ts";

/** A TCP or TLS socket that lets incoming MQTT packets through a {@link PacketGuard}. */
export class GuardedSocket extends Duplex {
  readonly #socket: Socket;

  constructor(socket: Socket, limit: number) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    const guard = new PacketGuard(limit);
    socket.on("data", (chunk: Uint8Array) => {
      try {
        let more = true;
        for (const piece of guard.take(chunk)) more = this.push(piece) && more;
        if (!more) socket.pause();
      } catch (error) {
        this.destroy(error instanceof Error ? error : undefined);
      }
    });
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
