import type { Clock } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Random } from "../../base/random.ts";
import { Link, type LinkQuality, PERFECT_LINK } from "./link.ts";
import { decodeMac, MAC_BROADCAST, type MacFrame } from "./mac-frame.ts";
import { Radio, type Transmission } from "./radio.ts";

/** One frame as a sniffer would see it: octets without FCS. */
export interface TapFrame {
  bytes: Uint8Array;
  channel: number;
  /** The radio that sent it. */
  from: Eui64;
  /** Unix milliseconds of the injected clock. */
  at: number;
}

export interface AirCounters {
  /** MAC transmissions, retries included, acknowledgements not. */
  transmitted: number;
  delivered: number;
  lost: number;
  /** Unicast frames given up after the last MAC retry. */
  failed: number;
}

/** macMaxFrameRetries of IEEE 802.15.4. */
const MAC_RETRIES = 3;
/** Steps run before sockets and timers get their turn. */
const BATCH = 256;

/**
 * The shared medium. Frames are octets; delivery always happens from a queue, never inside `transmit`, so nothing
 * recurses. Links without delay need no emulated time at all: time may stand still until {@link idle}.
 */
export class Air {
  readonly clock: Clock;
  readonly counters: AirCounters = { transmitted: 0, delivered: 0, lost: 0, failed: 0 };
  readonly #random: Random;
  readonly #radios = new Set<Radio>();
  readonly #links = new Map<string, Link>();
  readonly #taps = new Set<(frame: TapFrame) => void>();
  #default: LinkQuality;
  #queue: (() => void)[] = [];
  #scheduled = false;
  #held = 0;
  #waiting: (() => void)[] = [];

  constructor(options: { clock: Clock; random: Random; quality?: Partial<LinkQuality> }) {
    this.clock = options.clock;
    this.#random = options.random;
    this.#default = { ...PERFECT_LINK, ...options.quality };
  }

  attach(eui64: Eui64): Radio {
    const radio = new Radio(eui64, (transmission) => this.#attempt(radio, transmission, 0));
    this.#radios.add(radio);
    return radio;
  }

  detach(radio: Radio): void {
    this.#radios.delete(radio);
  }

  /** Quality of every link that has no setting of its own. */
  setDefault(quality: Partial<LinkQuality>): void {
    this.#default = { ...this.#default, ...quality };
  }

  link(a: Eui64, b: Eui64): Link {
    const name = a < b ? `${a}-${b}` : `${b}-${a}`;
    let link = this.#links.get(name);
    if (!link) {
      link = new Link(() => this.#default);
      this.#links.set(name, link);
    }
    return link;
  }

  /** Listens to everything on the air; returns the way to stop. */
  tap(listener: (frame: TapFrame) => void): () => void {
    this.#taps.add(listener);
    return () => this.#taps.delete(listener);
  }

  /** Runs `step` from the air's queue, after what is already on its way. */
  defer(step: () => void): void {
    this.#queue.push(step);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#drain());
  }

  /** Keeps {@link idle} from resolving until the returned function is called: for work that awaits something. */
  hold(): () => void {
    this.#held++;
    let done = false;
    return () => {
      if (done) return;
      done = true;
      this.#held--;
      this.#wake();
    };
  }

  /** Frames and steps that will move without any emulated time passing. Frames delayed on the clock do not count. */
  get inFlight(): number {
    return this.#queue.length + this.#held;
  }

  /**
   * Resolves once nothing is in flight and everybody who awaited a frame has had the turn to act on it: only then
   * may emulated time advance.
   */
  async idle(): Promise<void> {
    do {
      if (this.inFlight > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.inFlight > 0);
  }

  #drain(): void {
    this.#scheduled = false;
    const batch = this.#queue.splice(0, BATCH);
    try {
      for (let step = batch.shift(); step; step = batch.shift()) step();
    } finally {
      this.#queue.unshift(...batch);
      if (this.#queue.length > 0 && !this.#scheduled) {
        this.#scheduled = true;
        setImmediate(() => this.#drain());
      }
      this.#wake();
    }
  }

  #wake(): void {
    if (this.inFlight > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #lost(quality: LinkQuality): boolean {
    return quality.loss > 0 && this.#random.fraction() < quality.loss;
  }

  #later(delayMs: number, step: () => void): void {
    if (delayMs > 0) this.clock.after(delayMs, () => this.defer(step));
    else this.defer(step);
  }

  #emit(from: Radio, bytes: Uint8Array): void {
    if (this.#taps.size === 0) return;
    const frame: TapFrame = { bytes, channel: from.channel, from: from.eui64, at: this.clock.now() };
    for (const tap of this.#taps) tap(frame);
  }

  #attempt(from: Radio, transmission: Transmission, retry: number): void {
    const frame = readMac(transmission.bytes);
    if (!frame) {
      this.counters.failed++;
      this.defer(() => from.concluded({ acked: false, pending: false }));
      return;
    }
    const unicast = frame.destination !== undefined && frame.destination !== MAC_BROADCAST;
    const target = unicast ? this.#find(from, frame) : undefined;
    const delay = target ? this.link(from.eui64, target.eui64).quality.delayMs : this.#default.delayMs;
    this.#later(delay, () => {
      if (!this.#radios.has(from)) return;
      this.counters.transmitted++;
      this.#emit(from, transmission.bytes);
      if (unicast) this.#unicast(from, frame, transmission, retry);
      else this.#broadcast(from, transmission);
    });
  }

  #find(from: Radio, frame: MacFrame): Radio | undefined {
    for (const radio of this.#radios)
      if (radio !== from && radio.channel === from.channel && radio.accepts(frame)) return radio;
    return undefined;
  }

  #unicast(from: Radio, frame: MacFrame, transmission: Transmission, retry: number): void {
    const target = this.#find(from, frame);
    if (target?.receiving) {
      const quality = this.link(from.eui64, target.eui64).quality;
      if (this.#lost(quality)) this.counters.lost++;
      else {
        this.#deliver(target, transmission.bytes, quality);
        if (!frame.ackRequest) {
          from.concluded({ acked: true, pending: false });
          return;
        }
        if (!this.#lost(quality)) {
          const pending = target.hasPendingFor(frame);
          this.#emit(target, Uint8Array.of(pending ? 0x12 : 0x02, 0x00, frame.sequence));
          from.concluded({ acked: true, pending });
          return;
        }
        this.counters.lost++;
      }
    }
    if (retry < MAC_RETRIES && frame.ackRequest) {
      this.#attempt(from, transmission, retry + 1);
      return;
    }
    this.counters.failed++;
    from.concluded({ acked: false, pending: false });
  }

  #broadcast(from: Radio, transmission: Transmission): void {
    for (const radio of this.#radios) {
      if (radio === from || radio.channel !== from.channel || !radio.receiving) continue;
      const quality = this.link(from.eui64, radio.eui64).quality;
      if (this.#lost(quality)) this.counters.lost++;
      else this.#deliver(radio, transmission.bytes, quality);
    }
    from.concluded({ acked: true, pending: false });
  }

  #deliver(target: Radio, bytes: Uint8Array, quality: LinkQuality): void {
    const times = quality.duplicate > 0 && this.#random.fraction() < quality.duplicate ? 2 : 1;
    for (let i = 0; i < times; i++) {
      this.counters.delivered++;
      this.defer(() => target.deliver(bytes, quality));
    }
  }
}

/** Undefined for octets that no receiver would take for a frame. */
function readMac(bytes: Uint8Array): MacFrame | undefined {
  try {
    return decodeMac(bytes);
  } catch (error) {
    if (error instanceof HanwayError) return undefined;
    throw error;
  }
}
