import { afterEach, describe, expect, it } from "vitest";
import type { DeviceNode } from "../../../src/emulator/stack/device-node.ts";
import type { IncomingAps } from "../../../src/han/radio/port.ts";
import { Bench, up } from "./bench.ts";

const KEY = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);
const LONG = Uint8Array.from({ length: 200 }, (_, i) => i);
const SHORT = LONG.subarray(0, 40);

let bench: Bench;
afterEach(() => bench.close());

/** A device that joined, and a hub that does with each of its Smart Energy frames what `take` says. */
async function joined(take: (frame: IncomingAps) => void): Promise<DeviceNode> {
  bench = await Bench.start();
  const radio = bench.radio();
  let there = false;
  radio.on((event) => {
    if (event.type === "joined") there = true;
    if (event.type === "frame" && event.frame.profile === 0x0109) take(event.frame);
  });
  await radio.start();
  const device = bench.device("0022a300000000a1", KEY);
  await radio.admit(device.eui64, KEY, 60);
  device.start();
  await expect.poll(() => there, { timeout: 5_000 }).toBe(true);
  return device;
}

describe("a message in blocks is acknowledged when it is safe", () => {
  it("its sender waits for as long as it is being stored", async () => {
    const storing = Promise.withResolvers<void>();
    let handedOver = 0;
    const device = await joined((frame) => {
      handedOver += 1;
      frame.acknowledgeAfter?.(storing.promise);
    });
    let told: string | undefined;
    const sent = device.send(up(LONG)).then((outcome) => {
      told = outcome;
    });
    await expect.poll(() => handedOver).toBe(1);
    // Long enough for the last block to come again.
    await new Promise((wake) => setTimeout(wake, 250));
    expect(told).toBeUndefined();
    storing.resolve();
    await sent;
    expect([told, handedOver]).toEqual(["delivered", 1]);
  });

  it("a message that could not be stored is handed over again when its last block comes again", async () => {
    const taken: Uint8Array[] = [];
    const device = await joined((frame) => {
      taken.push(frame.payload);
      frame.acknowledgeAfter?.(taken.length < 3 ? Promise.reject(new Error("disk full")) : Promise.resolve());
    });
    expect(await device.send(up(LONG))).toBe("delivered");
    expect(taken).toEqual([LONG, LONG, LONG]);
  });

  it("a message that is never stored is never acknowledged", async () => {
    const device = await joined((frame) => frame.acknowledgeAfter?.(Promise.reject(new Error("disk full"))));
    expect(await device.send(up(LONG))).toBe("not-delivered");
  });

  it("a refusal that comes when the message has been acknowledged harms nobody", async () => {
    const late: IncomingAps[] = [];
    const device = await joined((frame) => late.push(frame));
    expect(await device.send(up(LONG))).toBe("delivered");
    late[0]?.acknowledgeAfter?.(Promise.reject(new Error("too late")));
    await new Promise((turn) => setImmediate(turn));
    expect(await device.send(up(LONG))).toBe("delivered");
  });

  it("messages of one sender keep their order while they wait", async () => {
    const order: number[] = [];
    const device = await joined((frame) => {
      const n = frame.payload[0] ?? 0;
      order.push(n);
      frame.acknowledgeAfter?.(new Promise<void>((done) => setTimeout(done, 20 - n * 5)));
    });
    for (const n of [0, 1, 2, 3]) {
      expect(await device.send(up(Uint8Array.of(n, ...LONG)))).toBe("delivered");
    }
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it("a message in one frame has been acknowledged by the radio already, and says so", async () => {
    const frames: IncomingAps[] = [];
    const device = await joined((frame) => frames.push(frame));
    expect(await device.send(up(SHORT))).toBe("delivered");
    await expect.poll(() => frames.length).toBe(1);
    expect(frames[0]?.acknowledgeAfter).toBeUndefined();
  });
});
