import type { Clock, Timer } from "../../base/clock.ts";
import type { ClockState } from "../../base/clock-state.ts";
import type { HubClock } from "../../base/hub-clock.ts";
import type { Log } from "../../base/log.ts";
import { CLOCK_SETTINGS, type ClockSettings } from "./settings.ts";
import type { SourceReading, TimeSource } from "./sources.ts";

const FAILED: SourceReading = { state: "unknown", reason: "it cannot be asked" };

interface Ports {
  /** The machine's clock, which a time service may set. */
  readonly machine: Clock;
  readonly hub: HubClock;
  /** In order of trust: the first one that knows the machine's clock to be right is believed. */
  readonly sources: readonly TimeSource[];
  readonly log: Log;
}

/**
 * Keeps the hub's clock right and knows whether it is (A8). It follows the machine's clock while a source vouches for
 * that, the cellular network's time where none does, and else runs on: reliable for the holdover, then not. Before any
 * source has spoken the clock is invalid, whatever it shows.
 */
export class ClockKeeper {
  readonly #ports: Ports;
  readonly #settings: ClockSettings;
  readonly #listeners = new Set<(state: ClockState) => void>();
  /** The machine's `elapsed` and the hub's time when the clock was last known to be right. */
  #affirmed: { readonly elapsed: number; readonly unixMs: number } | undefined;
  #vouched = false;
  /** A network time that contradicts a clock in holdover, until a second one bears it out. */
  #doubt: { readonly elapsed: number; readonly unixMs: number } | undefined;
  #told: ClockState["state"] = "invalid";
  #reasons = "";
  #timer: Timer | undefined;
  #running = false;

  constructor(ports: Ports, settings: ClockSettings = CLOCK_SETTINGS) {
    this.#ports = ports;
    this.#settings = settings;
  }

  /** Asks the sources once, then from time to time. */
  async start(): Promise<void> {
    this.#running = true;
    await this.#check();
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
  }

  /** What may be said of the hub's clock now; a {@link ClockStateSource}. */
  readonly state = (): ClockState => {
    const affirmed = this.#affirmed;
    if (affirmed === undefined) return { state: "invalid" };
    const { hub, machine } = this.#ports;
    const held = machine.elapsed() - affirmed.elapsed <= this.#settings.holdoverMs;
    const right = hub.leadMs <= this.#settings.toleranceMs;
    return { state: held && right ? "reliable" : "unreliable", since: affirmed.unixMs };
  };

  /** Called when the kind of state changes: schedulers hold what needs the time until it is known. */
  onChange(listener: (state: ClockState) => void): void {
    this.#listeners.add(listener);
  }

  /** The cellular network says that it is `unixMs` now. Counts only while nothing better vouches for the clock. */
  networkTime(unixMs: number): void {
    if (!this.#settings.network || this.#vouched || !this.#isCredible(unixMs)) return;
    const { hub, machine } = this.#ports;
    const off = Math.abs(hub.now() - unixMs);
    if (off > this.#settings.toleranceMs && this.state().state === "reliable" && !this.#isBorneOut(unixMs)) {
      this.#ports.log.warn({ offMs: off }, "the network's time contradicts the clock; it is not taken yet");
      this.#doubt = { elapsed: machine.elapsed(), unixMs };
      return;
    }
    this.#doubt = undefined;
    if (off > this.#settings.networkSlackMs || this.#affirmed === undefined) this.#correct(unixMs, "network");
    this.#affirm(0);
  }

  async #check(): Promise<void> {
    const agoMs = await this.#ask();
    if (!this.#running) return;
    const { machine } = this.#ports;
    const now = machine.now();
    this.#vouched = agoMs !== undefined && this.#isCredible(now);
    if (this.#vouched) {
      this.#doubt = undefined;
      this.#correct(now, "machine");
      this.#affirm(agoMs ?? 0);
    } else {
      // Nothing known: show what the machine shows, and claim nothing for it.
      if (this.#affirmed === undefined) this.#correct(now, "machine");
      this.#tell();
    }
    this.#timer = machine.after(this.#settings.checkMs, () => void this.#check());
  }

  /** How long ago the first source that vouches for the machine's clock compared it; undefined where none does. */
  async #ask(): Promise<number | undefined> {
    const reasons: string[] = [];
    let agoMs: number | undefined;
    for (const source of this.#ports.sources) {
      const reading = await source.read().catch(() => FAILED);
      if (reading.state === "synchronised") {
        agoMs = reading.agoMs;
        break;
      }
      reasons.push(`${source.name}: ${reading.state === "unknown" ? reading.reason : "not synchronised"}`);
    }
    const told = reasons.join("; ");
    if (told !== this.#reasons && told !== "") this.#ports.log.debug({ reasons }, "time sources");
    this.#reasons = told;
    return agoMs;
  }

  #correct(unixMs: number, by: string): void {
    const { hub, log } = this.#ports;
    const offMs = hub.now() - unixMs;
    const correction = hub.correct(unixMs, this.#affirmed !== undefined);
    if (correction !== "none") log.info({ offMs, by, correction }, "the clock is corrected");
  }

  #affirm(agoMs: number): void {
    const { hub, machine } = this.#ports;
    this.#affirmed = { elapsed: machine.elapsed() - agoMs, unixMs: hub.now() - agoMs };
    this.#tell();
  }

  #isCredible(unixMs: number): boolean {
    return unixMs >= this.#settings.notBefore;
  }

  #isBorneOut(unixMs: number): boolean {
    if (this.#doubt === undefined) return false;
    const expected = this.#doubt.unixMs + (this.#ports.machine.elapsed() - this.#doubt.elapsed);
    return Math.abs(expected - unixMs) <= this.#settings.networkSlackMs;
  }

  #tell(): void {
    const state = this.state();
    if (state.state === this.#told) return;
    this.#told = state.state;
    if (state.state === "reliable") this.#ports.log.info({}, "the clock is reliable");
    else this.#ports.log.warn({ state: state.state }, "the clock is not reliable");
    for (const listener of this.#listeners) listener(state);
  }
}
