import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Eui64 } from "../../../src/base/eui64.ts";
import { namedProfile } from "../../../src/emulator/ncp/profile.ts";
import type { DeviceNode } from "../../../src/emulator/stack/device-node.ts";
import type { EmberRadio } from "../../../src/han/radio/ember-radio.ts";
import { MAX_ASDU } from "../../../src/han/radio/port.ts";
import { Bench, down, Events, RADIO_EUI, up } from "./bench.ts";

const KEY = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);
const OTHER_KEY = Uint8Array.from({ length: 16 }, (_, i) => 0x10 + i);
const METER = "0022a300000000a1";

let bench: Bench;
afterEach(() => bench.close());

/** A started radio with its events, and a device that joined it. */
async function withDevice(ezsp = 13): Promise<{ radio: EmberRadio; events: Events; device: DeviceNode }> {
  bench = await Bench.start(ezsp);
  const radio = bench.radio();
  const events = new Events(radio);
  await radio.start();
  const device = bench.device(METER, KEY);
  await radio.admit(device.eui64, KEY, 60);
  device.start();
  await expect.poll(() => events.of("joined").length, { timeout: 5_000 }).toBe(1);
  return { radio, events, device };
}

function octets(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

describe.each([13, 14, 18, 19])("radio on EZSP %i", (ezsp) => {
  it("forms a network whose Extended PAN ID is the radio's EUI-64 (GBCS), and resumes the same one", async () => {
    bench = await Bench.start(ezsp);
    const first = bench.radio();
    const formed = await first.start();
    expect(formed).toMatchObject({ eui64: RADIO_EUI, extendedPanId: RADIO_EUI, channel: 11, formed: true });
    expect(bench.coordinator.network()).toMatchObject({ extendedPanId: RADIO_EUI, panId: formed.panId });
    expect(first.capabilities).toMatchObject({ ezspVersion: ezsp, keyTableSize: 12, cbke283k1: false });
    await first.stop();

    const resumed = await bench.radio().start();
    expect(resumed).toEqual({ ...formed, formed: false });
  });

  it("sends and receives under the device's own link key", async () => {
    const { radio, events, device } = await withDevice(ezsp);
    await radio.linkKeys.set(device.eui64, OTHER_KEY);
    device.setTrustCenterLinkKey(OTHER_KEY);
    const received: Uint8Array[] = [];
    device.onMessage = (message) => {
      if (message.apsSecurity) received.push(message.payload);
    };
    await expect(radio.send(down(device, Uint8Array.of(1, 2, 3)))).resolves.toBe("delivered");
    expect(received).toEqual([Uint8Array.of(1, 2, 3)]);
    await expect(device.send(up(Uint8Array.of(4, 5)))).resolves.toBe("delivered");
    await expect.poll(() => events.frames()).toHaveLength(1);
    expect(events.frames()[0]).toMatchObject({
      nodeId: device.nodeId,
      cluster: 0x0704,
      security: "link-key",
      payload: Uint8Array.of(4, 5),
    });
  });

  it("carries 4,096 octets and the largest ASDU both ways", async () => {
    const { radio, events, device } = await withDevice(ezsp);
    const received: Uint8Array[] = [];
    device.onMessage = (message) => received.push(message.payload);
    for (const length of [83, 4_096, MAX_ASDU]) {
      await expect(radio.send(down(device, octets(length)))).resolves.toBe("delivered");
      expect(received.at(-1)).toEqual(octets(length));
      await expect(device.send(up(octets(length)))).resolves.toBe("delivered");
      await expect.poll(() => events.frames().at(-1)?.payload).toEqual(octets(length));
    }
    expect(events.frames()).toHaveLength(3);
    expect(events.frames().every(({ security }) => security === "link-key")).toBe(true);
  });

  it("finds the short address of a device also without having seen it join", async () => {
    const { radio, device } = await withDevice(ezsp);
    await radio.stop();
    const later = bench.radio();
    await later.start();
    await expect(later.nodeIdOf(device.eui64)).resolves.toBe(device.nodeId);
    await expect(later.nodeIdOf(Eui64("00000000000000ff"))).resolves.toBeUndefined();
  });
});

describe("security", () => {
  it("shows a frame without APS security as `network`", async () => {
    const { events, device } = await withDevice();
    await device.send(up(Uint8Array.of(1), false));
    await expect.poll(() => events.frames()).toHaveLength(1);
    expect(events.frames()[0]?.security).toBe("network");
  });

  it("joins a device with the right install code key, proved by its first frame", async () => {
    const { events, device } = await withDevice();
    expect(events.of("joined")).toEqual([
      { type: "joined", eui64: device.eui64, nodeId: device.nodeId, how: "install-code" },
    ]);
  });

  it("does not call a device with a wrong install code joined", async () => {
    bench = await Bench.start();
    const radio = bench.radio();
    const events = new Events(radio);
    await radio.start();
    const device = bench.device(METER, OTHER_KEY);
    await radio.admit(device.eui64, KEY, 60);
    device.start();
    await expect.poll(() => events.of("associated").length, { timeout: 5_000 }).toBeGreaterThan(0);
    expect(events.of("joined")).toEqual([]);
    expect(device.state).not.toBe("joined");
  });

  it("refuses a device that is not admitted while another one is", async () => {
    bench = await Bench.start();
    const radio = bench.radio();
    const events = new Events(radio);
    await radio.start();
    await radio.admit(Eui64("0022a300000000b2"), KEY, 60);
    const device = bench.device(METER, KEY);
    device.start();
    await expect.poll(() => events.of("refused").length, { timeout: 5_000 }).toBeGreaterThan(0);
    expect(events.of("refused")[0]?.eui64).toBe(device.eui64);
    expect(events.of("joined")).toEqual([]);
  });

  it("lets nobody associate before and after an admission", async () => {
    bench = await Bench.start();
    const radio = bench.radio();
    const events = new Events(radio);
    await radio.start();
    expect(bench.coordinator.transientKeys()).toEqual([]);
    await radio.admit(Eui64(METER), KEY, 0.2);
    expect(bench.coordinator.transientKeys()).toHaveLength(1);
    await expect.poll(() => bench.coordinator.transientKeys().length).toBe(0);
    const device = bench.device(METER, KEY);
    device.start();
    await expect.poll(() => device.state, { timeout: 5_000 }).toBe("waiting");
    expect(events.all.filter(({ type }) => type !== "state")).toEqual([]);
  });

  it("sets the Trust Centre for Smart Energy: closed, joins by install code only, partner keys but no others", async () => {
    bench = await Bench.start();
    const radio = bench.radio();
    await radio.start();
    const policies = () => [0, 5, 6].map((id) => bench.ncp.ram.policies.get(id));
    expect(policies()).toEqual([0x02, 0x50, 0x61]);
    expect(bench.ncp.flash.securityBitmask).toBe(0x0b00);
    await radio.admit(Eui64(METER), KEY, 60);
    expect(policies()[0]).toBe(0x13);
    await radio.dismiss(Eui64(METER));
    expect(policies()[0]).toBe(0x02);
  });

  it("gives the key again before the coordinator forgets it", async () => {
    bench = await Bench.start();
    const radio = bench.radio({ rearmSeconds: 0.1 });
    await radio.start();
    await radio.admit(Eui64(METER), KEY, 60);
    bench.coordinator.clearTransientKeys();
    await expect.poll(() => bench.coordinator.transientKeys().length).toBe(1);
    await radio.dismiss(Eui64(METER));
    expect(bench.coordinator.transientKeys()).toEqual([]);
  });

  it("lets a device come back that has joined before, with joining closed", async () => {
    const { radio, events, device } = await withDevice();
    await radio.linkKeys.set(device.eui64, KEY);
    await radio.dismiss(device.eui64);
    device.stop();
    device.start();
    await expect.poll(() => device.state, { timeout: 5_000 }).toBe("joined");
    await device.send(up(Uint8Array.of(7)));
    await expect.poll(() => events.frames()).toHaveLength(1);
  });

  it("says no-link-key when there is none", async () => {
    const { radio, device } = await withDevice();
    await radio.dismiss(device.eui64);
    await radio.linkKeys.remove(device.eui64);
    bench.coordinator.clearLinkKeys();
    await expect(radio.send(down(device, Uint8Array.of(1)))).resolves.toBe("no-link-key");
    await expect(radio.send(down(device, Uint8Array.of(1), "network"))).resolves.toBe("delivered");
  });

  it("says that the key table is full", async () => {
    bench = await Bench.start();
    const radio = bench.radio();
    await radio.start();
    const eui = (i: number) => Eui64(i.toString(16).padStart(16, "0"));
    for (let i = 1; i <= 12; i++) await radio.linkKeys.set(eui(i), KEY);
    await expect(radio.linkKeys.set(eui(13), KEY)).rejects.toMatchObject({
      code: "radio/refused",
      message: expect.stringContaining("12 places"),
    });
    await radio.linkKeys.set(eui(12), OTHER_KEY);
    await radio.linkKeys.remove(eui(1));
    await radio.linkKeys.set(eui(13), KEY);
  });

  it("never gives a key of another profile: policies and tables hold no well-known key", async () => {
    const { radio } = await withDevice();
    await radio.dismiss(Eui64(METER));
    expect(bench.coordinator.transientKeys()).toEqual([]);
    for (const { key } of bench.coordinator.linkKeys())
      expect(Buffer.from(key).toString("latin1")).not.toBe("ZigBeeAlliance09");
  });
});

describe("life of the network", () => {
  it("forms the same network again when the stick lost its memory, above the old frame counter", async () => {
    bench = await Bench.start();
    const radio = bench.radio();
    const formed = await radio.start();
    const file = join(bench.folder, "radio-network.json");
    const counter = (): number => JSON.parse(readFileSync(file, "utf8")).frameCounter;
    await expect.poll(counter).toBeGreaterThan(0);
    const leased = counter();
    await radio.stop();
    bench.coordinator.leave();
    const again = await bench.radio().start();
    expect(again).toEqual({ ...formed, formed: true });
    expect(bench.coordinator.networkKey()?.frameCounter).toBeGreaterThanOrEqual(leased);
  });

  it("refuses another radio for the same data folder", async () => {
    bench = await Bench.start();
    const radio = bench.radio();
    await radio.start();
    await radio.stop();
    const other = await Bench.start();
    try {
      Object.defineProperty(other.coordinator, "eui64", { value: Eui64("00155f00ffffffff") });
      const start = other.radio({ dataFolder: bench.folder }).start();
      await expect(start).rejects.toMatchObject({ code: "radio/refused" });
    } finally {
      await other.close();
    }
  });

  it("says that the firmware is too old", async () => {
    bench = await Bench.start(namedProfile("too-old"));
    await expect(bench.radio().start()).rejects.toMatchObject({
      code: "radio/refused",
      message: expect.stringContaining("EZSP 12"),
    });
  });

  it("makes a device leave", async () => {
    const { radio, events, device } = await withDevice();
    await radio.removeDevice(device.eui64, device.nodeId);
    await expect.poll(() => events.of("left").length, { timeout: 5_000 }).toBe(1);
  });

  it("broadcasts to devices that listen", async () => {
    const { radio, device } = await withDevice();
    const kinds: string[] = [];
    device.onMessage = (_message, kind) => kinds.push(kind);
    const { nodeId: _n, security: _s, ...message } = down(device, Uint8Array.of(1));
    await radio.broadcast(message);
    await expect.poll(() => kinds).toEqual(["broadcast"]);
  });

  it("keeps the order of messages to one device and bounds what waits", async () => {
    const { radio, device } = await withDevice();
    const received: number[] = [];
    device.onMessage = ({ payload }) => received.push(payload[0] ?? -1);
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, i) => radio.send(down(device, Uint8Array.of(i)))),
    );
    const delivered = outcomes.filter((outcome) => outcome === "delivered").length;
    expect(delivered).toBe(17);
    expect(received).toEqual(Array.from({ length: delivered }, (_, i) => i));
  });

  it("reports a device that is gone as not delivered", async () => {
    const { radio, device } = await withDevice();
    device.close();
    await expect(radio.send(down(device, Uint8Array.of(1)))).resolves.toBe("not-delivered");
  });
});
