import { expect, test } from "vitest";
import { Eui64 } from "../../../src/base/eui64.ts";
import { Home, HUB, LINK_KEY, METER, NETWORK, SECURITY, seMessage } from "../home.ts";

test("a device with its install code in the table joins and announces itself, events in the NCP's order", async () => {
  const home = new Home();
  const { node, events } = await home.joined();
  expect(node.state).toBe("joined");
  expect(events).toEqual([{ type: "up", how: "joined", nodeId: node.nodeId, extendedPanId: HUB }]);
  const order = home.events.filter((event) => event.type !== "changed" && event.type !== "network");
  expect(order.map((event) => event.type)).toEqual(["child", "joined", "incoming"]);
  expect(home.of("joined")[0]).toEqual({
    type: "joined",
    nodeId: node.nodeId,
    eui64: METER,
    parent: 0,
    status: "standard-join",
    decision: "allowed-preconfigured",
  });
  expect(home.of("incoming")[0]).toMatchObject({ kind: "broadcast", message: { profile: 0, cluster: 0x13 } });
  expect(home.hub.children()).toMatchObject([{ eui64: METER, nodeId: node.nodeId, sleepy: false }]);
});

test("a device with a wrong install code cannot read the network key and comes back with the same address", async () => {
  const home = new Home();
  const { node } = home.device({ linkKey: new Uint8Array(16).fill(0xee) });
  home.hub.importTransientKey(METER, LINK_KEY);
  home.hub.permitJoining(255);
  node.start();
  await home.run(30_000);
  expect(node.state).not.toBe("joined");
  expect(node.aps.drops.unauthentic).toBeGreaterThan(1);
  const tries = home.of("joined");
  expect(tries.length).toBeGreaterThan(1);
  expect(new Set(tries.map((event) => event.nodeId)).size).toBe(1);
  expect(home.of("incoming")).toEqual([]);
});

test("a device without any entry is denied and gets nothing", async () => {
  const home = new Home();
  const { node } = home.device();
  const seen: string[] = [];
  home.air.tap(({ bytes, from }) => {
    if (from === HUB && (bytes[0] ?? 0) % 8 === 1) seen.push("data");
  });
  home.hub.permitJoining(255);
  node.start();
  await home.run(10_000);
  expect(node.state).not.toBe("joined");
  expect(home.of("joined")[0]).toMatchObject({ decision: "denied" });
  expect(home.hub.children()).toEqual([]);
  expect(seen).toEqual([]);
});

test("without permission to join nobody associates, and the window ends after its seconds", async () => {
  const home = new Home();
  const { node } = home.device();
  home.hub.importTransientKey(METER, LINK_KEY);
  node.start();
  await home.run(20_000);
  expect(home.of("child")).toEqual([]);
  node.stop();
  home.hub.permitJoining(60);
  await home.run(61_000);
  expect(home.of("network").map(({ state }) => state)).toEqual(["up", "opened", "closed"]);
  node.start();
  await home.run(20_000);
  expect(home.of("child")).toEqual([]);
});

test("a device that finds no network keeps looking and joins when it is admitted later", async () => {
  const home = new Home();
  const { node } = home.device();
  node.start();
  await home.run(300_000);
  expect(node.state).not.toBe("joined");
  home.hub.importTransientKey(METER, LINK_KEY);
  home.hub.permitJoining(90);
  await home.run(30_000);
  expect(node.state).toBe("joined");
});

test("a transient key times out", async () => {
  const home = new Home();
  home.hub.setTransientKeyTimeout(30);
  home.hub.importTransientKey(METER, LINK_KEY);
  expect(home.hub.transientKeys()).toMatchObject([{ eui64: METER, secondsLeft: 30 }]);
  await home.run(30_000);
  expect(home.hub.transientKeys()).toEqual([]);
});

