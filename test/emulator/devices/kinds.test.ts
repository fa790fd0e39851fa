import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { DEVICE_TYPES, type DeviceType } from "../../../src/base/device-type.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { PROFILES } from "../../../src/emulator/devices/profiles.ts";
import { seMessage } from "../home.ts";
import { admitted, type Keyed, keyedHome } from "./setup.ts";

const OPEN = fromHex("010500" + "06ffff00dc05");

async function inside(type: DeviceType, keyed: Keyed = keyedHome()) {
  const { device, events } = admitted(keyed, type);
  device.start();
  await keyed.home.run(10_000);
  return { ...keyed, device, events };
}

describe("every kind of device", () => {
  test.each(DEVICE_TYPES)("%s joins and establishes its key as initiator", async (type) => {
    const { device, server } = await inside(type);
    expect(server.outcomes).toMatchObject([{ result: "established", suite: 2 }]);
    expect(device.keyed).toBe(true);
  });

  test.each<[DeviceType, number[]]>([
    ["esme", [0x0501, 0x0500]],
    ["gsme", [0x0501]],
    ["ppmid", [0x0502]],
    ["ihd", [0x0502]],
    ["hcalcs", [0x0504]],
    ["cad", [0x0507]],
    ["sapc", [0x0501, 0x0500]],
  ])("%s has its Smart Energy device ids, and Basic and Key Establishment on each endpoint", (type, ids) => {
    const { endpoints } = PROFILES[type];
    expect(endpoints.map(({ deviceId }) => deviceId)).toEqual(ids);
    for (const { inputClusters, outputClusters } of endpoints) {
      expect(inputClusters).toEqual(expect.arrayContaining([0x0000, 0x0800]));
      expect(outputClusters).toEqual(expect.arrayContaining([0x000a, 0x0025, 0x0800]));
      expect(new Set(inputClusters).size).toBe(inputClusters.length);
      expect(new Set(outputClusters).size).toBe(outputClusters.length);
    }
  });

  test.each<DeviceType>(["esme", "sapc", "ppmid", "hcalcs"])(
    "%s serves the tunnel that the hub asks for",
    async (type) => {
      const { home, host, device } = await inside(type);
      home.hub.unicast(seMessage(device.node.nodeId, OPEN));
      await home.run(1_000);
      expect(host.received.map(toHex).at(-1)).toBe("190500" + "010000dc05");
    },
  );

  test.each<DeviceType>(["ihd", "cad"])("%s has no tunnel and says so", async (type) => {
    const { home, host, device } = await inside(type);
    home.hub.unicast(seMessage(device.node.nodeId, OPEN));
    await home.run(1_000);
    expect(host.received.map(toHex).at(-1)).toBe("18050b00c3");
    expect(await device.send(Uint8Array.of(1))).toBe(false);
    expect(device.counts.undelivered).toBe(1);
  });

  test("KeyEstablishmentSuite is read as 3 from a device with certificates of both suites", async () => {
    const { home, host, device } = await inside("ppmid");
    home.hub.unicast(
      seMessage(device.node.nodeId, fromHex("0009000000"), { cluster: 0x0800, apsSecurity: false }),
    );
    await home.run(1_000);
    expect(host.received.map(toHex).at(-1)).toBe("180901" + "000000" + "310300");
  });

  test("all seven join one after the other on one network", async () => {
    const keyed = keyedHome();
    const devices = DEVICE_TYPES.map((type, i) =>
      admitted(keyed, type, { eui64: Eui64(`00db12345678900${i}`) }),
    );
    for (const { device } of devices) {
      device.start();
      await keyed.home.run(2_000);
    }
    expect(keyed.server.outcomes.map(({ result }) => result)).toEqual(DEVICE_TYPES.map(() => "established"));
    expect(keyed.home.hub.children()).toHaveLength(7);
  });

  test("the same seed gives the same network keys and link keys", async () => {
    const [one, two] = [await inside("hcalcs"), await inside("hcalcs")];
    expect(one.device.node.snapshot()).toEqual(two.device.node.snapshot());
  });

  test("a display reads the meter's register under the link key that the Trust Centre gave both", async () => {
    const keyed = keyedHome();
    const esme = await inside("esme", keyed);
    const display = admitted(keyed, "ihd", { eui64: Eui64("00db1234567890d1") });
    display.device.start();
    await keyed.home.run(5_000);
    const target = { nodeId: esme.device.node.nodeId, endpoint: 1, cluster: 0x0702 };
    const early = display.device.read(target, [0]);
    await keyed.home.run(5_000);
    expect(await early).toBeUndefined();
    display.device.requestPartnerKey(esme.device.eui64);
    await keyed.home.run(2_000);
    expect(display.events.at(-1)).toEqual({ type: "partner-key", partner: esme.device.eui64 });
    expect(esme.events.at(-1)).toEqual({ type: "partner-key", partner: display.device.eui64 });
    const read = display.device.read(target, [0, 0x7777]);
    await keyed.home.run(2_000);
    expect(await read).toEqual(new Map([[0, 4_217_350]]));
    expect(esme.device.counts.refusedInClear).toBe(0);
  });
});
