import type { Log } from "../../base/log.ts";
import type { HubConfig } from "../config.ts";
import { LEDS_OFF, Leds } from "./states.ts";
import { LED_FLASH, SysfsLeds } from "./sysfs.ts";

/** The hub's LEDs, and real lamps behind them where [leds] names some. `stop` puts those out. */
export function makeLeds(config: HubConfig, log: Log): { leds: Leds; stop(): Promise<void> } {
  const leds = new Leds();
  if (config.leds === undefined) return { leds, stop: async () => {} };
  const { folder, SW, WAN, HAN, MESH, GAS } = config.leds;
  const names = Object.entries({ SW, WAN, HAN, MESH, GAS }).filter(([, name]) => name !== undefined);
  const sysfs = new SysfsLeds({ folder, leds: Object.fromEntries(names), flash: LED_FLASH }, log);
  const end = leds.watch(sysfs.show);
  return {
    leds,
    stop: async () => {
      end();
      sysfs.show(LEDS_OFF);
      await sysfs.idle();
    },
  };
}