test("policy global-key lets a device in under the Trust Centre link key, policy closed nobody", async () => {
  const open = new Home();
  open.hub.setJoinPolicy("global-key");
  const welcome = open.device({ linkKey: SECURITY.trustCenterKey });
  open.hub.permitJoining(255);
  welcome.node.start();
  await open.run(10_000);
  expect(welcome.node.state).toBe("joined");

  const closed = new Home();
  closed.hub.setJoinPolicy("closed");
  const { node } = closed.device();
  closed.hub.importTransientKey(METER, LINK_KEY);
  closed.hub.permitJoining(255);
  node.start();
  await closed.run(10_000);
  expect(closed.of("joined")[0]?.decision).toBe("denied");
  expect(node.state).not.toBe("joined");
});

test("a removed device leaves, and joins again only when it is admitted", async () => {
  const home = new Home();
  const { node, events } = await home.joined();
  home.hub.removeDevice(METER);
  await home.run(1);
  expect(events.at(-1)).toEqual({ type: "down" });
  expect(home.of("joined").at(-1)).toMatchObject({ eui64: METER, status: "left" });
  expect(home.of("joined").filter(({ status }) => status === "left")).toHaveLength(1);
  expect(home.of("child").at(-1)?.joining).toBe(false);
  await home.run(60_000);
  expect(node.state).not.toBe("joined");
  home.hub.permitJoining(90);
  await home.run(30_000);
  expect(node.state).toBe("joined");
});

test("a device that leaves by itself is reported", async () => {
  const home = new Home();
  const { node } = await home.joined();
  node.leave();
  await home.run(100);
  expect(home.of("joined").at(-1)).toMatchObject({ status: "left" });
  expect(home.hub.children()).toEqual([]);
});

test("a device that lost its parent rejoins with the network key", async () => {
  const home = new Home();
  const { node, events } = await home.joined();
  home.air.link(HUB, METER).set({ loss: 1 });
  await home.run(150_000);
  expect(events.at(-1)).toEqual({ type: "down" });
  home.air.link(HUB, METER).set({ loss: 0 });
  await home.run(60_000);
  expect(node.state).toBe("joined");
  expect(home.of("joined").at(-1)).toMatchObject({ status: "secured-rejoin", decision: "none" });
  expect(events.at(-1)).toMatchObject({ type: "up", how: "rejoined" });
});

test("keys and counters survive a restart of the coordinator: traffic goes on both ways", async () => {
  const home = new Home();
  const { node, messages } = await home.joined();
  home.hub.importLinkKey(-1, METER, LINK_KEY);
  home.hub.unicast(seMessage(node.nodeId, Uint8Array.of(1)));
  await home.run(100);
  home.restart();
  await home.run(100);
  home.hub.unicast(seMessage(node.nodeId, Uint8Array.of(2)));
  const outcome = node.send({ ...seMessage(0, Uint8Array.of(3)) });
  await home.run(10_000);
  expect(messages.map(({ payload }) => payload[0])).toEqual([1, 2]);
  expect(await outcome).toBe("delivered");
  expect(node.nwk.drops.replayed + node.aps.drops.replayed).toBe(0);
});

test("a device restarted from its snapshot resumes without a join and reuses no counter", async () => {
  const home = new Home();
  const first = await home.joined();
  home.hub.importLinkKey(-1, METER, LINK_KEY);
  const stored = JSON.parse(JSON.stringify(first.node.snapshot()));
  first.node.close();
  const second = home.device({ snapshot: stored });
  second.node.start();
  await home.run(1_000);
  expect(second.events).toMatchObject([{ type: "up", how: "resumed" }]);
  const outcome = second.node.send({ ...seMessage(0, Uint8Array.of(3)) });
  await home.run(10_000);
  expect(await outcome).toBe("delivered");
  expect(home.hub.nwk.drops.replayed + home.hub.aps.drops.replayed).toBe(0);
});

test("when the hub forms a new network the device gives up the old one and joins as a newcomer", async () => {
  const home = new Home();
  const { node } = await home.joined();
  home.hub.leave();
  await home.run(1_000);
  home.hub.form(
    { ...NETWORK, channel: 20, panId: 0x2b2b },
    { ...SECURITY, networkKey: new Uint8Array(16).fill(3) },
  );
  home.hub.importTransientKey(METER, LINK_KEY);
  home.hub.permitJoining(255);
  await home.run(250_000);
  expect(node.state).toBe("joined");
  expect(home.of("joined").at(-1)).toMatchObject({ decision: "allowed-preconfigured" });
});

