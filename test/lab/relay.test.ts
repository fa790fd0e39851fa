import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Relay } from "../../src/lab/relay.ts";

let scope: AsyncDisposableStack;
let relay: Relay;
beforeEach(async () => {
  scope = new AsyncDisposableStack();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  scope.defer(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => server.close(closed));
  });
  const address = server.address();
  relay = scope.use(
    await Relay.start(typeof address === "object" && address !== null ? address.port : 0, 20),
  );
});
afterEach(() => scope.disposeAsync());

/** A party that hears its own words again through the relay. */
async function party() {
  const socket = connect(relay.port, "127.0.0.1");
  let heard = Buffer.alloc(0);
  let gone = false;
  socket.on("data", (piece) => {
    heard = Buffer.concat([heard, piece]);
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    gone = true;
  });
  scope.defer(() => void socket.destroy());
  await new Promise<void>((settled) => {
    socket.once("connect", () => settled());
    socket.once("close", () => settled());
  });
  return { socket, heard: () => heard, gone: () => gone };
}

describe("a wire that can be cut", () => {
  it.each(["pass", "slow"] as const)("%s: every octet arrives in order", async (mode) => {
    await relay.set(mode);
    const { socket, heard } = await party();
    const sent = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) & 0xff));
    socket.write(sent);
    await expect.poll(() => heard().length, { timeout: 10_000 }).toBe(sent.length);
    expect(heard().equals(sent)).toBe(true);
  });

  it("stalled: nothing arrives and nobody is told; what was said arrives when it passes again", async () => {
    const { socket, heard, gone } = await party();
    await relay.set("stalled");
    socket.write("one ");
    await delay(20);
    socket.write("two");
    await delay(100);
    expect([heard().length, gone()]).toEqual([0, false]);
    await relay.set("pass");
    await expect.poll(() => heard().toString()).toBe("one two");
  });

  it("cut: connections end and new ones are refused, until it is mended", async () => {
    const before = await party();
    await relay.set("cut");
    await expect.poll(before.gone).toBe(true);
    expect((await party()).gone()).toBe(true);
    await relay.set("pass");
    const after = await party();
    after.socket.write("back");
    await expect.poll(() => after.heard().toString()).toBe("back");
  });
});
