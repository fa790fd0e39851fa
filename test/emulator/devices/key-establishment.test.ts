import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { TERMINATE_STATUS, TestAuthority, testAuthorities } from "../../../src/cbke/index.ts";
import { installCodeKey } from "../../../src/cbke/install-code.ts";
import { deviceCredentials } from "../../../src/emulator/devices/credentials.ts";
import type { DeviceEvent, EmulatedDeviceOptions } from "../../../src/emulator/devices/device.ts";
import { METER, seMessage } from "../home.ts";
import { authorities, KeyServer } from "../key-server.ts";
import { admitted, CODE, keyedHome } from "./setup.ts";

const OTHER_AUTHORITY = new TestAuthority(2, Eui64("0011223344556677"), new SeededRandom(1));
const OPEN = fromHex("010500" + "06ffff00dc05");

async function join(options: Partial<EmulatedDeviceOptions> = {}, hubAuthorities = authorities()) {
  const keyed = keyedHome(4, hubAuthorities);
  const { device, events } = admitted(keyed, "esme", options);
  const ends = () =>
    events.flatMap((event: DeviceEvent) => (event.type === "key-establishment" ? [event.outcome] : []));
  return { ...keyed, device, ends };
}

describe("key establishment of an emulated device", () => {
  test("after the join the device establishes a key in suite 2 and uses only that one (ZSE C.3.1)", async () => {
    const { home, host, server, device, ends } = await join();
    device.start();
    await home.run(2_000);
    expect(ends()).toMatchObject([{ result: "established", suite: 2 }]);
    expect(server.outcomes).toMatchObject([{ result: "established", suite: 2 }]);
    expect(device.node.established).toBe(true);
    expect(device.node.snapshot().trustCenterKey).toBe(toHex(server.keys[0] ?? new Uint8Array()));
    home.hub.unicast(seMessage(device.node.nodeId, OPEN));
    await home.run(1_000);
    expect(device.tunnelIds).toHaveLength(1);
    home.hub.importLinkKey(-1, METER, installCodeKey(CODE));
    host.received.length = 0;
    home.hub.unicast(seMessage(device.node.nodeId, OPEN));
    await home.run(8_000);
    expect(host.received).toEqual([]);
    expect(device.node.aps.drops.unauthentic).toBeGreaterThan(0);
  });

  test("a hub with suite 1 only is asked again in suite 1", async () => {
    const suite1 = authorities().filter(({ suite }) => suite === 1);
    const { home, server, device, ends } = await join({}, suite1);
    device.start();
    await home.run(2_000);
    expect(ends()).toMatchObject([
      { result: "terminated", by: "partner", status: TERMINATE_STATUS.unsupportedSuite },
      { result: "established", suite: 1 },
    ]);
    expect(server.keys).toHaveLength(1);
  });

  test("before the key is established nothing else is served", async () => {
    const { home, host, device } = await join({ cbkeTimes: { retryMs: 3_600_000 } });
    home.hub.setEndpoints([]);
    device.start();
    await home.run(2_000);
    home.hub.unicast(seMessage(device.node.nodeId, OPEN));
    await home.run(1_000);
    expect(host.received.map(toHex)).toEqual(["18050b0001"]);
    expect(device.counts.refusedBeforeKey).toBe(1);
    expect(device.tunnelIds).toEqual([]);
  });

  test("a Trust Centre without the cluster is asked again later", async () => {
    const { home, host, device, ends } = await join();
    home.hub.setEndpoints([]);
    device.start();
    await home.run(5_000);
    expect(ends()).toEqual([]);
    new KeyServer(home, host);
    await home.run(10_000);
    expect(ends()).toMatchObject([{ result: "established" }]);
  });

  test("a device restarted from its flash keeps its key and does not ask for another", async () => {
    const { home, server, device } = await join();
    device.start();
    await home.run(2_000);
    const stored = JSON.parse(JSON.stringify(device.node.snapshot()));
    device.node.close();
    const { device: again } = admitted({ home }, "esme", { snapshot: stored });
    home.hub.importLinkKey(-1, METER, server.keys[0] ?? new Uint8Array(16));
    again.start();
    await home.run(2_000);
    expect(server.keys).toHaveLength(1);
    home.hub.unicast(seMessage(again.node.nodeId, OPEN));
    await home.run(1_000);
    expect(again.tunnelIds).toHaveLength(1);
  });

  test("a device that is removed and admitted again starts from its install code", async () => {
    const { home, server, device } = await join();
    device.start();
    await home.run(2_000);
    home.hub.removeDevice(METER);
    home.hub.importLinkKey(-1, METER, installCodeKey(CODE));
    await home.run(30_000);
    expect(server.keys).toHaveLength(2);
    expect(device.node.snapshot().trustCenterKey).toBe(toHex(server.keys[1] ?? new Uint8Array()));
  });

  test.each([
    ["of an unknown authority", [OTHER_AUTHORITY], METER, TERMINATE_STATUS.unknownIssuer, 1],
    ["of a false authority of the right name", testAuthorities(6), METER, TERMINATE_STATUS.badKeyConfirm, 1],
    ["of another device", authorities(), Eui64("00db1234567890ff"), TERMINATE_STATUS.invalidCertificate, 2],
  ])(
    "with a certificate %s it is refused, and tries again where allowed",
    async (_name, issuedBy, subject, status, tries) => {
      const { credentials } = deviceCredentials(issuedBy, subject);
      const { issuers } = deviceCredentials(authorities(), METER);
      const { home, server, device, ends } = await join({ cbke: { credentials, issuers } });
      device.start();
      await home.run(15_000);
      expect(ends()).toHaveLength(tries);
      expect(ends()[0]).toMatchObject({ result: "terminated", by: "partner", status });
      expect(server.keys).toEqual([]);
      expect(device.node.established).toBe(false);
    },
  );
});
