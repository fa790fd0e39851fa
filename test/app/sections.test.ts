import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createEmulatedModem } from "../../src/emulator/modem/modem.ts";
import { TestHome, until } from "./home.ts";

const scope: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of scope.splice(0).reverse()) await end();
});

async function start(settings: string): Promise<TestHome> {
  const home = await TestHome.start({ settings });
  scope.push(() => home[Symbol.asyncDispose]());
  return home;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "hanway-sections-"));
  scope.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe("the optional sections of a hub's settings", () => {
  it("without any, state speaks of neither power nor modem; the birth stands in it from the first link on, for ever", async () => {
    const home = await start("");
    const online = () => home.states.filter((state) => state["online"] === true);
    await until(() => online().some((state) => "han" in state), "the state");
    const born = online().map((state) => Reflect.get(Object(state["wan"]), "bornAt"));
    expect(born[0]).toMatch(/^20\d\d-.*Z$/);
    expect(new Set(born).size).toBe(1);
    expect(home.states.filter((state) => "power" in state || "modem" in state)).toEqual([]);
    const told = home.states.length;
    await home.restart();
    await until(() => home.states.slice(told).some((state) => state["online"] === true), "the second start");
    expect(home.states.at(-1)).toMatchObject({ wan: { bornAt: born[0] } });
  });

  it("[power]: state follows the mains", async () => {
    const input = join(folder(), "online");
    writeFileSync(input, "1\n");
    const home = await start(
      `[power]\ninput = ${JSON.stringify(input)}\npollMilliseconds = 50\nsettleMilliseconds = 0`,
    );
    const mains = (now: string) =>
      until(
        () => Reflect.get(Object(home.states.at(-1)?.["power"]), "mains") === now,
        `mains ${now} in state`,
      );
    await mains("present");
    writeFileSync(input, "0\n");
    await mains("lost");
  });

  it("[modem]: state tells of it; a modem that goes away keeps the hub neither from running nor from stopping", async () => {
    const modem = await createEmulatedModem({ listen: "tcp://127.0.0.1:0", registerMs: 50 });
    scope.push(() => modem.stop());
    const home = await start(`[modem]\nport = "${modem.url}"`);
    await until(() => JSON.stringify(home.states.at(-1)?.["modem"])?.includes("4G") === true, "the modem");
    await modem.stop();
    expect(home.hub.status().online).toBe(true);
  });

  it("[leds]: the lamps follow the hub, and go out with it", async () => {
    const sys = folder();
    for (const name of ["sw", "wan", "han"]) {
      mkdirSync(join(sys, name));
      for (const file of ["trigger", "brightness", "delay_on", "delay_off"])
        writeFileSync(join(sys, name, file), "?");
    }
    const home = await start(`[leds]\nfolder = ${JSON.stringify(sys)}\nSW = "sw"\nWAN = "wan"\nHAN = "han"`);
    await home.tunnelOpen();
    await until(() => home.hub.status().leds.WAN === "slow", "the broker on the lamps");
    expect(home.hub.status().leds).toMatchObject({ SW: "slow", GAS: "off" });
    await until(() => readFileSync(join(sys, "sw", "delay_off"), "utf8") === "4800", "the lamp itself");
    await home.hub[Symbol.asyncDispose]();
    for (const name of ["sw", "wan", "han"])
      expect(readFileSync(join(sys, name, "brightness"), "utf8")).toBe("0");
  });
});
