import type { Eui64 } from "../../base/eui64.ts";
import type { LinkQuality } from "./link.ts";
import { decodeMac, MAC_BROADCAST, type MacFrame } from "./mac-frame.ts";

export interface TransmitResult {
  /** The far radio acknowledged, or no acknowledgement was asked for. */
  acked: boolean;
  /** The acknowledgement said that the far side holds frames for us (IEEE 802.15.4 frame pending). */
  pending: boolean;
}

export interface Transmission {
  bytes: Uint8Array;
  done: (result: TransmitResult) => void;
}

export type FrameListener = (frame: MacFrame, quality: LinkQuality) => void;

/** One radio on the air. It sends one frame at a time, in the order given, retries included. */
export class Radio {
  readonly eui64: Eui64;
  channel = 11;
  panId = MAC_BROADCAST;
  /** 0xFFFF until one is assigned. */
  shortAddress = MAC_BROADCAST;
  /** False while a sleepy device has its receiver off. */
  receiving = true;
  onFrame: FrameListener = () => {};
  /** Asked while acknowledging a poll: is anything held for its sender? */
  hasPendingFor: (poll: MacFrame) => boolean = () => false;
  readonly #start: (transmission: Transmission) => void;
  readonly #queue: Transmission[] = [];
  #sending: Transmission | undefined;

  constructor(eui64: Eui64, start: (transmission: Transmission) => void) {
    this.eui64 = eui64;
    this.#start = start;
  }

  transmit(bytes: Uint8Array, done: (result: TransmitResult) => void = () => {}): void {
    this.#queue.push({ bytes, done });
    if (!this.#sending) this.#next();
  }

  /** Whether a unicast frame is for this radio (its address and its PAN). */
  accepts(frame: MacFrame): boolean {
    if (frame.destination === this.eui64) return true;
    return (
      frame.destination === this.shortAddress &&
      this.shortAddress !== MAC_BROADCAST &&
      frame.destinationPan === this.panId
    );
  }

  /** The air reports the end of the transmission that was started last. */
  concluded(result: TransmitResult): void {
    const finished = this.#sending;
    this.#sending = undefined;
    finished?.done(result);
    if (!this.#sending) this.#next();
  }

  deliver(bytes: Uint8Array, quality: LinkQuality): void {
    const frame = decodeMac(bytes);
    const otherPan =
      frame.destination === MAC_BROADCAST &&
      frame.destinationPan !== MAC_BROADCAST &&
      frame.destinationPan !== this.panId;
    if (!otherPan) this.onFrame(frame, quality);
  }

  #next(): void {
    const next = this.#queue.shift();
    if (!next) return;
    this.#sending = next;
    this.#start(next);
  }
}
