import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { makeLeds } from "../../../src/app/leds/light.ts";
import { LEDS_OFF, type LedStates, Leds, type LedView, ledStates } from "../../../src/app/leds/states.ts";
import { LED_FLASH, SysfsLeds } from "../../../src/app/leds/sysfs.ts";
import { silentLog } from "../../../src/base/log.ts";
import { until } from "../../wan/modem/home.ts";
import { configOf } from "../least-config.ts";

const NOW = 1_767_225_600_000;
const HOUR = 3_600_000;

function show(view: Partial<LedView>): LedStates {
  return ledStates({
    software: "running",
    wan: "connected",
    modem: { bars: 4, technology: "4G" },
    joinOpen: false,
    joinFailed: false,
    mesh: "none",
    devices: [],
    now: NOW,
    ...view,
  });
}

const device = (type: "esme" | "gsme", joined: boolean, agoMs?: number) => ({
  type,
  joined,
  lastHeard: agoMs === undefined ? undefined : NOW - agoMs,
});

describe("what the LEDs show (A10)", () => {
  it("SW: starting, running, updating, fault", () => {
    const shown = (["starting", "running", "updating", "fault"] as const).map(
      (software) => show({ software }).SW,
    );
    expect(shown).toEqual(["medium", "slow", "medium", "fast"]);
  });

  it("WAN: none, connecting, connected, weak, fallen back to 2G or 3G", () => {
    expect(show({ wan: "no-wan" }).WAN).toBe("off");
    expect(show({ wan: "searching" }).WAN).toBe("fast");
    expect(show({ wan: "attached" }).WAN).toBe("fast");
    expect(show({}).WAN).toBe("slow");
    expect(show({ modem: undefined }).WAN).toBe("slow");
    expect(show({ modem: { bars: 1, technology: "4G" } }).WAN).toBe("medium");
    expect(show({ modem: { bars: 5, technology: "3G" } }).WAN).toBe("medium");
    expect(show({ modem: { bars: undefined, technology: undefined } }).WAN).toBe("slow");
  });

  it("HAN: nobody, somebody, window open, join failed", () => {
    expect(show({ devices: [device("esme", false)] }).HAN).toBe("off");
    const devices = [device("esme", true)];
    expect(show({ devices }).HAN).toBe("slow");
    expect(show({ devices, joinOpen: true }).HAN).toBe("medium");
    expect(show({ devices, joinOpen: true, joinFailed: true }).HAN).toBe("fast");
  });

  it("MESH: none, joined, searching, fault", () => {
    const shown = (["none", "joined", "searching", "fault"] as const).map((mesh) => show({ mesh }).MESH);
    expect(shown).toEqual(["off", "slow", "medium", "fast"]);
  });

  it("GAS: none, waited for, heard, not heard since the start, lost", () => {
    expect(show({ devices: [device("esme", true)] }).GAS).toBe("off");
    expect(show({ devices: [device("gsme", false)] }).GAS).toBe("medium");
    expect(show({ devices: [device("gsme", true, HOUR)] }).GAS).toBe("slow");
    expect(show({ devices: [device("gsme", true)] }).GAS).toBe("medium");
    expect(show({ devices: [device("gsme", true, 3 * HOUR)] }).GAS).toBe("fast");
  });

  it("are told at once and then only when they change", () => {
    const leds = new Leds();
    const seen: LedStates[] = [];
    const end = leds.watch((states) => seen.push(states));
    leds.show(show({}));
    leds.show(show({}));
    end();
    leds.show(LEDS_OFF);
    expect(seen).toEqual([LEDS_OFF, show({})]);
    expect(leds.states).toEqual(LEDS_OFF);
  });
});

describe("LEDs of Linux", () => {
  let folder = "";
  const lines: { fields: object; sentence: string }[] = [];
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    lines.length = 0;
  });

  function lamps(leds: Record<string, string>): SysfsLeds {
    folder = mkdtempSync(join(tmpdir(), "hanway-leds-"));
    mkdirSync(join(folder, "green"));
    for (const file of ["trigger", "brightness", "delay_on", "delay_off"]) {
      writeFileSync(join(folder, "green", file), "");
    }
    const note = (fields: object, sentence: string) => void lines.push({ fields, sentence });
    return new SysfsLeds(
      { folder, leds, flash: LED_FLASH },
      { debug: note, info: note, warn: note, error: note },
    );
  }
  const read = (file: string) => readFileSync(join(folder, "green", file), "utf8");

  it("flash by the kernel's timer trigger, and go dark", async () => {
    const sysfs = lamps({ WAN: "green" });
    sysfs.show(show({}));
    await sysfs.idle();
    expect([read("trigger"), read("delay_on"), read("delay_off")]).toEqual(["timer", "200", "4800"]);
    writeFileSync(join(folder, "green", "trigger"), "");
    sysfs.show(show({ wan: "no-wan" }));
    sysfs.show(LEDS_OFF);
    await sysfs.idle();
    expect([read("trigger"), read("brightness")]).toEqual(["none", "0"]);
    expect(lines).toEqual([]);
  });

  it("one that is not there is said once, and the others are lit", async () => {
    const sysfs = lamps({ SW: "red", WAN: "green" });
    for (const software of ["starting", "running", "fault"] as const) {
      sysfs.show(show({ software }));
      await sysfs.idle();
    }
    expect(read("trigger")).toBe("timer");
    expect(lines).toMatchObject([{ fields: { led: "SW", reason: "ENOENT" } }]);
  });

  it("are those that [leds] names, and dark when the hub stops", async () => {
    lamps({});
    const config = configOf(`[leds]\nfolder = "${folder}"\nGAS = "green"`);
    const { leds, stop } = makeLeds(config, silentLog);
    leds.show(show({ devices: [device("gsme", true, HOUR)] }));
    await until(() => read("delay_off") === "4800", "the lamp flashes");
    writeFileSync(join(folder, "green", "trigger"), "");
    await stop();
    expect([read("trigger"), read("brightness")]).toEqual(["none", "0"]);
  });

  it("nothing is ever made where no LED is", async () => {
    const sysfs = lamps({ SW: "../escape" });
    sysfs.show(show({}));
    await sysfs.idle();
    expect(lines).toHaveLength(1);
  });
});
