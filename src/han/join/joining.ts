import type { Clock, Timer } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { HanDevice } from "../device.ts";
import type { RadioPort } from "../radio/port.ts";
import {
  type JoinEffect,
  type JoinFailure,
  type JoinInput,
  type JoinSettings,
  type JoinStep,
  joinStep,
} from "./state.ts";
import type { StartKey } from "./window.ts";

export interface JoiningPorts {
  readonly clock: Clock;
  readonly radio: Pick<RadioPort, "linkKeys" | "admit" | "dismiss">;
  /** Tells a device to leave. Throws `radio/unavailable`. */
  expel(eui64: Eui64, nodeId: number): Promise<void>;
  /** The device reached a step of its way in. */
  step(device: HanDevice, step: JoinStep): void;
  failed(device: HanDevice, failure: JoinFailure): void;
  /** All is served to it from now on. */
  cameIn(device: HanDevice): void;
  /** It is on its way in anew, or gone. */
  wentOut(device: HanDevice): void;
  /** Its state is another one. */
  changed(device: HanDevice): void;
}

/** Runs the join machine of each device: timers, windows and the radio's part of it. */
export class Joining {
  readonly #ports: JoiningPorts;
  readonly #settings: JoinSettings;
  readonly #timers = new Map<HanDevice, Timer>();
  readonly #windows = new Map<HanDevice, Timer>();

  constructor(settings: JoinSettings, ports: JoiningPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Admits a device with its start key for so many seconds; a window that is open is replaced. */
  async open(device: HanDevice, start: StartKey, seconds: number): Promise<void> {
    device.start = start;
    await this.#ports.radio.admit(device.spec.eui64, start.key, seconds);
    this.#windows.get(device)?.cancel();
    this.#windows.set(
      device,
      this.#ports.clock.after(seconds * 1_000, () => this.#windowEnded(device)),
    );
    this.input(device, { type: "window-opened" });
  }

  /** Ends a device's window before its time. */
  async close(device: HanDevice): Promise<void> {
    if (!this.#windows.has(device)) return;
    this.#windowEnded(device);
    await this.#ports.radio.dismiss(device.spec.eui64);
  }

  input(device: HanDevice, input: JoinInput): void {
    const [next, effects] = joinStep(device.join, input, this.#settings);
    const changed = device.join.at !== next.at;
    device.join = next;
    if (changed) this.#ports.changed(device);
    for (const effect of effects) this.#perform(device, effect);
  }

  /** Forgets a device and its timers. */
  forget(device: HanDevice): void {
    this.#stopTimer(device);
    this.#windows.get(device)?.cancel();
    this.#windows.delete(device);
  }

  stop(): void {
    for (const timer of [...this.#timers.values(), ...this.#windows.values()]) timer.cancel();
    this.#timers.clear();
    this.#windows.clear();
  }

  #windowEnded(device: HanDevice): void {
    this.#windows.get(device)?.cancel();
    this.#windows.delete(device);
    this.input(device, { type: "window-ended" });
  }

  #stopTimer(device: HanDevice): void {
    this.#timers.get(device)?.cancel();
    this.#timers.delete(device);
  }

  #perform(device: HanDevice, effect: JoinEffect): void {
    switch (effect.do) {
      case "report":
        this.#ports.step(device, effect.step);
        return;
      case "fail":
        this.#ports.failed(device, effect.failure);
        return;
      case "timer":
        this.#stopTimer(device);
        this.#timers.set(
          device,
          this.#ports.clock.after(effect.ms, () => this.input(device, { type: "timeout" })),
        );
        return;
      case "no-timer":
        this.#stopTimer(device);
        return;
      case "store-start-key":
        void this.#storeStartKey(device);
        return;
      case "remove":
        void this.#remove(device);
        return;
      case "came-in":
        this.#ports.cameIn(device);
        return;
      case "went-out":
        this.#ports.wentOut(device);
        return;
    }
  }

  /** Into the key table: the transient entry that let it join times out. */
  async #storeStartKey(device: HanDevice): Promise<void> {
    try {
      const { spec, start } = device;
      if (start !== undefined) await this.#ports.radio.linkKeys.set(spec.eui64, start.key);
      this.input(device, { type: "start-key-stored" });
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.input(device, { type: "start-key-refused", reason: error.message });
    }
  }

  /** While the radio is away nobody can be told anything. */
  async #remove({ spec, nodeId }: HanDevice): Promise<void> {
    if (nodeId === undefined) return;
    try {
      await this.#ports.expel(spec.eui64, nodeId);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
    }
  }
}
