import type { DeviceType } from "../../base/device-type.ts";
import type { Technology } from "../../wan/modem/registration.ts";
import type { WanPhase } from "../../wan/wan-state.ts";

/** The lamps an installer knows. */
export const LED_NAMES = ["SW", "WAN", "HAN", "MESH", "GAS"] as const;
export type LedName = (typeof LED_NAMES)[number];

/** How one flashes; `slow` is the sign that all is well. */
export type LedState = "off" | "slow" | "medium" | "fast";
export type LedStates = Readonly<Record<LedName, LedState>>;

/** What the lamps show of the hub. */
export interface LedView {
  software: "starting" | "running" | "updating" | "fault";
  wan: WanPhase;
  /** Of the modem; undefined where the system has the network. */
  modem: { readonly bars: number | undefined; readonly technology: Technology | undefined } | undefined;
  /** The HAN may be joined now. */
  joinOpen: boolean;
  /** The last attempt to join came to nothing. */
  joinFailed: boolean;
  /** Membership in a mesh of hubs: none in a hub with a cellular WAN alone. */
  mesh: "none" | "joined" | "searching" | "fault";
  devices: readonly {
    readonly type: DeviceType | undefined;
    readonly joined: boolean;
    /** Unix milliseconds; undefined where it was never heard. */
    readonly lastHeard: number | undefined;
  }[];
  /** Unix milliseconds. */
  now: number;
}

export interface LedLimits {
  /** Up to so many bars the signal is weak. */
  weakBars: number;
  /** A gas meter wakes every half hour; silent for longer than this it is lost, in milliseconds. */
  gasLostMs: number;
}

export const LED_LIMITS: LedLimits = { weakBars: 1, gasLostMs: 2 * 3_600_000 };

/** The table of communications-hub A10, which is from memory there: pure, so that it can be read and changed as one. */
export function ledStates(view: LedView, limits: LedLimits = LED_LIMITS): LedStates {
  return {
    SW: SOFTWARE[view.software],
    WAN: wanLed(view, limits),
    HAN: hanLed(view),
    MESH: MESH[view.mesh],
    GAS: gasLed(view, limits),
  };
}

const SOFTWARE: Readonly<Record<LedView["software"], LedState>> = {
  starting: "medium",
  running: "slow",
  updating: "medium",
  fault: "fast",
};

const MESH: Readonly<Record<LedView["mesh"], LedState>> = {
  none: "off",
  joined: "slow",
  searching: "medium",
  fault: "fast",
};

function wanLed({ wan, modem }: LedView, limits: LedLimits): LedState {
  if (wan === "no-wan") return "off";
  if (wan !== "connected") return "fast";
  const weak = modem?.bars !== undefined && modem.bars <= limits.weakBars;
  const fallback = modem?.technology === "2G" || modem?.technology === "3G";
  return weak || fallback ? "medium" : "slow";
}

function hanLed({ joinFailed, joinOpen, devices }: LedView): LedState {
  if (joinFailed) return "fast";
  if (joinOpen) return "medium";
  return devices.some((device) => device.joined) ? "slow" : "off";
}

function gasLed({ devices, now }: LedView, limits: LedLimits): LedState {
  const meters = devices.filter((device) => device.type === "gsme");
  if (meters.length === 0) return "off";
  const joined = meters.filter((meter) => meter.joined);
  if (joined.length === 0) return "medium";
  const heard = joined.some(
    (meter) => meter.lastHeard !== undefined && now - meter.lastHeard <= limits.gasLostMs,
  );
  if (heard) return "slow";
  // After a start nothing has been heard yet, which is not the same as lost.
  return joined.every((meter) => meter.lastHeard === undefined) ? "medium" : "fast";
}

export const LEDS_OFF: LedStates = { SW: "off", WAN: "off", HAN: "off", MESH: "off", GAS: "off" };

/** The lamps as values that can be watched; whoever lights real ones is one of the watchers. */
export class Leds {
  readonly #watchers = new Set<(states: LedStates) => void>();
  #states = LEDS_OFF;

  get states(): LedStates {
    return this.#states;
  }

  /** Called at once, and with every change. The returned function ends it. */
  watch(watcher: (states: LedStates) => void): () => void {
    this.#watchers.add(watcher);
    watcher(this.#states);
    return () => this.#watchers.delete(watcher);
  }

  show(states: LedStates): void {
    if (LED_NAMES.every((name) => states[name] === this.#states[name])) return;
    this.#states = states;
    for (const watcher of this.#watchers) watcher(states);
  }
}
