import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { SystemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { EmberRadio } from "../../../src/han/radio/ember-radio.ts";
import { RADIO_DEFAULTS, type RadioSettings } from "../../../src/han/radio/settings.ts";
import { ownFolder } from "../../own-folder.ts";

const folder = ownFolder();
let radio: EmberRadio | undefined;
const servers: { server: Server; sockets: Set<Socket> }[] = [];

afterEach(async () => {
  await radio?.stop();
  radio = undefined;
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

function make(path: string, more: Partial<RadioSettings> = {}): EmberRadio {
  radio = new EmberRadio(
    { ...RADIO_DEFAULTS, path, dataFolder: folder(), ...more },
    new SystemClock(),
    systemRandom,
    silentLog,
  );
  return radio;
}

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.resume();
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    onSocket(socket);
  });
  servers.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

describe("first start", () => {
  it("a missing serial device is radio/port and says what to do", async () => {
    const start = make(folder("ttyUSB9")).start();
    await expect(start).rejects.toMatchObject({
      code: "radio/port",
      message: expect.stringMatching(/does not exist; plug the radio in/),
    });
  });

  it("a file that is no serial port is radio/port", async () => {
    await expect(make(folder()).start()).rejects.toMatchObject({ code: "radio/port" });
  });

  it("a TCP port where nothing listens is radio/port, and the radio can be started again", async () => {
    const port = await listen(() => {});
    for (const { server } of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    const one = make(`tcp://127.0.0.1:${port}`);
    for (let i = 0; i < 2; i++) {
      await expect(one.start()).rejects.toMatchObject({
        code: "radio/port",
        message: expect.stringMatching(/nothing listens/),
      });
      expect(one.state).toBe("stopped");
    }
  });

  it("a port that takes octets and never answers is radio/timeout after three attempts", async () => {
    let connections = 0;
    const port = await listen(() => connections++);
    const start = make(`tcp://127.0.0.1:${port}`, { startTimeoutMs: 150 }).start();
    await expect(start).rejects.toMatchObject({ code: "radio/timeout" });
    expect(connections).toBe(3);
  });

  it("a port that answers with noise is radio/timeout", async () => {
    const port = await listen((socket) => {
      socket.write(Uint8Array.from({ length: 600 }, (_, i) => (i * 7) & 0xff));
    });
    const start = make(`tcp://127.0.0.1:${port}`, { startTimeoutMs: 150 }).start();
    await expect(start).rejects.toMatchObject({ code: "radio/timeout" });
  });

  it("stopping while it starts frees the port and ends start()", async () => {
    let opened = 0;
    let closed = 0;
    const port = await listen((socket) => {
      opened++;
      socket.on("close", () => closed++);
    });
    const one = make(`tcp://127.0.0.1:${port}`);
    const start = one.start();
    start.catch(() => {});
    await expect.poll(() => opened).toBe(1);
    await one.stop();
    await expect(start).rejects.toMatchObject({ code: "radio/unavailable" });
    await expect.poll(() => closed).toBe(1);
  });
});
