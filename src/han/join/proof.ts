import type { Clock, Timer } from "../../base/clock.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";

/**
 * The Trust Centre sends the network key under the install code's link key and learns nothing back. Only a frame
 * secured with that network key shows that the device could read it, so its absence is the one sign of a wrong
 * install code.
 */
export class JoinProof {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #pending = new Map<Eui64, Timer>();
  /** A device with a wrong code keeps trying; it is worth one line, not one per try. */
  readonly #told = new Set<Eui64>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  expect(eui64: Eui64): void {
    this.#pending.get(eui64)?.cancel();
    const timer = this.#clock.after(PROOF_MS, () => {
      this.#pending.delete(eui64);
      if (this.#told.has(eui64)) return;
      this.#told.add(eui64);
      this.#log.warn(
        { device: eui64 },
        "device was sent the network key and has not used it: its install code is probably not the one put in",
      );
    });
    this.#pending.set(eui64, timer);
  }

  given(eui64: Eui64): void {
    this.#pending.get(eui64)?.cancel();
    this.#pending.delete(eui64);
    this.#told.delete(eui64);
  }

  stop(): void {
    for (const timer of this.#pending.values()) timer.cancel();
    this.#pending.clear();
  }
}

/** A joiner announces itself within a second; slow radios and one retry fit in this. */
const PROOF_MS = 5_000;
