import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../../src/base/random.ts";
import { Home, LINK_KEY, METER, seMessage } from "../home.ts";
import { Host } from "../host.ts";

async function pair(seed: number, loss = 0, duplicate = 0) {
  const home = new Home(seed);
  const device = await home.joined();
  home.hub.importLinkKey(-1, METER, LINK_KEY);
  home.air.setDefault({ loss, duplicate });
  return { home, ...device, host: new Host(home.hub) };
}

describe("APS fragmentation (Zigbee 2.2.8.4.5)", () => {
  test.each([1, 73, 74, 142, 1505, 4096, 4400])("%i octets go through in both directions", async (size) => {
    const { home, node, messages, host } = await pair(size);
    const payload = new SeededRandom(size).bytes(size);
    const up = node.send(seMessage(0, payload));
    await home.run(10_000);
    expect(await up).toBe("delivered");
    expect(host.received.map((bytes) => Buffer.from(bytes).toString("hex"))).toEqual([
      Buffer.from(payload).toString("hex"),
    ]);
    const down = host.send(node.nodeId, payload);
    await home.run(10_000);
    expect(await down).toBe(true);
    expect(messages).toHaveLength(1);
    expect(messages[0]?.payload).toEqual(payload);
    expect(messages[0]?.fragment).toBeUndefined();
  });

  test("any size, with loss and duplication: delivered whole or reported failed, never altered or twice", async () => {
    const random = new SeededRandom(77);
    let delivered = 0;
    for (let round = 0; round < 40; round++) {
      const { home, node, messages, host } = await pair(
        1000 + round,
        0.1 + random.fraction() * 0.3,
        random.fraction() * 0.3,
      );
      const size = 1 + random.below(4400);
      const payload = random.bytes(size);
      const up = node.send(seMessage(0, payload));
      await home.run(600_000);
      if ((await up) === "delivered") expect(host.received).toHaveLength(1);
      for (const bytes of host.received) expect(Buffer.compare(bytes, payload)).toBe(0);
      const down = host.send(node.nodeId, payload);
      await home.run(600_000);
      if (await down) {
        delivered++;
        expect(messages).toHaveLength(1);
      }
      expect(messages.length).toBeLessThanOrEqual(1);
      for (const message of messages) expect(Buffer.compare(message.payload, payload)).toBe(0);
    }
    expect(delivered).toBeGreaterThan(20);
  });

  test("with a window of four blocks between two devices one acknowledgement answers all four", async () => {
    const home = new Home(5);
    const a = await home.joined({ aps: { fragmentWindow: 4 } });
    const other = "00db1234567890c4" as typeof METER;
    const b = await home.joined({
      eui64: other,
      linkKey: new Uint8Array(16).fill(4),
      aps: { fragmentWindow: 4 },
    });
    home.hub.aps.settings.fragmentWindow = 4;
    a.node.requestPartnerKey(other);
    await home.run(1_000);
    home.air.setDefault({ loss: 0.2, duplicate: 0.2 });
    const payload = new SeededRandom(3).bytes(3_000);
    const outcome = a.node.send(seMessage(b.node.nodeId, payload));
    await home.run(600_000);
    expect(await outcome).toBe("delivered");
    expect(b.messages).toHaveLength(1);
    expect(b.messages[0]?.payload).toEqual(payload);
  });

  test("a message that stops halfway is dropped and the next one under the same counter is whole", async () => {
    const { home, node, messages } = await pair(9);
    const first = seMessage(node.nodeId, new Uint8Array(71).fill(1), { fragment: { index: 0, total: 3 } });
    home.hub.unicast(first);
    await home.run(100);
    const block = (index: number, fill: number) =>
      home.hub.aps.send(
        seMessage(node.nodeId, new Uint8Array(71).fill(fill), {
          sequence: first.sequence,
          fragment: { index, total: 2 },
        }),
        () => {},
      );
    block(0, 2);
    await home.run(100);
    block(1, 3);
    await home.run(100);
    expect(messages).toHaveLength(1);
    expect(messages[0]?.payload).toEqual(new Uint8Array(142).fill(2, 0, 71).fill(3, 71));
  });

  test("a block of a message longer than the device takes is not acknowledged", async () => {
    const home = new Home(11);
    const { node, messages } = await home.joined({ settings: { maximumMessage: 100 } });
    const host = new Host(home.hub);
    const outcome = host.send(node.nodeId, new Uint8Array(300));
    await home.run(30_000);
    expect(await outcome).toBe(false);
    expect(messages).toEqual([]);
  });
});
