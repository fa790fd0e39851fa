import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import { CAD, HanBench, IHD, window } from "../join/han-bench.ts";
import type { Joiner } from "../join/joiner.ts";

let home: HanBench;
afterEach(() => home.close());

const soon = { timeout: 8_000, interval: 5 };
const readTime = Uint8Array.of(0x00, 0x21, 0x00, 0x00, 0x00);

async function keyed(eui64 = IHD): Promise<Joiner> {
  const device = home.joiner(eui64);
  await home.admit(device);
  await expect.poll(() => device.key, soon).toBeDefined();
  await expect.poll(() => home.joined(eui64), soon).toBe(true);
  return device;
}

function networkKey(): string {
  return toHex(home.bench.coordinator.networkKey()?.key ?? new Uint8Array());
}

async function talks(device: Joiner): Promise<void> {
  const before = device.received.length;
  expect(await device.zcl(0x000a, true, readTime)).toBe("delivered");
  await expect.poll(() => device.received.length, soon).toBe(before + 1);
}

describe("network key rotation (Zigbee 4.6.3.4)", () => {
  it("hands the next key out, takes it into use, and every device goes on talking under it", async () => {
    home = await HanBench.start({ networkKey: { distributeMs: 200 } });
    const devices = [await keyed(), await keyed(CAD)];
    const before = networkKey();
    await home.han.rotateNetworkKey();
    expect(networkKey()).toBe(before);
    for (const device of devices) await talks(device);
    await expect.poll(networkKey, soon).not.toBe(before);
    for (const device of devices) await talks(device);
    expect(home.bench.coordinator.networkKey()?.sequence).toBe(1);
    expect(home.radio.networkKey.pending).toBe(false);
  });

  it("goes on after a power cut while the key is handed out, with the same key", async () => {
    home = await HanBench.start({ networkKey: { distributeMs: 400 } });
    const device = await keyed();
    await home.han.rotateNetworkKey();
    const record = () => JSON.parse(readFileSync(join(home.bench.folder, "radio-network.json"), "utf8"));
    const next = record().nextNetworkKey;
    await home.stopHub();
    await home.startHub();
    await expect.poll(networkKey, soon).toBe(next);
    await talks(device);
    expect(record()).toMatchObject({ networkKey: next, keySequence: 1 });
    expect(record().nextNetworkKey).toBeUndefined();
  });

  it("keeps its network when the power fails between the switch and its note", async () => {
    home = await HanBench.start({ networkKey: { distributeMs: 100 } });
    const device = await keyed();
    const file = join(home.bench.folder, "radio-network.json");
    await home.han.rotateNetworkKey();
    const pending = readFileSync(file);
    await expect.poll(() => home.radio.networkKey.pending, soon).toBe(false);
    await home.stopHub();
    writeFileSync(file, pending);
    await home.startHub();
    expect(home.radio.network?.formed).toBe(false);
    expect(home.radio.networkKey.pending).toBe(false);
    await talks(device);
  });

  it("forms the network with the present key and its number when the stick has lost its memory", async () => {
    home = await HanBench.start({ networkKey: { distributeMs: 100 } });
    const device = await keyed();
    await home.han.rotateNetworkKey();
    await expect.poll(() => home.bench.coordinator.networkKey()?.sequence, soon).toBe(1);
    const key = networkKey();
    await expect.poll(() => home.radio.networkKey.pending, soon).toBe(false);
    await home.stopHub();
    home.bench.coordinator.leave();
    home.bench.coordinator.clearLinkKeys();
    await home.startHub();
    expect(networkKey()).toBe(key);
    expect(home.bench.coordinator.networkKey()?.sequence).toBe(1);
    expect(device.node.state).toBe("joined");
  });
});

describe("frame counters (they must outlive the stick's memory)", () => {
  it("are noted ahead of their use, for the network key and for the link keys", async () => {
    home = await HanBench.start();
    const device = await keyed();
    await talks(device);
    await home.stopHub();
    await home.startHub();
    const file = join(home.bench.folder, "radio-network.json");
    const noted = () => JSON.parse(readFileSync(file, "utf8"));
    const [link] = home.bench.coordinator.linkKeys();
    await expect
      .poll(() => noted().apsFrameCounter, soon)
      .toBeGreaterThan((link?.outgoingFrameCounter ?? 0) + 0x4000);
    expect(noted().frameCounter).toBeGreaterThan(
      (home.bench.coordinator.networkKey()?.frameCounter ?? 0) + 0x4000,
    );
  });
});

describe("partner link keys by APS request (A2.17)", () => {
  it("let two keyed devices talk to each other under a key of their own", async () => {
    home = await HanBench.start();
    const [one, other] = [await keyed(), await keyed(CAD)];
    one.node.requestPartnerKey(CAD);
    await expect.poll(() => one.node.hasKeyWith(CAD) && other.node.hasKeyWith(IHD), soon).toBe(true);
    await expect.poll(() => one.node.nwk.nodeIdOf(CAD), soon).toBeDefined();
    await expect.poll(() => other.node.nwk.nodeIdOf(IHD), soon).toBeDefined();
    const sent = await one.node.send({
      nodeId: other.node.nodeId,
      profile: 0x0109,
      cluster: 0x0702,
      sourceEndpoint: 1,
      destinationEndpoint: 1,
      apsSecurity: true,
      payload: Uint8Array.of(1, 2, 3),
    });
    expect(sent).toBe("delivered");
    expect(other.received.at(-1)).toMatchObject({ apsSecurity: true, payload: Uint8Array.of(1, 2, 3) });
  });

  it("are not handed out while a device is on its way in, and are again when it is in", async () => {
    home = await HanBench.start();
    const one = await keyed();
    const late = home.joiner(CAD, { starts: false });
    await home.han.openJoining(window(CAD), 60);
    late.node.start();
    await expect.poll(() => home.steps(CAD).at(-1), soon).toBe("link key");
    late.node.requestPartnerKey(IHD);
    one.node.requestPartnerKey(CAD);
    await new Promise((wake) => setTimeout(wake, 200));
    expect(late.node.hasKeyWith(IHD) || one.node.hasKeyWith(CAD)).toBe(false);
    late.establish();
    await expect.poll(() => home.joined(CAD), soon).toBe(true);
    await expect.poll(() => late.key, soon).toBeDefined();
    one.node.requestPartnerKey(CAD);
    await expect.poll(() => late.node.hasKeyWith(IHD) && one.node.hasKeyWith(CAD), soon).toBe(true);
  });
});