test("a device that missed the change of the network key comes back under its link key", async () => {
  const home = new Home();
  const { node } = await home.joined();
  home.hub.importLinkKey(-1, METER, LINK_KEY);
  home.air.link(HUB, METER).set({ loss: 1 });
  home.hub.distributeNetworkKey(new Uint8Array(16).fill(8), 1);
  home.hub.switchNetworkKey();
  await home.run(120_000);
  home.hub.distributeNetworkKey(new Uint8Array(16).fill(10), 2);
  home.hub.switchNetworkKey();
  await home.run(1_000);
  home.air.link(HUB, METER).set({ loss: 0 });
  await home.run(120_000);
  expect(node.state).toBe("joined");
  expect(home.of("joined").at(-1)).toMatchObject({ status: "unsecured-rejoin" });
  expect(node.nwk.keys.active?.sequence).toBe(2);
});

test("a new network key is taken up by everyone who hears it, without a rejoin", async () => {
  const home = new Home();
  const { node, messages } = await home.joined();
  home.hub.distributeNetworkKey(new Uint8Array(16).fill(8), 1);
  await home.run(1_000);
  expect(node.nwk.keys.active?.sequence).toBe(0);
  home.hub.switchNetworkKey();
  await home.run(1_000);
  expect(node.nwk.keys.active?.sequence).toBe(1);
  home.hub.unicast(seMessage(node.nodeId, Uint8Array.of(5), { apsSecurity: false }));
  await home.run(10_000);
  expect(messages).toHaveLength(1);
  expect(home.of("sent").at(-1)?.delivered).toBe(true);
});

test("two devices get a link key for each other from the Trust Centre and speak through the hub", async () => {
  const home = new Home();
  const other = Eui64("00db1234567890c4");
  const meter = await home.joined();
  const display = await home.joined({ eui64: other, linkKey: new Uint8Array(16).fill(0x44) });
  meter.node.requestPartnerKey(other);
  await home.run(1_000);
  expect(home.of("key-request")).toEqual([
    { type: "key-request", eui64: METER, partner: other, kind: "application" },
  ]);
  expect(meter.events.at(-1)).toEqual({ type: "partner-key", partner: other });
  expect(display.events.at(-1)).toEqual({ type: "partner-key", partner: METER });
  const outcome = meter.node.send(seMessage(display.node.nodeId, Uint8Array.of(9)));
  await home.run(10_000);
  expect(await outcome).toBe("delivered");
  expect(display.messages).toMatchObject([{ nodeId: meter.node.nodeId, apsSecurity: true }]);

  const stored = JSON.parse(JSON.stringify(meter.node.snapshot()));
  expect(stored.partnerKeys).toMatchObject([{ eui64: other }]);
  meter.node.close();
  const again = home.device({ snapshot: stored });
  again.node.start();
  await home.run(1_000);
  expect(again.node.hasKeyWith(other)).toBe(true);
  const back = display.node.send(seMessage(again.node.nodeId, Uint8Array.of(8)));
  await home.run(10_000);
  expect(await back).toBe("delivered");
});

test("a sleepy device joins, gets what was held for it when it polls, and a frame nobody fetched fails", async () => {
  const home = new Home();
  const { node, messages } = await home.joined({ capability: 0x80, settings: { pollMs: 5_000 } });
  expect(node.state).toBe("joined");
  expect(home.hub.children()).toMatchObject([{ sleepy: true }]);
  home.hub.unicast(seMessage(node.nodeId, Uint8Array.of(1)));
  home.hub.unicast(seMessage(node.nodeId, Uint8Array.of(2)));
  await home.run(10);
  expect(messages).toEqual([]);
  await home.run(6_000);
  expect(messages.map(({ payload }) => payload[0])).toEqual([1, 2]);
  expect(home.of("sent").map(({ delivered }) => delivered)).toEqual([true, true]);
  node.stop();
  home.hub.unicast(seMessage(node.nodeId, Uint8Array.of(3)));
  await home.run(30_000);
  expect(home.of("sent").at(-1)?.delivered).toBe(false);
});
