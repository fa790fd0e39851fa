import { expect, test } from "vitest";
import { ManualClock } from "../../../src/base/clock.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { Air } from "../../../src/emulator/air/air.ts";
import { decodeMac, encodeMac, type MacFrame } from "../../../src/emulator/air/mac-frame.ts";
import { Home, LINK_KEY, METER, seMessage } from "../home.ts";

const A = Eui64("000000000000000a");
const B = Eui64("000000000000000b");

function two(quality = {}) {
  const clock = new ManualClock();
  const air = new Air({ clock, random: new SeededRandom(3), quality });
  const [a, b] = [air.attach(A), air.attach(B)];
  for (const [i, radio] of [a, b].entries()) {
    radio.panId = 1;
    radio.shortAddress = i;
  }
  const heard: MacFrame[] = [];
  b.onFrame = (frame) => heard.push(frame);
  const frame = (sequence: number): MacFrame => ({
    type: "data",
    sequence,
    ackRequest: true,
    framePending: false,
    destinationPan: 1,
    destination: 1,
    sourcePan: 1,
    source: 0,
    payload: Uint8Array.of(sequence),
  });
  return { clock, air, a, b, heard, frame };
}

test("a MAC frame keeps every field through octets, with short, extended and no addresses", () => {
  const { frame } = two();
  for (const [destination, source] of [
    [1, 2],
    [A, 2],
    [1, B],
    [A, B],
    [undefined, 5],
  ] as const) {
    const given = { ...frame(9), destination, source };
    if (destination === undefined) given.destinationPan = 0xffff;
    expect(decodeMac(encodeMac(given))).toEqual(given);
    const separate = { ...given, sourcePan: 7 };
    expect(decodeMac(encodeMac(separate))).toEqual(separate);
  }
});

test("nothing is delivered within the call, and in-flight frames are counted", async () => {
  const { air, a, heard, frame } = two();
  a.transmit(encodeMac(frame(1)));
  expect(heard).toEqual([]);
  expect(air.inFlight).toBeGreaterThan(0);
  await air.idle();
  expect(heard).toHaveLength(1);
  expect(air.inFlight).toBe(0);
});

test("a delayed frame waits for emulated time, not for real time", async () => {
  const { air, clock, a, heard, frame } = two({ delayMs: 50 });
  a.transmit(encodeMac(frame(1)));
  await air.idle();
  clock.advance(49);
  await air.idle();
  expect(heard).toEqual([]);
  clock.advance(1);
  await air.idle();
  expect(heard).toHaveLength(1);
});

test("the MAC sends a frame at most four times and says whether it was acknowledged", async () => {
  const { air, a, b, heard, frame } = two();
  air.link(A, B).set({ loss: 1 });
  const results: boolean[] = [];
  a.transmit(encodeMac(frame(1)), ({ acked }) => results.push(acked));
  await air.idle();
  expect(air.counters).toEqual({ transmitted: 4, delivered: 0, lost: 4, failed: 1 });
  air.link(A, B).reset();
  b.receiving = false;
  a.transmit(encodeMac(frame(2)), ({ acked }) => results.push(acked));
  await air.idle();
  b.receiving = true;
  a.transmit(encodeMac(frame(3)), ({ acked }) => results.push(acked));
  await air.idle();
  expect(results).toEqual([false, false, true]);
  expect(heard.map(({ sequence }) => sequence)).toEqual([3]);
});

test("frames of one radio arrive in the order they were given, whatever is lost", async () => {
  const { air, a, heard, frame } = two({ loss: 0.2 });
  for (let i = 0; i < 200; i++) a.transmit(encodeMac(frame(i)));
  await air.idle();
  const order = heard.map(({ sequence }) => sequence);
  expect(order).toEqual([...order].sort((x, y) => x - y));
  expect(new Set(order).size).toBeGreaterThan(190);
});

test("another channel or PAN hears nothing, and a tap hears everything", async () => {
  const { air, a, b, heard, frame } = two();
  let seen = 0;
  const stop = air.tap(() => seen++);
  b.channel = 20;
  a.transmit(encodeMac({ ...frame(1), ackRequest: false }));
  a.transmit(encodeMac({ ...frame(1), ackRequest: false, destination: 0xffff }));
  await air.idle();
  b.channel = 11;
  b.panId = 2;
  a.transmit(encodeMac({ ...frame(1), ackRequest: false, destination: 0xffff }));
  await air.idle();
  expect(heard).toEqual([]);
  expect(seen).toBe(3);
  stop();
  a.transmit(encodeMac({ ...frame(1), ackRequest: false }));
  await air.idle();
  expect(seen).toBe(3);
});

test("the same seed gives the same air, frame by frame", async () => {
  const trace = async () => {
    const home = new Home(42, { loss: 0.1, duplicate: 0.1 });
    const bytes: string[] = [];
    home.air.tap((frame) => bytes.push(Buffer.from(frame.bytes).toString("hex")));
    const { node } = await home.joined();
    for (let i = 0; i < 50; i++) home.hub.unicast(seMessage(node.nodeId, Uint8Array.of(i)));
    await home.run(20_000);
    return bytes;
  };
  const first = await trace();
  expect(first.length).toBeGreaterThan(200);
  expect(await trace()).toEqual(first);
});

test("2 % loss and duplication are survived: 2,000 messages each way, each delivered once", async () => {
  const home = new Home(6);
  const { node, messages } = await home.joined();
  home.hub.importLinkKey(-1, METER, LINK_KEY);
  home.air.setDefault({ loss: 0.02, duplicate: 0.02 });
  const ups: Promise<string>[] = [];
  for (let i = 0; i < 2_000; i++) {
    const payload = Uint8Array.of(i & 0xff, i >> 8);
    home.hub.unicast(seMessage(node.nodeId, payload));
    ups.push(node.send(seMessage(0, payload)));
    if (i % 50 === 49) await home.run(1);
  }
  await home.run(60_000);
  const number = (bytes: Uint8Array) => (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  const down = messages.map(({ payload }) => number(payload));
  const up = home
    .of("incoming")
    .filter(({ message }) => message.profile === 0x0109)
    .map(({ message }) => number(message.payload));
  const all = Array.from({ length: 2_000 }, (_, i) => i);
  expect([...down].sort((a, b) => a - b)).toEqual(all);
  expect([...up].sort((a, b) => a - b)).toEqual(all);
  expect(new Set(await Promise.all(ups))).toEqual(new Set(["delivered"]));
  expect(home.of("sent").filter(({ delivered }) => !delivered)).toEqual([]);
});
