import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { aesMmo } from "../../../src/cbke/aes-mmo.ts";
import { installCodeKey } from "../../../src/cbke/install-code.ts";
import { EmulatedCoordinator } from "../../../src/emulator/stack/coordinator-stack.ts";
import { METER, NETWORK, SECURITY, seMessage } from "../home.ts";
import { Host } from "../host.ts";
import { KeyServer } from "../key-server.ts";
import { admitted, CODE, keyedHome } from "./setup.ts";

async function keyed(type: "esme" | "gsme" = "esme") {
  const all = keyedHome();
  const { device, events } = admitted(all, type);
  device.start();
  await all.home.run(10_000);
  return { ...all, device, events, key: fromHex(device.node.snapshot().trustCenterKey ?? "") };
}

describe("ways back of a device that had a key", () => {
  test.each(["esme", "gsme"] as const)(
    "%s: a new hub on the old network shows the hash of the old key; then a fresh key is established (CCS03)",
    async (type) => {
      const { home, server, device, key } = await keyed(type);
      home.hub.close();
      home.hub = new EmulatedCoordinator({
        air: home.air,
        eui64: Eui64("00db1234567899a3"),
        clock: home.clock,
        random: new SeededRandom(31),
      });
      home.hub.on((event) => home.events.push(event));
      const network = { ...NETWORK, panId: 0x2b73, channel: 20 };
      home.hub.form(network, { ...SECURITY, networkKey: new Uint8Array(16).fill(8) });
      home.hub.importLinkKey(-1, METER, aesMmo(key));
      const second = new KeyServer(home, new Host(home.hub));
      await home.run(4 * 3_600_000);
      expect(server.keys).toHaveLength(1);
      expect(second.outcomes).toMatchObject([{ result: "established" }]);
      expect(device.node.trustCenter).toBe("00db1234567899a3");
      expect(device.node.established).toBe(true);
      expect(device.node.snapshot().trustCenterKey).toBe(toHex(second.keys[0] ?? new Uint8Array()));
    },
  );

  test.each(["the same channel and PAN id", "another Extended PAN ID as well"])(
    "a new network under another key on %s: the meter notices within seconds and comes in by the hash (CCS03)",
    async (what) => {
      const { home, device, events, key } = await keyed();
      home.hub.close();
      home.hub = new EmulatedCoordinator({
        air: home.air,
        eui64: Eui64("00db1234567899a3"),
        clock: home.clock,
        random: new SeededRandom(31),
      });
      const extendedPanId = what.startsWith("another") ? Eui64("00db1234567899f3") : NETWORK.extendedPanId;
      const networkKey = new Uint8Array(16).fill(8);
      home.hub.form({ ...NETWORK, extendedPanId }, { ...SECURITY, networkKey });
      home.hub.importLinkKey(-1, METER, aesMmo(key));
      home.hub.permitJoining(255);
      const second = new KeyServer(home, new Host(home.hub));
      await home.run(60_000);
      expect(events.filter(({ type }) => type === "left")).toEqual([]);
      home.hub.broadcast(seMessage(0xfffc, Uint8Array.of(0)), 0);
      await home.run(15_000);
      expect(second.outcomes).toMatchObject([{ result: "established" }]);
      expect(device.node.trustCenter).toBe("00db1234567899a3");
      expect(device.node.snapshot().trustCenterKey).toBe(toHex(second.keys[0] ?? new Uint8Array()));
    },
  );

  test("one frame that cannot be read does not make a device give up its network", async () => {
    const { home, device, events } = await keyed();
    const { key, sequence } = home.hub.networkKey() ?? { key: new Uint8Array(16), sequence: 0 };
    home.hub.nwk.keys.active = { key: new Uint8Array(16).fill(8), sequence };
    home.hub.broadcast(seMessage(0xfffc, Uint8Array.of(0)), 0);
    await home.air.idle();
    home.hub.nwk.keys.active = { key, sequence };
    await home.run(300_000);
    expect(device.node.nwk.drops.unauthentic).toBe(1);
    expect(events.filter(({ type }) => type === "left")).toEqual([]);
  });

  test("removed, and let in again under its old link key: that key is good without another establishment (A2.9)", async () => {
    const { home, server, device, key } = await keyed();
    home.hub.removeDevice(METER);
    await home.run(500);
    expect(device.node.established).toBe(false);
    home.hub.importLinkKey(-1, METER, key);
    await home.run(30_000);
    expect(device.node.state).toBe("joined");
    expect(device.node.established).toBe(true);
    expect(server.keys).toHaveLength(1);
  });

  test("removed, restarted, and let in again under its old link key", async () => {
    const { home, device, key } = await keyed();
    home.hub.removeDevice(METER);
    await home.run(500);
    const stored = JSON.parse(JSON.stringify(device.node.snapshot()));
    device.node.close();
    const { device: again } = admitted({ home }, "esme", { snapshot: stored });
    home.hub.importLinkKey(-1, METER, key);
    again.start();
    await home.run(30_000);
    expect(again.node.established).toBe(true);
  });

  test("a hub that knows neither key does not get it in", async () => {
    const { home, device } = await keyed();
    home.hub.removeDevice(METER);
    home.hub.importLinkKey(-1, METER, new Uint8Array(16).fill(0x55));
    await home.run(60_000);
    expect(device.node.state).not.toBe("joined");
    home.hub.importLinkKey(-1, METER, installCodeKey(CODE));
    await home.run(30_000);
    expect(device.node.established).toBe(true);
  });
});
