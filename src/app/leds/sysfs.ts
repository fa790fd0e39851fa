import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../base/log.ts";
import { LED_NAMES, type LedName, type LedState, type LedStates } from "./states.ts";

export interface SysfsLedSettings {
  /** `/sys/class/leds`, or another place of the same make. */
  folder: string;
  /** Which of its LEDs is which lamp; those left out are dark. */
  leds: Readonly<Partial<Record<LedName, string>>>;
  /** On and off times of each way of flashing, in milliseconds. */
  flash: Readonly<Record<Exclude<LedState, "off">, { readonly onMs: number; readonly offMs: number }>>;
}

/** "Slow" is once in about 5 s; the other two are not written down anywhere. */
export const LED_FLASH: SysfsLedSettings["flash"] = {
  slow: { onMs: 200, offMs: 4_800 },
  medium: { onMs: 200, offMs: 800 },
  fast: { onMs: 100, offMs: 100 },
};

/**
 * Lights LEDs of Linux through its LED class. The kernel's timer trigger does the flashing, so a hub that hangs shows
 * its last state, and one that is killed does too: the SW lamp is put out in a proper stop.
 */
export class SysfsLeds {
  readonly #settings: SysfsLedSettings;
  readonly #log: Log;
  readonly #shown = new Map<LedName, LedState>();
  readonly #broken = new Set<LedName>();
  #wanted: LedStates | undefined;
  #writing: Promise<void> | undefined;

  constructor(settings: SysfsLedSettings, log: Log) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Only the latest counts; a watcher for `Leds.watch`. */
  readonly show = (states: LedStates): void => {
    this.#wanted = states;
    this.#writing ??= this.#write();
  };

  /** Resolves when the lamps show what was asked for last. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    for (let states = this.#wanted; states !== undefined; states = this.#wanted) {
      this.#wanted = undefined;
      for (const name of LED_NAMES) await this.#light(name, states[name]);
    }
    this.#writing = undefined;
  }

  async #light(name: LedName, state: LedState): Promise<void> {
    const led = this.#settings.leds[name];
    if (led === undefined || this.#shown.get(name) === state) return;
    const folder = join(this.#settings.folder, led);
    // `r+`: sysfs has these files or has not; nothing is ever made.
    const set = (file: string, value: string) => writeFile(join(folder, file), value, { flag: "r+" });
    try {
      if (state === "off") {
        await set("trigger", "none");
        await set("brightness", "0");
      } else {
        const { onMs, offMs } = this.#settings.flash[state];
        await set("trigger", "timer");
        await set("delay_on", String(onMs));
        await set("delay_off", String(offMs));
      }
      this.#shown.set(name, state);
    } catch (error) {
      this.#complain(name, folder, error);
    }
  }

  #complain(name: LedName, folder: string, error: unknown): void {
    if (this.#broken.has(name)) return;
    this.#broken.add(name);
    const reason = error instanceof Error && "code" in error ? error.code : "unknown fault";
    this.#log.warn({ led: name, folder, reason }, "an LED cannot be lit; the hub goes on without it");
  }
}
