/** Seconds since 2000-01-01T00:00:00Z, the UTCTime of ZCL and GBZ (unsigned 32 bits). */
export type UtcSeconds = number & { readonly __brand: "UtcSeconds" };

/** Unix time of the ZCL epoch, in seconds. */
export const UTC_EPOCH_UNIX_SECONDS = 946_684_800;

export function UtcSeconds(unixMs: number): UtcSeconds {
  return (Math.floor(unixMs / 1000) - UTC_EPOCH_UNIX_SECONDS) as UtcSeconds;
}

/** A pending timer; cancelling it twice or after it fired does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The only source of time. `now` is wall-clock Unix milliseconds; `elapsed` never goes backwards and is for
 * measuring; timers fire once.
 */
export interface Clock {
  now(): number;
  elapsed(): number;
  after(ms: number, run: () => void): Timer;
}

/** The machine's own clock. Timers do not keep the process alive: sockets and servers do. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }
  elapsed(): number {
    return performance.now();
  }
  after(ms: number, run: () => void): Timer {
    const handle = setTimeout(run, ms);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  }
}

interface Entry {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until it is moved; timers fire in order of their due time. */
export class ManualClock implements Clock {
  #now: number;
  #elapsed = 0;
  #order = 0;
  #pending: Entry[] = [];

  constructor(startUnixMs = 1_767_225_600_000) {
    this.#now = startUnixMs;
  }

  now(): number {
    return this.#now;
  }
  elapsed(): number {
    return this.#elapsed;
  }
  after(ms: number, run: () => void): Timer {
    const entry: Entry = { due: this.#elapsed + Math.max(0, ms), order: this.#order++, run };
    this.#pending.push(entry);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== entry);
      },
    };
  }
  /** Moves time forward by `ms`, firing what falls due on the way, timers set meanwhile included. */
  advance(ms: number): void {
    const target = this.#elapsed + ms;
    for (;;) {
      let next: Entry | undefined;
      for (const entry of this.#pending) {
        if (entry.due > target) continue;
        if (!next || entry.due < next.due || (entry.due === next.due && entry.order < next.order))
          next = entry;
      }
      if (!next) break;
      this.#now += next.due - this.#elapsed;
      this.#elapsed = next.due;
      const fired = next;
      this.#pending = this.#pending.filter((other) => other !== fired);
      fired.run();
    }
    this.#now += target - this.#elapsed;
    this.#elapsed = target;
  }
  /** Sets the wall clock `ms` forward, or back where negative, as a person or NTP does: no time passes, no timer moves. */
  step(ms: number): void {
    this.#now += ms;
  }
  /** Milliseconds until the next timer, or undefined where none is set. */
  nextDue(): number | undefined {
    return this.#pending.length === 0
      ? undefined
      : Math.min(...this.#pending.map((e) => e.due)) - this.#elapsed;
  }
}

/** Resolves after `ms` of the clock's time. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
