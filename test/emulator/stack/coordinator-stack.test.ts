import { expect, test } from "vitest";
import { ManualClock } from "../../../src/base/clock.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { Air } from "../../../src/emulator/air/air.ts";
import type { StackEvent } from "../../../src/emulator/stack/coordinator.ts";
import { EmulatedCoordinator } from "../../../src/emulator/stack/coordinator-stack.ts";

const HUB = Eui64("00db1234567890a3");
const NETWORK = { extendedPanId: HUB, panId: 0x1a62, channel: 15, txPower: 5 };
const SECURITY = {
  networkKey: new Uint8Array(16).fill(7),
  sequence: 0,
  trustCenterKey: new Uint8Array(16).fill(9),
};

function fresh(snapshot?: ReturnType<EmulatedCoordinator["snapshot"]>) {
  const clock = new ManualClock();
  const air = new Air({ clock, random: new SeededRandom(1) });
  const stack = new EmulatedCoordinator({
    air,
    eui64: HUB,
    clock,
    random: new SeededRandom(2),
    ...(snapshot ? { snapshot } : {}),
  });
  const events: StackEvent[] = [];
  stack.on((event) => {
    if (event.type !== "changed") events.push(event);
  });
  return { air, stack, events, clock };
}

test("forming a network reports up and nothing is resumed before it was formed", async () => {
  const { air, stack, events } = fresh();
  expect(stack.resume()).toBe(false);
  expect(stack.network()).toBeUndefined();
  stack.form(NETWORK, SECURITY);
  await air.idle();
  expect(events).toEqual([{ type: "network", state: "up" }]);
  expect(stack.network()).toEqual(NETWORK);
});

test("a restarted coordinator resumes from its snapshot and never reuses a frame counter", async () => {
  const first = fresh();
  first.stack.form(NETWORK, SECURITY);
  await first.air.idle();
  const used = first.stack.networkKey()?.frameCounter ?? 0;
  const stored = JSON.parse(JSON.stringify(first.stack.snapshot()));
  const second = fresh(stored);
  expect(second.stack.network()).toBeUndefined();
  expect(second.stack.resume()).toBe(true);
  await second.air.idle();
  expect(second.events).toEqual([{ type: "network", state: "up" }]);
  expect(second.stack.network()).toEqual(NETWORK);
  expect(second.stack.networkKey()?.key).toEqual(SECURITY.networkKey);
  expect(second.stack.networkKey()?.frameCounter).toBeGreaterThanOrEqual(used + 4096);
});

test("leaving forgets the network", async () => {
  const { air, stack, events } = fresh();
  stack.form(NETWORK, SECURITY);
  stack.leave();
  await air.idle();
  expect(events.at(-1)).toEqual({ type: "network", state: "down" });
  expect(stack.resume()).toBe(false);
  expect(stack.snapshot().network).toBeUndefined();
});

test("ZDO requests to itself come back answered: active endpoints and simple descriptor", async () => {
  const { air, stack, events } = fresh();
  stack.form(NETWORK, SECURITY);
  stack.setEndpoints([
    {
      endpoint: 1,
      profile: 0x0109,
      deviceId: 0x0508,
      deviceVersion: 0,
      inputClusters: [0x0000, 0x0704],
      outputClusters: [0x0704],
    },
  ]);
  await air.idle();
  const base = {
    nodeId: 0,
    profile: 0,
    sourceEndpoint: 0,
    destinationEndpoint: 0,
    apsSecurity: false,
    apsAck: false,
    sequence: 0,
  };
  expect(stack.unicast({ ...base, cluster: 5, payload: Uint8Array.of(0x21, 0, 0), tag: 3 })).toBe("ok");
  expect(stack.unicast({ ...base, cluster: 4, payload: Uint8Array.of(0x22, 0, 0, 1) })).toBe("ok");
  expect(stack.unicast({ ...base, cluster: 4, payload: Uint8Array.of(0x22) })).toBe("ok");
  await air.idle();
  const incoming = events.filter((event) => event.type === "incoming").map((event) => event.message);
  expect(incoming[0]).toMatchObject({ nodeId: 0, cluster: 0x8005 });
  expect(incoming[0]?.payload).toEqual(Uint8Array.of(0x21, 0, 0, 0, 1, 1));
  expect(incoming[1]?.payload).toEqual(
    Uint8Array.of(0x22, 0, 0, 0, 14, 1, 0x09, 0x01, 0x08, 0x05, 0, 2, 0, 0, 0x04, 0x07, 1, 0x04, 0x07),
  );
  expect(incoming[2]?.payload).toEqual(Uint8Array.of(0x22));
  expect(events.filter((event) => event.type === "sent")[0]).toMatchObject({
    delivered: true,
    message: { tag: 3 },
  });
});

test("sending before the network is up is refused", () => {
  const { stack } = fresh();
  const message = {
    nodeId: 0,
    profile: 0,
    cluster: 5,
    sourceEndpoint: 0,
    destinationEndpoint: 0,
    apsSecurity: false,
    apsAck: false,
    sequence: 0,
    payload: new Uint8Array(3),
  };
  expect(stack.unicast(message)).toBe("not-joined");
  expect(stack.broadcast({ ...message, nodeId: 0xffff }, 0)).toBe("not-joined");
  expect(stack.fragmentAck(0, message)).toBe("not-joined");
});
