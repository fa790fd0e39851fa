import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { Eui64 } from "../../../src/base/eui64.ts";
import type { DeviceNode } from "../../../src/emulator/stack/device-node.ts";
import type { EmberRadio } from "../../../src/han/radio/ember-radio.ts";
import { Bench, down, Events } from "./bench.ts";

const KEY = new Uint8Array(16).fill(0x5a);
const QUICK = { keepAliveMs: 100, keepAliveTimeoutMs: 200 };
const RECOVERY = { timeout: 10_000 };

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

interface Home {
  bench: Bench;
  radio: EmberRadio;
  events: Events;
  device: DeviceNode;
}

async function home(address?: string, more = {}): Promise<Home> {
  bench = await Bench.start(13, address);
  const radio = bench.radio({ ...QUICK, ...more });
  const events = new Events(radio);
  await radio.start();
  const device = bench.device("0022a300000000a1", KEY);
  await radio.admit(device.eui64, KEY, 60);
  device.start();
  await expect.poll(() => events.of("joined").length, RECOVERY).toBe(1);
  await radio.linkKeys.set(device.eui64, KEY);
  return { bench, radio, events, device };
}

function message(device: DeviceNode, length: number) {
  return down(device, new Uint8Array(length).fill(3));
}

describe("recovery of the link to the radio", () => {
  it.each(["close", "reset", "error"] as const)(
    "%s in the middle of a message: the message is lost, the network comes back, joining stays open",
    async (fault) => {
      const { bench, radio, events, device } = await home();
      const before = radio.network;
      const sending = radio.send(message(device, 4_000));
      await new Promise((resolve) => setTimeout(resolve, 2));
      bench.faults.inject({ name: fault });
      await expect(sending).resolves.toBe("radio-lost");
      await expect.poll(() => events.ups(), RECOVERY).toBe(2);
      expect(events.of("state").filter(({ state }) => state === "lost")).toHaveLength(1);
      expect(radio.network).toEqual({ ...before, formed: false });
      await expect(radio.send(message(device, 4_000))).resolves.toBe("delivered");
      await expect.poll(() => bench.coordinator.transientKeys().length).toBe(1);
    },
  );

  it("a radio that stops answering is noticed by the keep-alive", async () => {
    const { bench, radio, events, device } = await home();
    bench.faults.inject({ name: "stall", durationMs: 600 });
    await expect(radio.send(message(device, 10))).resolves.toBe("radio-lost");
    await expect(radio.send(message(device, 10))).resolves.toBe("radio-lost");
    await expect.poll(() => events.ups(), RECOVERY).toBe(2);
    await expect(radio.send(message(device, 10))).resolves.toBe("delivered");
  });

  it.each(["corrupt", "drop"] as const)(
    "%s: frames damaged on the line are repeated and no message is lost",
    async (fault) => {
      const { bench, radio, events, device } = await home(undefined, {
        keepAliveMs: 1_000,
        keepAliveTimeoutMs: 12_000,
      });
      const received: Uint8Array[] = [];
      device.onMessage = ({ payload }) => received.push(payload);
      bench.faults.inject({ name: fault, rate: 0.05, durationMs: 60_000 });
      for (let i = 0; i < 10; i++)
        await expect(radio.send(message(device, 20 + i))).resolves.toBe("delivered");
      bench.faults.clear();
      expect(received).toHaveLength(10);
      expect(events.ups()).toBe(1);
    },
  );

  it("a single lost command is repeated by the ASH timer and costs no reset", async () => {
    bench = await Bench.start();
    const radio = bench.radio({ keepAliveMs: 60_000 });
    const events = new Events(radio);
    await radio.start();
    // Everything is acknowledged, so that nothing but the hub's own timer can repeat the command.
    await new Promise((resolve) => setTimeout(resolve, 300));
    bench.faults.inject({ name: "stall", durationMs: 60_000 });
    const setting = radio.linkKeys.set(Eui64("0022a300000000a1"), KEY);
    await new Promise((resolve) => setTimeout(resolve, 50));
    bench.faults.clear();
    await expect(setting).resolves.toBeUndefined();
    expect(events.ups()).toBe(1);
  });

  it("comes back by itself when the port is gone for a while", async () => {
    const { bench, radio, events, device } = await home();
    const address = bench.url;
    await bench.unplug();
    await expect.poll(() => radio.state).toBe("lost");
    await expect(radio.nodeIdOf(device.eui64)).resolves.toBe(device.nodeId);
    await expect(radio.linkKeys.set(device.eui64, KEY)).rejects.toMatchObject({ code: "radio/unavailable" });
    await new Promise((resolve) => setTimeout(resolve, 700));
    await bench.listen(address);
    await expect.poll(() => events.ups(), { timeout: 2_000 }).toBe(2);
    await expect(radio.send(message(device, 10))).resolves.toBe("delivered");
  });

  it("a device admitted while the radio is away joins when it is back", async () => {
    bench = await Bench.start();
    const radio = bench.radio(QUICK);
    const events = new Events(radio);
    await radio.start();
    const address = bench.url;
    await bench.unplug();
    await expect.poll(() => radio.state).toBe("lost");
    const device = bench.device("0022a300000000a1", KEY);
    await radio.admit(device.eui64, KEY, 60);
    await bench.listen(address);
    await expect.poll(() => radio.state, RECOVERY).toBe("up");
    device.start();
    await expect.poll(() => events.of("joined").length, RECOVERY).toBe(1);
  });
});

const hasSocat = spawnSync("socat", ["-V"]).status === 0;
if (!hasSocat && process.env["CI"] !== "true")
  console.log("test/han/radio: the pseudo terminal is skipped, socat is not installed");

describe.runIf(hasSocat || process.env["CI"] === "true")("radio on a serial port", () => {
  it("forms, carries 4,096 octets and comes back after a reset, which closes and opens the terminal", async () => {
    const { bench, radio, events, device } = await home("pty");
    await expect(radio.send(message(device, 4_096))).resolves.toBe("delivered");
    bench.faults.inject({ name: "reset" });
    await expect.poll(() => events.ups(), RECOVERY).toBe(2);
    await expect(radio.send(message(device, 4_096))).resolves.toBe("delivered");
  });
});

describe("leftovers", () => {
  it("nothing of a stopped or failed radio keeps the process alive", () => {
    const root = fileURLToPath(new URL("../../../", import.meta.url));
    const child = spawnSync(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `
        const { Bench } = await import("./test/han/radio/bench.ts");
        const bench = await Bench.start(13);
        const radio = bench.radio();
        await radio.start();
        bench.faults.inject({ name: "stall", durationMs: 60_000 });
        const lost = radio.linkKeys.set("00000000000000a1", new Uint8Array(16)).catch((e) => e.code);
        setTimeout(async () => {
          await radio.stop();
          bench.faults.clear();
          const silent = bench.radio();
          bench.faults.inject({ name: "stall", durationMs: 60_000 });
          const start = silent.start().catch((e) => e.code);
          setTimeout(async () => {
            await silent.stop();
            await bench.close();
            console.log(await lost, await start);
          }, 50);
        }, 50);
        `,
      ],
      { cwd: root, encoding: "utf8", timeout: 5_000 },
    );
    expect(child.stderr).toBe("");
    expect(child.stdout.trim()).toBe("radio/unavailable radio/unavailable");
    expect(child.status).toBe(0);
  });
});
