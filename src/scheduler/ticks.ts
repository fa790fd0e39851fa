import type { StatementSync } from "node:sqlite";
import { HanwayError } from "../base/error.ts";
import { boundaryBefore, DAY_MS, HALF_HOUR_MS } from "../base/half-hour.ts";
import { integer } from "../store/row.ts";
import { Alarm } from "./alarm.ts";
import type { SchedulerPorts } from "./scheduler.ts";

export type Period = "half-hour" | "midnight";

/** A boundary of UTC has been passed. */
export interface Tick {
  /** The boundary, Unix milliseconds. Later than that by however long the hub was off or the clock behind. */
  readonly at: number;
  /** Boundaries before it that nobody was told of: the hub was off, or the clock stepped over them. */
  readonly missed: number;
  /** This boundary was passed before: the clock has been set back. What was sampled then is not sampled again. */
  readonly repeated: boolean;
}

/** Runs in the transaction that notes the tick, so its writes happen once for each boundary passed. Must not wait. */
export type TickListener = (tick: Tick) => void;

const PERIODS: Readonly<Record<Period, number>> = { "half-hour": HALF_HOUR_MS, midnight: DAY_MS };

/** A clock that was ahead by more than this showed no time that anything was accounted under. */
const FORGET_MS = 7 * DAY_MS;

const RETRY_MS = 30_000;

const TABLES = [
  `CREATE TABLE scheduler_tick (name TEXT PRIMARY KEY, last INTEGER NOT NULL, highest INTEGER NOT NULL)
   STRICT, WITHOUT ROWID`,
];

interface Listener {
  readonly name: string;
  readonly periodMs: number;
  readonly run: TickListener;
}

/**
 * The half hours and midnights of UTC, each told once to every listener, across restarts: what passed while the hub was
 * off is one tick that counts the missed. None while the hub's clock was never set.
 */
export class Ticks {
  readonly #ports: SchedulerPorts;
  readonly #listeners: Listener[] = [];
  readonly #get: StatementSync;
  readonly #set: StatementSync;
  readonly #alarm: Alarm;
  #running = false;

  constructor(ports: SchedulerPorts) {
    this.#ports = ports;
    ports.store.migrate("scheduler-ticks", TABLES);
    this.#get = ports.store.prepare("SELECT last, highest FROM scheduler_tick WHERE name = ?");
    this.#set = ports.store.prepare("INSERT OR REPLACE INTO scheduler_tick VALUES (?, ?, ?)");
    this.#alarm = new Alarm(ports.clock, () => this.#look());
  }

  /** `name` is what the listener's progress is stored under; before `start`. A new listener starts with the next boundary. */
  on(period: Period, name: string, run: TickListener): void {
    if (this.#listeners.some((other) => other.name === name))
      throw new HanwayError("internal", `tick listener ${name} is there twice`);
    this.#listeners.push({ name, periodMs: PERIODS[period], run });
  }

  start(): void {
    this.#running = true;
    this.#look();
  }

  stop(): void {
    this.#running = false;
    this.#alarm.cancel();
  }

  /** To be called whenever the clock has stepped or its state has changed. */
  clockChanged(): void {
    this.#look();
  }

  #look(): void {
    this.#alarm.cancel();
    if (!this.#running || this.#ports.clockState().state === "invalid") return;
    const now = this.#ports.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const listener of this.#listeners) {
      const boundary = boundaryBefore(now, listener.periodMs);
      const noted = this.#bringUp(listener, boundary);
      next = Math.min(next, noted ? boundary + listener.periodMs : now + RETRY_MS);
    }
    if (next < Number.POSITIVE_INFINITY) this.#alarm.set(next);
  }

  /** False where the store takes nothing. A listener that throws has had its tick: its own writes are undone. */
  #bringUp(listener: Listener, boundary: number): boolean {
    try {
      this.#ports.store.transaction(() => {
        const tick = this.#pass(listener, boundary);
        if (tick !== undefined) listener.run(tick);
      });
      return true;
    } catch (error) {
      this.#ports.log.error({ listener: listener.name, at: boundary, err: error }, "a tick failed");
    }
    try {
      this.#ports.store.transaction(() => this.#pass(listener, boundary));
      return true;
    } catch {
      return false;
    }
  }

  /** Notes that `boundary` is the latest one passed; the tick where that is a step forward. */
  #pass(listener: Listener, boundary: number): Tick | undefined {
    const row = this.#get.get(listener.name);
    if (row === undefined) {
      this.#set.run(listener.name, boundary, boundary);
      return undefined;
    }
    const last = integer(row, "last");
    const known = integer(row, "highest");
    if (boundary === last) return undefined;
    const highest = known - boundary > FORGET_MS ? boundary : Math.max(known, boundary);
    this.#set.run(listener.name, boundary, highest);
    if (boundary < last) return undefined;
    return { at: boundary, missed: (boundary - last) / listener.periodMs - 1, repeated: boundary <= known };
  }
}
