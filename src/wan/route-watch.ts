import { readFileSync } from "node:fs";
import type { Clock, Timer } from "../base/clock.ts";

export interface RouteSettings {
  /** The kernel's tables of routes. It tells nobody of a change in them, so they have to be looked at. */
  ipv4: string;
  ipv6: string;
  /** How often they are looked at, in milliseconds; 0 never. */
  everyMs: number;
}

export const ROUTE_DEFAULTS: RouteSettings = {
  ipv4: "/proc/net/route",
  ipv6: "/proc/net/ipv6_route",
  everyMs: 5_000,
};

/**
 * Watches the ways out of the machine. A connection made over a modem or cable that is gone may look alive for minutes;
 * where another default route has taken the place of one, by IPv4 or IPv6, `changed` is called. A route that only goes
 * is no reason: what is there may come back. Without a table (no Linux, no IPv6) nothing is watched.
 */
export class RouteWatch {
  readonly #settings: RouteSettings;
  readonly #clock: Clock;
  readonly #changed: () => void;
  /** The last way out seen, by table. */
  readonly #routes = new Map<string, string>();
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
    const { ipv4, ipv6, everyMs } = this.#settings;
    const changes = [this.#isAnother(ipv4, defaultRoute), this.#isAnother(ipv6, defaultRoute6)];
    if (changes.includes(true)) this.#changed();
    this.#timer = this.#clock.after(everyMs, () => this.#look());
  }

  #isAnother(path: string, find: (table: string) => string | undefined): boolean {
    const route = read(path, find);
    if (route === undefined) return false;
    const before = this.#routes.get(path);
    this.#routes.set(path, route);
    return before !== undefined && route !== before;
  }
}

function read(path: string, find: (table: string) => string | undefined): string | undefined {
  try {
    return find(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Flags of a route (linux/route.h). */
const UP = 0x0001;
const REJECT = 0x0200;

interface Route {
  readonly metric: number;
  /** Interface and gateway. */
  readonly name: string;
}

/** Interface and gateway of the IPv4 default route with the lowest metric, from the text of `/proc/net/route`. */
export function defaultRoute(table: string): string | undefined {
  return best(
    table.split("\n").flatMap((line) => {
      const [device, destination, gateway, flags, , , metric, mask] = line.trim().split(/\s+/);
      if (destination !== "00000000" || mask !== "00000000" || !leadsOut(flags)) return [];
      return [{ metric: Number(metric), name: `${device} ${gateway}` }];
    }),
  );
}

/** The same by IPv6, from the text of `/proc/net/ipv6_route`, where all numbers are hex. */
export function defaultRoute6(table: string): string | undefined {
  return best(
    table.split("\n").flatMap((line) => {
      const [to, toBits, , fromBits, gateway, metric = "", , , flags, device] = line.trim().split(/\s+/);
      const isDefault = to === "0".repeat(32) && toBits === "00" && fromBits === "00";
      if (!isDefault || device === undefined || !leadsOut(flags)) return [];
      return [{ metric: Number.parseInt(metric, 16), name: `${device} ${gateway}` }];
    }),
  );
}

function leadsOut(flags = ""): boolean {
  return (Number.parseInt(flags, 16) & (UP | REJECT)) === UP;
}

/** Among equals always the same one, in whatever order the table has them. */
function best(routes: readonly Route[]): string | undefined {
  return routes
    .filter(({ metric }) => metric >= 0)
    .toSorted((a, b) => a.metric - b.metric || (a.name < b.name ? -1 : 1))[0]?.name;
}
