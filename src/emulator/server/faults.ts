import type { Clock, Timer } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Random } from "../../base/random.ts";

export type FaultName = "corrupt" | "drop" | "stall" | "reset" | "error" | "close";

interface FaultKind {
  readonly help: string;
  /** Share of frames hit, for faults that hit frames. */
  readonly rate?: number;
  /** How long it lasts; instant where absent. */
  readonly durationMs?: number;
  /** Reset or error code, where one is sent. */
  readonly code?: number;
}

/** What can go wrong on the serial side, with its defaults. */
export const FAULTS: Readonly<Record<FaultName, FaultKind>> = {
  corrupt: {
    help: "flips a bit in some of the frames of either direction",
    rate: 0.05,
    durationMs: 10_000,
  },
  drop: { help: "loses some of the frames of either direction", rate: 0.05, durationMs: 10_000 },
  stall: { help: "takes what the host sends and answers nothing", durationMs: 15_000 },
  reset: { help: "the stick resets itself and says so with RSTACK (watchdog)", code: 0x03 },
  error: { help: "the stick sends an ERROR frame and hears only a reset from then on", code: 0x51 },
  close: { help: "the connection to the host ends; the stick runs on" },
};

export const FAULT_NAMES = Object.keys(FAULTS).filter((name): name is FaultName => name in FAULTS);

export interface FaultRequest {
  name: FaultName;
  rate?: number;
  durationMs?: number;
}

export interface FaultPlan extends FaultRequest {
  atSeconds: number;
}

/** Parses `NAME@SECONDS`, as in `stall@30`. Throws `config/invalid` in one sentence that says what is possible. */
export function parseFaultPlan(text: string): FaultPlan {
  const match = /^([a-z]+)@(\d+(?:\.\d+)?)$/.exec(text.trim());
  const name = FAULT_NAMES.find((known) => known === match?.[1]);
  if (!match || !name)
    throw new HanwayError(
      "config/invalid",
      `"${text.slice(0, 40)}" is no fault; write NAME@SECONDS with one of ${FAULT_NAMES.join(", ")}`,
      { field: "fault" },
    );
  return { name, atSeconds: Number(match[2]) };
}

/** What the faults act on. */
export interface FaultTarget {
  /** The stick resets by itself and says so. */
  resetItself(code: number): void;
  failWith(code: number): void;
  closeConnection(): void;
}

/** What happens to one frame: untouched, changed or lost. */
export type Fate = { type: "pass"; bytes: Uint8Array } | { type: "lost" };

/** Faults on demand. Time is the line's own; which frames are hit comes from the injected chance. */
export class Faults {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #rates = new Map<FaultName, number>();
  readonly #ends = new Map<FaultName, Timer>();
  readonly #planned = new Set<Timer>();
  #target: FaultTarget | undefined;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  attach(target: FaultTarget): void {
    this.#target = target;
  }

  /** Starts a fault now. A second call for the same name replaces the first. Throws `config/invalid` for a rate outside 0..1. */
  inject({ name, rate, durationMs }: FaultRequest): void {
    const kind = FAULTS[name];
    switch (name) {
      case "reset":
        this.#target?.resetItself(kind.code ?? 0);
        return;
      case "error":
        this.#target?.failWith(kind.code ?? 0);
        return;
      case "close":
        this.#target?.closeConnection();
        return;
    }
    const share = rate ?? kind.rate ?? 1;
    if (!(share >= 0 && share <= 1))
      throw new HanwayError("config/invalid", `rate ${share}; 0 to 1 are possible`, { field: "fault.rate" });
    this.#ends.get(name)?.cancel();
    this.#rates.set(name, share);
    this.#ends.set(
      name,
      this.#clock.after(durationMs ?? kind.durationMs ?? 0, () => this.end(name)),
    );
  }

  /** Injects a fault later. */
  plan({ atSeconds, ...request }: FaultPlan): void {
    const timer: Timer = this.#clock.after(atSeconds * 1000, () => {
      this.#planned.delete(timer);
      this.inject(request);
    });
    this.#planned.add(timer);
  }

  end(name: FaultName): void {
    this.#rates.delete(name);
    this.#ends.get(name)?.cancel();
    this.#ends.delete(name);
  }

  /** Ends what is going on and forgets what was planned. */
  clear(): void {
    for (const timer of [...this.#ends.values(), ...this.#planned]) timer.cancel();
    this.#ends.clear();
    this.#planned.clear();
    this.#rates.clear();
  }

  get active(): readonly FaultName[] {
    return [...this.#rates.keys()];
  }

  get stalled(): boolean {
    return this.#rates.has("stall");
  }

  /** Decides over octets that go out or have come in, about one frame at a time. */
  fate(bytes: Uint8Array): Fate {
    if (this.stalled || this.#hits("drop")) return { type: "lost" };
    if (bytes.length === 0 || !this.#hits("corrupt")) return { type: "pass", bytes };
    const spoilt = Uint8Array.from(bytes);
    const at = this.#random.below(spoilt.length);
    spoilt[at] = (spoilt[at] ?? 0) ^ (1 << this.#random.below(8));
    return { type: "pass", bytes: spoilt };
  }

  #hits(name: FaultName): boolean {
    const rate = this.#rates.get(name);
    return rate !== undefined && this.#random.fraction() < rate;
  }
}
