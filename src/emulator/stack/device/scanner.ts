import type { Clock, Timer } from "../../../base/clock.ts";
import type { MacFrame } from "../../air/mac-frame.ts";
import { type Beacon, readBeacon } from "../network/beacon.ts";
import type { MacLayer } from "../network/mac.ts";

/** Active scan: a beacon request on one channel after the other, until a network fits. */
export class Scanner {
  readonly #mac: MacLayer;
  readonly #clock: Clock;
  readonly #dwellMs: number;
  #timer: Timer | undefined;
  #heard: Beacon[] = [];

  constructor(mac: MacLayer, clock: Clock, dwellMs: number) {
    this.#mac = mac;
    this.#clock = clock;
    this.#dwellMs = dwellMs;
  }

  heard(frame: MacFrame): void {
    const beacon = readBeacon(frame, this.#mac.radio.channel);
    if (beacon && this.#timer) this.#heard.push(beacon);
  }

  /** `done` gets the first network that fits, or nothing after the last channel. */
  start(
    channels: readonly number[],
    fits: (beacon: Beacon) => boolean,
    done: (found: Beacon | undefined) => void,
  ): void {
    this.stop();
    const [channel, ...rest] = channels;
    if (channel === undefined) {
      done(undefined);
      return;
    }
    this.#heard = [];
    this.#mac.radio.channel = channel;
    this.#timer = this.#clock.after(this.#dwellMs, () => {
      this.#timer = undefined;
      const found = this.#heard.find(fits);
      if (found) done(found);
      else this.start(rest, fits, done);
    });
    this.#mac.beaconRequest();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
