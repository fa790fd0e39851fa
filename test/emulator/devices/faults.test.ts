import { describe, expect, test } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { TERMINATE_STATUS } from "../../../src/cbke/index.ts";
import {
  type DeviceFaults,
  KEY_FAULTS,
  repeatFrames,
  rewindCounters,
  silentFrom,
} from "../../../src/emulator/devices/faults.ts";
import { seMessage } from "../home.ts";
import { admitted, keyedHome } from "./setup.ts";

const OPEN = fromHex("010500" + "06ffff00dc05");

async function faulty(keyEstablishment: DeviceFaults["keyEstablishment"]) {
  const keyed = keyedHome();
  const { device, events } = admitted(keyed, "esme", { faults: { keyEstablishment } });
  device.start();
  await keyed.home.run(8_500);
  return { ...keyed, device, events };
}

describe("key establishment that goes wrong", () => {
  test.each<[keyof typeof KEY_FAULTS, number]>([
    ["badConfirmation", TERMINATE_STATUS.badKeyConfirm],
    ["outOfOrder", TERMINATE_STATUS.badMessage],
    ["badPoint", TERMINATE_STATUS.badMessage],
    ["smallOrderPoint", TERMINATE_STATUS.badMessage],
    ["twoSuites", TERMINATE_STATUS.badMessage],
    ["cutCertificate", TERMINATE_STATUS.badMessage],
  ])("%s: the hub refuses it, and no key changes", async (fault, status) => {
    const { device, server, events } = await faulty(KEY_FAULTS[fault]);
    const ended = events.find(({ type }) => type === "key-establishment");
    expect(ended).toMatchObject({ outcome: { result: "terminated", by: "partner", status } });
    expect(server.keys).toEqual([]);
    expect(device.node.established).toBe(false);
  });

  test.each(["initiate", "ephemeralData", "confirmKey"] as const)(
    "a device silent from %s on runs into the hub's patience without a word; healed, it gets in",
    async (kind) => {
      const { home, device, server, events } = await faulty(silentFrom(kind));
      expect(server.keys).toEqual([]);
      expect(events.filter(({ type }) => type === "key-establishment")).toMatchObject([
        { outcome: { result: "timeout" } },
      ]);
      device.faults.keyEstablishment = (message) => message;
      await home.run(30_000);
      expect(server.keys).toHaveLength(1);
      expect(device.keyed).toBe(true);
    },
  );

  test("a second device that starts while the hub is busy waits as it is told, and gets in", async () => {
    const keyed = keyedHome();
    const slow = admitted(keyed, "esme", { faults: { keyEstablishment: silentFrom("ephemeralData") } });
    const second = admitted(keyed, "ihd", { eui64: Eui64("00db1234567890d1") });
    slow.device.start();
    await keyed.home.run(500);
    second.device.start();
    await keyed.home.run(1_000);
    const ends = () => second.events.filter(({ type }) => type === "key-establishment");
    expect(ends()).toMatchObject([
      {
        outcome: {
          result: "terminated",
          by: "partner",
          status: TERMINATE_STATUS.noResources,
          waitSeconds: 4,
        },
      },
    ]);
    await keyed.home.run(15_000);
    expect(ends().at(-1)).toMatchObject({ outcome: { result: "established" } });
    expect(slow.device.keyed).toBe(false);
  });
});

describe("a device that misbehaves", () => {
  async function keyed() {
    const home = keyedHome();
    const { device } = admitted(home, "esme", { messageHandler: (message) => message });
    device.start();
    await home.home.run(5_000);
    return { ...home, device };
  }

  test("mute: frames are acknowledged and nothing is answered", async () => {
    const { home, host, device } = await keyed();
    device.faults.mute = true;
    host.received.length = 0;
    home.hub.unicast(seMessage(device.node.nodeId, OPEN));
    await home.run(5_000);
    expect(home.of("sent").at(-1)).toMatchObject({ delivered: true });
    expect(host.received).toEqual([]);
  });

  test("frames sent twice are seen once", async () => {
    const { home, host, device } = await keyed();
    repeatFrames(device.node);
    host.received.length = 0;
    home.hub.unicast(seMessage(device.node.nodeId, OPEN));
    await home.run(5_000);
    expect(host.received).toHaveLength(1);
    const { duplicate, replayed } = home.hub.aps.drops;
    expect(duplicate + replayed).toBeGreaterThan(0);
  });

  test("counters wound back: the hub drops all it says as replays", async () => {
    const { home, host, device } = await keyed();
    rewindCounters(device.node);
    host.received.length = 0;
    home.hub.unicast(seMessage(device.node.nodeId, OPEN));
    await home.run(5_000);
    expect(host.received).toEqual([]);
    expect(home.hub.nwk.drops.replayed).toBeGreaterThan(0);
  });
});
