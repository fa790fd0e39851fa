import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { concatBytes } from "../../../src/base/bytes.ts";
import { SystemClock } from "../../../src/base/clock.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { silentLog } from "../../../src/base/log.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { type DeframerState, deframe, emptyDeframer } from "../../../src/emulator/ash/deframer.ts";
import { type AshFrame, decodeAsh, encodeAsh } from "../../../src/emulator/ash/frame.ts";
import { type FaultName, Faults } from "../../../src/emulator/server/faults.ts";
import { listen, parseListen } from "../../../src/emulator/server/listen.ts";
import { type Firmware, SerialPort } from "../../../src/emulator/server/port.ts";
import type { Listener } from "../../../src/emulator/server/tcp.ts";

const RST = encodeAsh({ type: "rst" });
const opened: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** Firmware that says back what it gets. */
class Echo implements Firmware {
  resets = 0;
  overflows = 0;
  readonly got: Uint8Array[] = [];
  readonly port: SerialPort;
  constructor(port: SerialPort) {
    this.port = port;
  }
  receive(frame: Uint8Array): void {
    this.got.push(frame);
    this.port.send(frame, false);
  }
  reset(): void {
    this.resets++;
  }
  noteOverflow(): void {
    this.overflows++;
  }
}

async function serve() {
  const clock = new SystemClock();
  const faults = new Faults(clock, new SeededRandom(5));
  const port = new SerialPort({ clock, log: silentLog, faults });
  const firmware = new Echo(port);
  port.attach(firmware);
  const listener: Listener = await listen(parseListen("tcp://127.0.0.1:0"), port, silentLog);
  opened.push(() => listener.stop());
  opened.push(() => faults.clear());
  return { port, faults, firmware, url: listener.url };
}

/** The far end of the line. */
class Host {
  readonly socket: Socket;
  readonly frames: AshFrame[] = [];
  closed = false;
  damaged = 0;
  #state: DeframerState = emptyDeframer;
  #wake: () => void = () => {};

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = createConnection(Number(port), hostname);
    this.socket.on("data", (bytes) => this.#hear(bytes));
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
    opened.push(() => this.socket.destroy());
  }

  #hear(bytes: Uint8Array): void {
    const [state, found] = deframe(this.#state, bytes);
    this.#state = state;
    for (const item of found) if (item.type === "frame") this.#take(item.bytes);
    this.#wake();
  }

  #take(bytes: Uint8Array): void {
    try {
      this.frames.push(decodeAsh(bytes));
    } catch {
      this.damaged++;
    }
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.closed) throw new Error("the line was closed");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next frame of a type, taken off. */
  async next(type: AshFrame["type"]): Promise<AshFrame> {
    const at = () => this.frames.findIndex((frame) => frame.type === type);
    await this.until(() => at() >= 0);
    const [frame] = this.frames.splice(at(), 1);
    if (!frame) throw new Error("gone");
    return frame;
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  async reset(): Promise<void> {
    this.write(concatBytes(Uint8Array.of(0x1a), RST));
    expect(await this.next("rstack")).toEqual({ type: "rstack", version: 2, code: 0x0b });
  }

  async gone(): Promise<void> {
    if (!this.closed) await once(this.socket, "close");
  }
}

const data = (frameNumber: number, octet: number): AshFrame => ({
  type: "data",
  frameNumber,
  ackNumber: 0,
  resent: false,
  data: Uint8Array.of(octet, 0, 1, 5, 0),
});

describe("the line", () => {
  test("RST is answered by RSTACK 0x0B, and a frame cut into single octets arrives", async () => {
    const { url, firmware } = await serve();
    const host = new Host(url);
    await host.reset();
    expect(firmware.resets).toBe(1);
    for (const octet of encodeAsh(data(0, 42))) {
      host.write(Uint8Array.of(octet));
      await wait(0);
    }
    expect(await host.next("data")).toMatchObject({ data: Uint8Array.of(42, 0, 1, 5, 0), ackNumber: 1 });
  });

  test("megabytes of noise are refused without harm, and the stick serves on", async () => {
    const { url, firmware, port } = await serve();
    const host = new Host(url);
    await host.reset();
    const noise = new SeededRandom(9);
    for (let i = 0; i < 32; i++) host.write(noise.bytes(65_536));
    host.write(Uint8Array.of(0x7e));
    await host.reset();
    host.write(encodeAsh(data(0, 1)));
    await host.next("data");
    expect(port.mode).toBe("connected");
    expect(firmware.got.at(-1)).toEqual(Uint8Array.of(1, 0, 1, 5, 0));
  });
});

