import { ManualClock } from "../../src/base/clock.ts";
import type { ClockState } from "../../src/base/clock-state.ts";
import type { Log } from "../../src/base/log.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { SCHEDULER_SETTINGS, type SchedulerSettings } from "../../src/scheduler/settings.ts";
import { Ticks } from "../../src/scheduler/ticks.ts";
import { Store } from "../../src/store/store.ts";

export const TEN = Date.UTC(2026, 6, 1, 10, 0, 0);
export const MINUTE = 60_000;

/** A scheduler on a store, with what was logged as a warning or worse. */
export class Bench implements Disposable {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly ticks: Ticks;
  readonly logged: string[] = [];
  state: ClockState;

  constructor(path = ":memory:", startUnixMs = TEN, settings: Partial<SchedulerSettings> = {}) {
    this.clock = new ManualClock(startUnixMs);
    this.state = { state: "reliable", since: startUnixMs };
    this.store = new Store(path, this.clock);
    const note = (_fields: object, sentence: string) => void this.logged.push(sentence);
    const log: Log = { debug() {}, info() {}, warn: note, error: note };
    const ports = { store: this.store, clock: this.clock, clockState: () => this.state, log };
    this.scheduler = new Scheduler(ports, { ...SCHEDULER_SETTINGS, ...settings });
    this.ticks = new Ticks(ports);
  }

  /** Sets the clock as a person would; everybody is told, as the hub's clock does. */
  step(ms: number): void {
    this.clock.step(ms);
    this.scheduler.clockChanged();
    this.ticks.clockChanged();
  }

  [Symbol.dispose](): void {
    this.scheduler.stop();
    this.ticks.stop();
    this.store.close();
  }
}

export const job = (key: string, due: number, text = key, kind = "k") => ({
  kind,
  key,
  due,
  payload: new TextEncoder().encode(text),
});

/** Lets promises that are settled already be heard. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
