import { ByteReader } from "../../../base/bytes.ts";
import type { Clock, Timer } from "../../../base/clock.ts";
import { HanwayError } from "../../../base/error.ts";
import { type Eui64, eui64FromBytesLE } from "../../../base/eui64.ts";
import type { MacFrame } from "../../air/mac-frame.ts";
import type { MacLayer } from "../network/mac.ts";

export interface Beacon {
  channel: number;
  panId: number;
  parent: number;
  extendedPanId: Eui64;
  permitsJoining: boolean;
}

/** Reads a Zigbee PRO beacon; undefined for any other. */
export function readBeacon(frame: MacFrame, channel: number): Beacon | undefined {
  if (typeof frame.source !== "number") return undefined;
  try {
    const reader = new ByteReader(frame.payload);
    const superframe = reader.u16le("beacon.superframe");
    reader.take(2, "beacon.pending");
    if (reader.u8("beacon.protocol") !== 0) return undefined;
    reader.take(2, "beacon.stack");
    return {
      channel,
      panId: frame.sourcePan,
      parent: frame.source,
      extendedPanId: eui64FromBytesLE(reader.take(8, "beacon.extendedPanId")),
      permitsJoining: (superframe & 0x8000) !== 0,
    };
  } catch (error) {
    if (error instanceof HanwayError) return undefined;
    throw error;
  }
}

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
