import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { encodeAsh, RESET_SOFTWARE } from "../ash/frame.ts";
import { stepAsh } from "../ash/link.ts";
import {
  type AshEffect,
  type AshInput,
  type AshSettings,
  type AshState,
  type AshTimer,
  ashState,
  defaultAshSettings,
} from "../ash/state.ts";
import type { Faults, FaultTarget } from "./faults.ts";

/** One host on the other end of the line, over whatever carries the octets. */
export interface Line {
  /** False when the host does not read: nothing more is taken from it until `onDrain`. */
  write(bytes: Uint8Array): boolean;
  close(): void;
}

/** What a listener serves: one host at a time. */
export interface HostPort {
  /** A host is there. */
  plug(line: Line): void;
  /** The host is gone. */
  unplug(): void;
  /** Octets from the host, however the carrier cut them. */
  receive(bytes: Uint8Array): void;
}

/** The firmware behind the link. */
export interface Firmware {
  receive(frame: Uint8Array): void;
  reset(): void;
  noteOverflow(): void;
}

/** How fast the stick is. A real one takes 1.1 to 1.3 s from RST to RSTACK and 5 to 15 ms for an answer. */
export interface Pace {
  resetMs: number;
  replyMs: number;
}

export const INSTANT: Pace = { resetMs: 0, replyMs: 0 };
export const USB_STICK: Pace = { resetMs: 1200, replyMs: 10 };

export interface SerialPortOptions {
  clock: Clock;
  log: Log;
  faults: Faults;
  pace?: Pace;
  settings?: AshSettings;
}

/** The stick's serial port: runs the ASH steps, keeps their timers, and lets the faults loose on the octets. */
export class SerialPort implements FaultTarget, HostPort {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #faults: Faults;
  readonly #pace: Pace;
  readonly #settings: AshSettings;
  readonly #timers = new Map<AshTimer, Timer>();
  #firmware: Firmware | undefined;
  #state: AshState;
  #line: Line | undefined;
  #restart: Timer | undefined;
  /** Answers on their way through a stick that takes its time, oldest first. */
  #delayed: { data: Uint8Array; timer: Timer }[] = [];
  readonly #counts = { rejected: 0, resend: 0, failed: 0, lost: 0 };

  constructor(options: SerialPortOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#faults = options.faults;
    this.#pace = options.pace ?? INSTANT;
    this.#settings = options.settings ?? defaultAshSettings;
    this.#state = ashState(this.#settings);
    this.#faults.attach(this);
  }

  attach(firmware: Firmware): void {
    this.#firmware = firmware;
  }

  get mode(): AshState["mode"] {
    return this.#state.mode;
  }

  /** Bad frames answered with NAK, rounds of resending, link failures, callbacks lost. */
  get counts(): Readonly<{ rejected: number; resend: number; failed: number; lost: number }> {
    return this.#counts;
  }

  get connected(): boolean {
    return this.#line !== undefined;
  }

  /** A host is there. */
  plug(line: Line): void {
    this.#line = line;
  }

  /** The host is gone; the firmware runs on. */
  unplug(): void {
    this.#line = undefined;
    this.#halt();
    this.#step({ type: "unplugged" });
  }

  /** Octets from the host, however the carrier cut them. */
  receive(bytes: Uint8Array): void {
    const fate = this.#faults.fate(bytes);
    if (fate.type === "lost") return;
    this.#step({ type: "received", bytes: fate.bytes, now: this.#clock.elapsed() });
  }

  /** An EZSP frame of the firmware for the host. */
  send(data: Uint8Array, callback: boolean): void {
    if (callback || this.#pace.replyMs === 0) this.#post(data, callback);
    else this.#postLater(data);
  }

  resetItself(code: number): void {
    this.#log.info({ code }, "the emulated stick resets itself");
    this.#halt();
    this.#firmware?.reset();
    this.#step({ type: "started", code });
  }

  failWith(code: number): void {
    this.#log.info({ code }, "the emulated stick reports a fatal error");
    this.#step({ type: "failed", code });
  }

  closeConnection(): void {
    this.#line?.close();
  }

  #post(data: Uint8Array, callback: boolean): void {
    this.#step({ type: "send", data, callback, now: this.#clock.elapsed() });
  }

  #postLater(data: Uint8Array): void {
    const timer = this.#clock.after(this.#pace.replyMs, () => {
      this.#delayed = this.#delayed.filter((each) => each !== entry);
      this.#post(data, false);
    });
    const entry = { data, timer };
    this.#delayed.push(entry);
  }

  /** Forgets what was about to happen. */
  #halt(): void {
    this.#restart?.cancel();
    this.#restart = undefined;
    for (const { timer } of this.#delayed) timer.cancel();
    this.#delayed = [];
  }

  #step(input: AshInput): void {
    const [state, effects] = stepAsh(this.#state, input, this.#settings);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: AshEffect): void {
    switch (effect.type) {
      case "write":
        this.#write(encodeAsh(effect.frame));
        break;
      case "deliver":
        this.#firmware?.receive(effect.data);
        break;
      case "reset":
        this.#resetByHost();
        break;
      case "timer":
        this.#time(effect.timer, effect.ms);
        break;
      case "lost":
        this.#counts.lost++;
        this.#firmware?.noteOverflow();
        break;
      case "note":
        this.#counts[effect.what]++;
        this.#log.debug({ what: effect.what }, "ASH link");
    }
  }

  #write(bytes: Uint8Array): void {
    const fate = this.#faults.fate(bytes);
    if (fate.type === "pass") this.#line?.write(fate.bytes);
  }

  #time(timer: AshTimer, ms: number | undefined): void {
    this.#timers.get(timer)?.cancel();
    this.#timers.delete(timer);
    if (ms === undefined) return;
    this.#timers.set(
      timer,
      this.#clock.after(ms, () => {
        this.#timers.delete(timer);
        this.#step({ type: "timer", timer, now: this.#clock.elapsed() });
      }),
    );
  }

  #resetByHost(): void {
    this.#halt();
    this.#firmware?.reset();
    const started = () => this.#step({ type: "started", code: RESET_SOFTWARE });
    if (this.#pace.resetMs === 0) started();
    else this.#restart = this.#clock.after(this.#pace.resetMs, started);
  }
}
