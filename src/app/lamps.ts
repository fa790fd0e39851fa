import type { Clock, Timer } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { HanEvent } from "../han/network.ts";
import type { HubConfig } from "./config.ts";
import { makeLeds } from "./leds/light.ts";
import { type LedStates, type LedView, ledStates } from "./leds/states.ts";

/** What the lamps show of the rest of the hub. */
export type LampFacts = Pick<LedView, "wan" | "modem" | "devices" | "joinOpen">;

/** How often what changes without an event is looked at (a window that closes, a gas meter that is silent), in milliseconds. */
const LOOK_MS = 5_000;

/** Keeps the hub's LEDs up to date. Where [leds] names none, they are values that `states` tells. */
export class Lamps {
  readonly #clock: Clock;
  readonly #facts: () => LampFacts;
  readonly #made: ReturnType<typeof makeLeds>;
  readonly #fitted: boolean;
  #software: LedView["software"] = "starting";
  #joinFailed = false;
  #timer: Timer | undefined;

  constructor(config: HubConfig, ports: { clock: Clock; log: Log; facts: () => LampFacts }) {
    this.#clock = ports.clock;
    this.#facts = ports.facts;
    this.#made = makeLeds(config, ports.log);
    this.#fitted = config.leds !== undefined;
  }

  get states(): LedStates {
    return this.#made.leds.states;
  }

  start(): void {
    this.show();
    if (this.#fitted) this.#timer = this.#clock.after(LOOK_MS, () => this.start());
  }

  /** The network is up. */
  running(): void {
    this.#software = "running";
    this.show();
  }

  heard({ type }: HanEvent): void {
    if (type === "join-failed") this.#joinFailed = true;
    if (type === "join-step" || type === "joined") this.#joinFailed = false;
    if (type !== "message") this.show();
  }

  /** Something that the lamps show has changed. */
  show(): void {
    this.#made.leds.show(
      ledStates({
        ...this.#facts(),
        software: this.#software,
        joinFailed: this.#joinFailed,
        // A hub with a cellular WAN alone is in no mesh of hubs.
        mesh: "none",
        now: this.#clock.now(),
      }),
    );
  }

  /** Puts them out. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#made.stop();
  }
}
