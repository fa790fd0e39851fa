import { describe, expect, test } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import type { EmulatedDeviceOptions } from "../../../src/emulator/devices/device.ts";
import { seMessage } from "../home.ts";
import { Host } from "../host.ts";
import { KeyServer } from "../key-server.ts";
import { MailboxHub } from "../mailbox-hub.ts";
import { admitted, keyedHome } from "./setup.ts";

const HALF_HOUR = 1_800_000;

async function meter(options: Partial<EmulatedDeviceOptions> = {}) {
  const keyed = keyedHome();
  const { home, host } = keyed;
  const hub = new MailboxHub(home, host);
  const { device, events } = admitted(keyed, "gsme", {
    messageHandler: (message) => Uint8Array.from(message).reverse(),
    ...options,
  });
  device.start();
  await home.run(10_000);
  return { ...keyed, hub, device, events };
}

describe("emulated GSME", () => {
  test("joins asleep, establishes its key, opens the tunnel to the hub itself and asks for its messages", async () => {
    const { home, hub, device, events } = await meter();
    expect(device.node.established).toBe(true);
    expect(hub.openings).toBe(1);
    expect(device.tunnelIds).toEqual([0x21]);
    expect(hub.gets).toHaveLength(1);
    expect(events.map(({ type }) => type)).toEqual(["joined", "key-establishment", "tunnel-open"]);
    const polls = home.of("poll").length;
    await home.run(600_000);
    expect(home.of("poll")).toHaveLength(polls);
  });

  test("wakes on the half hour: GET, GET-RESPONSE until nothing waits, each answer by PUT (GBCS 10.2.2.1)", async () => {
    const { home, hub, device } = await meter();
    hub.waiting.push(Uint8Array.of(1, 2), Uint8Array.of(3, 4), Uint8Array.of(5, 6));
    await home.run(HALF_HOUR);
    expect(hub.gets.slice(1).map((at) => Math.floor((at % HALF_HOUR) / 1_000))).toEqual([0, 0, 0]);
    expect(hub.put.map(toHex)).toEqual(["0201", "0403", "0605"]);
    expect(device.counts).toMatchObject({ messagesIn: 3, messagesOut: 3 });
    expect(hub.openings).toBe(1);
  });

  test("messages of 1,499 octets pass in both directions while it sleeps in between", async () => {
    const { home, hub, device } = await meter();
    const long = Uint8Array.from({ length: 1_498 }, (_, i) => i & 0xff);
    hub.waiting.push(long);
    device.wake();
    await home.run(60_000);
    expect(hub.put.map(toHex)).toEqual([toHex(long.toReversed())]);
    // It comes for longer than an answer is waited for before the hub is asked again.
    expect(hub.gets).toHaveLength(2);
  });

  test("the button wakes it at once", async () => {
    const { home, hub, device } = await meter();
    hub.waiting.push(Uint8Array.of(7));
    device.wake();
    await home.run(2_000);
    expect(hub.put.map(toHex)).toEqual(["07"]);
  });

  test("an Alert of its own wakes it", async () => {
    const { home, hub, device } = await meter();
    const sent = device.send(Uint8Array.of(0xa1));
    await home.run(2_000);
    expect(await sent).toBe(true);
    expect(hub.put.map(toHex)).toEqual(["a1"]);
  });

  test("a hub that has forgotten the tunnel gets a new one, and nothing is lost", async () => {
    const { home, hub, device } = await meter();
    hub.tunnels.clear();
    hub.waiting.push(Uint8Array.of(9));
    const sent = device.send(Uint8Array.of(0xa2));
    await home.run(3_000);
    expect(await sent).toBe(true);
    expect(hub.openings).toBe(2);
    expect(hub.put.map(toHex).toSorted()).toEqual(["09", "a2"]);
  });

  test("a hub that never knows the tunnel is left alone until the next wake", async () => {
    const { home, hub, device } = await meter();
    hub.tunnels = Object.assign(new Map(), { get: () => undefined });
    device.wake();
    await home.run(60_000);
    expect(hub.openings).toBe(3);
    await home.run(HALF_HOUR);
    expect(hub.openings).toBe(5);
  });

  test("a hub that says nothing keeps it awake for ten seconds, not longer", async () => {
    const { home, hub, device } = await meter();
    hub.silent = true;
    device.wake();
    await home.run(15_000);
    const polls = home.of("poll").length;
    await home.run(600_000);
    expect(home.of("poll").length).toBe(polls);
    expect(device.tunnelIds).toHaveLength(1);
  });

  test("a hub that has not heard the GET is asked again before it sleeps", async () => {
    const { home, hub, device } = await meter();
    hub.silent = true;
    device.wake();
    await home.run(1_000);
    hub.silent = false;
    hub.waiting.push(Uint8Array.of(1, 2));
    await home.run(2_000);
    expect(hub.put.map(toHex)).toEqual(["0201"]);
    expect(hub.openings).toBe(1);
  });

  test("an answer that comes after its patience is still taken: the hub no longer has it", async () => {
    const { home, hub, device } = await meter();
    const late = Uint8Array.of(0x09, 0x55, 0x01, 0x21, 0, 0x02, 0, 0xbe, 0xef);
    device.wake();
    await home.run(1_000);
    home.hub.unicast(seMessage(device.node.nodeId, late, { sourceEndpoint: 3 }));
    device.node.poll();
    await home.run(5_000);
    expect(hub.put.map(toHex)).toEqual(["efbe"]);
  });

  test("a broadcast between poll and frame does not turn its receiver off", async () => {
    const { home, device } = await meter();
    const read = seMessage(device.node.nodeId, Uint8Array.of(0x00, 0x42, 0x00, 0x00, 0x00), {
      cluster: 0x0702,
    });
    home.hub.unicast(read);
    device.node.poll();
    home.hub.broadcast(seMessage(0xffff, Uint8Array.of(0x00, 0x43, 0x00), { apsSecurity: false }), 30);
    await home.run(500);
    expect(home.of("sent").at(-1)).toMatchObject({ delivered: true, message: { cluster: 0x0702 } });
  });

  test("what its coordinator cannot take is kept, in order, until it can", async () => {
    const { home, hub, device } = await meter();
    const snapshot = JSON.parse(JSON.stringify(home.hub.snapshot()));
    home.hub.close();
    const sent = Promise.all([1, 2].map((n) => device.send(Uint8Array.of(n))));
    await home.run(120_000);
    home.restart(snapshot);
    const host = new Host(home.hub);
    new KeyServer(home, host);
    const again = new MailboxHub(home, host);
    await home.run(2 * HALF_HOUR);
    expect(await sent).toEqual([true, true]);
    expect(hub.put).toEqual([]);
    expect(again.put.map(toHex)).toEqual(["01", "02"]);
  });

  test("a meter removed while it sleeps is sent back to the Trust Centre when it wakes, and can be removed then", async () => {
    const { home, device, events } = await meter();
    home.hub.removeDevice(device.eui64);
    await home.run(60_000);
    expect(home.hub.children()).toEqual([]);
    expect(events.some(({ type }) => type === "left")).toBe(false);
    home.hub.permitJoining(0);
    await home.run(HALF_HOUR);
    expect(home.of("joined").at(-1)).toMatchObject({ eui64: device.eui64, status: "secured-rejoin" });
    home.hub.removeDevice(device.eui64);
    device.wake();
    await home.run(10_000);
    expect(device.node.snapshot().home).toBeUndefined();
    expect(device.node.established).toBe(false);
  });

  test("two months pass in seconds: 48 wakes a day, none missed", async () => {
    const { home, hub } = await meter();
    hub.gets.length = 0;
    await home.run(60 * 48 * HALF_HOUR);
    expect(hub.gets).toHaveLength(60 * 48);
  });
});
