import { afterEach, describe, expect, it } from "vitest";
import { modemSettings } from "../../src/app/modem.ts";
import { WanSide } from "../../src/app/wan-side.ts";
import { SystemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { createEmulatedModem, type EmulatedModem } from "../../src/emulator/modem/modem.ts";
import { Store } from "../../src/store/store.ts";
import { until } from "../wan/modem/home.ts";
import { configOf } from "./least-config.ts";

let side: WanSide;
let emulated: EmulatedModem | undefined;
const clock = new SystemClock();
const told: object[] = [];
afterEach(async () => {
  await side.stop();
  await emulated?.stop();
  emulated = undefined;
  told.length = 0;
});

function start(more: string, times: number[] = []): WanSide {
  side = new WanSide(configOf(more), {
    store: new Store(":memory:", clock),
    clock,
    log: silentLog,
    presence: { state: (part, value) => void told.push({ part, ...value }) },
    networkTime: (unixMs) => times.push(unixMs),
  });
  side.start();
  return side;
}

describe("a hub's side of the WAN", () => {
  it("with a modem: attached, connected, born; the hub's state document has it, with numbers masked", async () => {
    const now = Date.UTC(2026, 6, 1, 10, 30, 15);
    const times: number[] = [];
    emulated = await createEmulatedModem({
      listen: "tcp://127.0.0.1:0",
      sim: { pin: "8642" },
      cell: { time: () => now },
      registerMs: 100,
    });
    start(`[modem]\nport = "${emulated.url}"\npin = "8642"\napn = "smart.meter"\ndial = true`, times);
    expect(side.phase).toBe("searching");
    await until(() => side.phase === "attached", "attached");
    side.link(true);
    expect(side.phase).toBe("connected");
    expect(side.bornAt).toBeTypeOf("number");
    expect(side.modem).toMatchObject({ attached: true, operator: "Test Mobile" });
    expect(told.at(-1)).toMatchObject({
      part: "modem",
      wan: "connected",
      technology: "4G",
      iccid: "…0017",
      signal: { bars: 4, rsrp: -97 },
    });
    expect(JSON.stringify(told)).not.toContain("8642");
    await until(() => times.length > 0, "the time");
    expect(times[0]).toBe(now);
  });

  it("without one the broker link alone decides, and nothing is said of a modem", () => {
    start("");
    side.link(true);
    expect([side.phase, side.modem]).toEqual(["connected", undefined]);
    expect(side.bornAt).toBeTypeOf("number");
    expect(told).toEqual([]);
  });

  it("a modem that is not there keeps nothing from starting", async () => {
    start('[modem]\nport = "/nowhere/ttyUSB9"');
    await until(() => side.modem?.fault === "port", "the fault");
    side.link(true);
    expect(side.phase).toBe("connected");
  });

  it("takes every setting of the section", () => {
    const text = `[modem]
port = "/dev/ttyUSB2"
apn = "a.b"
context = 3
[modem.bearer]
up = ["/usr/bin/pon", "hub"]
seconds = 5
[modem.reset]
file = "/sys/class/gpio/gpio17/value"
holdMs = 700`;
    start("");
    const { modem } = configOf(text);
    expect(modem && modemSettings(modem)).toMatchObject({
      port: { port: "/dev/ttyUSB2", baudRate: 115_200 },
      profile: { apn: "a.b", context: 3, activate: false, networkTime: "local", pin: undefined },
      bearer: { up: ["/usr/bin/pon", "hub"], down: [], limitMs: 5_000 },
      reset: { file: "/sys/class/gpio/gpio17/value", assert: "1", release: "0", holdMs: 700 },
    });
    expect(configOf().modem).toBeUndefined();
  });
});