describe("one host at a time", () => {
  test("a second connection is closed and the first stays", async () => {
    const { url } = await serve();
    const first = new Host(url);
    await first.reset();
    const second = new Host(url);
    await second.gone();
    first.write(encodeAsh(data(0, 7)));
    await first.next("data");
    expect(first.closed).toBe(false);
  });

  test("who comes at once after the first has gone is let in", async () => {
    const { url, firmware } = await serve();
    const first = new Host(url);
    await first.reset();
    first.socket.destroy();
    const second = new Host(url);
    await second.reset();
    expect(firmware.resets).toBe(2);
  });

  test("a host that vanishes in mid-frame leaves nothing behind for the next", async () => {
    const { url } = await serve();
    const first = new Host(url);
    await first.reset();
    first.write(encodeAsh(data(0, 7)).subarray(0, 4));
    first.socket.destroy();
    await first.gone();
    const second = new Host(url);
    await second.reset();
    second.write(encodeAsh(data(0, 8)));
    expect(await second.next("data")).toMatchObject({ data: Uint8Array.of(8, 0, 1, 5, 0) });
  });
});

describe("addresses", () => {
  test("a port in use is one clear sentence with its code", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    opened.push(() => blocker.close());
    const address = blocker.address();
    if (address === null || typeof address === "string") throw new Error("no address");
    const clock = new SystemClock();
    const port = new SerialPort({ clock, log: silentLog, faults: new Faults(clock, new SeededRandom(1)) });
    const attempt = listen(parseListen(`tcp://127.0.0.1:${address.port}`), port, silentLog);
    await expect(attempt).rejects.toMatchObject({ code: "emulator/listen", field: "listen" });
    await expect(attempt).rejects.toThrow(/in use/);
  });

  test.each(["tcp://127.0.0.1", "tcp://:1", "udp://h:1", "tcp://h:70000", "tcp://h:1/x", "", "pty:"])(
    "%j is refused",
    (text) => {
      expect(() => parseListen(text)).toThrow(HanwayError);
    },
  );

  test("what is accepted", () => {
    expect(parseListen("tcp://[::1]:0")).toEqual({ type: "tcp", host: "::1", port: 0 });
    expect(parseListen("pty")).toEqual({ type: "pty" });
    expect(parseListen("pty:/run/hub/tty")).toEqual({ type: "pty", link: "/run/hub/tty" });
  });
});

describe("faults on demand", () => {
  async function connected() {
    const served = await serve();
    const host = new Host(served.url);
    await host.reset();
    return { ...served, host };
  }

  test("reset: RSTACK unasked, and the firmware has forgotten", async () => {
    const { faults, firmware, host } = await connected();
    faults.inject({ name: "reset" });
    expect(await host.next("rstack")).toEqual({ type: "rstack", version: 2, code: 0x03 });
    expect(firmware.resets).toBe(2);
  });

  test("error: an ERROR frame, again for every frame, until RST", async () => {
    const { faults, host, firmware } = await connected();
    faults.inject({ name: "error" });
    expect(await host.next("error")).toEqual({ type: "error", version: 2, code: 0x51 });
    host.write(encodeAsh(data(0, 1)));
    await host.next("error");
    expect(firmware.got).toEqual([]);
    await host.reset();
  });

  test("close: the connection ends and the next one is served", async () => {
    const { faults, host, url } = await connected();
    faults.inject({ name: "close" });
    await host.gone();
    await new Host(url).reset();
  });

  test("drop: the stick sends again on its own what was lost", async () => {
    const { faults, host, port } = await connected();
    host.write(encodeAsh(data(0, 1)));
    await host.next("data");
    faults.inject({ name: "drop", rate: 1, durationMs: 60_000 });
    port.send(Uint8Array.of(9, 9, 9), true);
    faults.end("drop");
    const again = await host.next("data");
    expect(again).toMatchObject({ resent: true });
  });

  test("the same seed hits the same frames", () => {
    const run = () => {
      const faults = new Faults(new SystemClock(), new SeededRandom(11));
      faults.inject({ name: "drop", rate: 0.3 });
      const fates = Array.from({ length: 100 }, () => faults.fate(Uint8Array.of(1, 2, 3)).type);
      faults.clear();
      return fates;
    };
    expect(run()).toEqual(run());
    expect(run().filter((fate) => fate === "lost").length).toBeGreaterThan(10);
  });

  test("rates outside 0..1 are refused", () => {
    const faults = new Faults(new SystemClock(), new SeededRandom(1));
    const name: FaultName = "drop";
    expect(() => faults.inject({ name, rate: 1.1 })).toThrow(HanwayError);
    expect(() => faults.inject({ name, rate: Number.NaN })).toThrow(HanwayError);
    faults.clear();
  });
});
