import { readFileSync } from "node:fs";
import type { Clock, Timer } from "../base/clock.ts";

export interface RouteSettings {
  /** The kernel's table of IPv4 routes. */
  path: string;
  /** How often it is looked at, in milliseconds; 0 never. */
  everyMs: number;
}

export const ROUTE_DEFAULTS: RouteSettings = { path: "/proc/net/route", everyMs: 5_000 };

/**
 * Watches the way out of the machine. A connection made over a modem or cable that is gone may look alive for minutes;
 * where another default route has taken its place, `changed` is called. A route that only goes is no reason: what is
 * there may come back. Without the table (no Linux) nothing is watched.
 */
export class RouteWatch {
  readonly #settings: RouteSettings;
  readonly #clock: Clock;
  readonly #changed: () => void;
  #route: string | undefined;
  #timer: Timer | undefined;

  constructor(settings: RouteSettings, clock: Clock, changed: () => void) {
    this.#settings = settings;
    this.#clock = clock;
    this.#changed = changed;
  }

  start(): void {
    if (this.#settings.everyMs > 0) this.#look();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const route = this.#read();
    if (route !== undefined) {
      if (this.#route !== undefined && route !== this.#route) this.#changed();
      this.#route = route;
    }
    this.#timer = this.#clock.after(this.#settings.everyMs, () => this.#look());
  }

  #read(): string | undefined {
    try {
      return defaultRoute(readFileSync(this.#settings.path, "utf8"));
    } catch {
      return undefined;
    }
  }
}

const UP = 1;

/** Interface and gateway of the default route with the lowest metric, from the text of `/proc/net/route`. */
export function defaultRoute(table: string): string | undefined {
  let best: { metric: number; name: string } | undefined;
  for (const line of table.split("\n").slice(1)) {
    const [device, destination, gateway, flags, , , metricText, mask] = line.trim().split(/\s+/);
    if (destination !== "00000000" || mask !== "00000000") continue;
    if ((Number.parseInt(flags ?? "", 16) & UP) === 0) continue;
    const metric = Number(metricText);
    if (!(metric >= 0) || (best !== undefined && metric >= best.metric)) continue;
    best = { metric, name: `${device} ${gateway}` };
  }
  return best?.name;
}
