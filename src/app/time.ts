import type { Clock } from "../base/clock.ts";
import type { ClockStateSource } from "../base/clock-state.ts";
import { HubClock } from "../base/hub-clock.ts";
import type { Log } from "../base/log.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import { Ticks } from "../scheduler/ticks.ts";
import type { Store } from "../store/store.ts";
import { ClockKeeper } from "./clock/clock-keeper.ts";
import { type ClockConfig, clockSettings, timeSources } from "./clock/config.ts";

/** The clock that every room goes by, what may be said of it, and who keeps it right. */
export interface HubTime {
  readonly clock: Clock;
  readonly state: ClockStateSource;
  /** The cellular network says that it is `unixMs` now. */
  networkTime(unixMs: number): void;
  /** Calls after every step of the clock and every change of its state. */
  onChange(listener: () => void): void;
  /** Begins to ask the sources, which nobody waits for: until one has spoken the clock is invalid. */
  start(): void;
  stop(): void;
}

export function keptTime(config: ClockConfig, machine: Clock, log: Log): HubTime {
  const clock = new HubClock(machine);
  const sources = timeSources(config, machine);
  const keeper = new ClockKeeper({ machine, hub: clock, sources, log }, clockSettings(config));
  return {
    clock,
    state: keeper.state,
    networkTime: (unixMs) => keeper.networkTime(unixMs),
    onChange: (listener) => {
      clock.onStep(listener);
      keeper.onChange(listener);
    },
    start: () => void keeper.start(),
    stop: () => keeper.stop(),
  };
}

/** What is said of a clock that is given. */
export type GivenState = "reliable" | "unreliable";

/** A clock that nobody corrects: for conformance runs, which set the time of day themselves. */
export function givenTime(clock: Clock, state: GivenState = "reliable"): HubTime {
  const since = clock.now();
  return {
    clock,
    state: () => ({ state, since }),
    networkTime: () => {},
    onChange: () => {},
    start: () => {},
    stop: () => {},
  };
}

/** Durable jobs, and the half hours and midnights of UTC, on the hub's clock. Users register before `start`. */
export class Schedule {
  readonly scheduler: Scheduler;
  readonly ticks: Ticks;

  constructor(time: HubTime, store: Store, log: Log) {
    const ports = { store, clock: time.clock, clockState: time.state, log };
    this.scheduler = new Scheduler(ports);
    this.ticks = new Ticks(ports);
    time.onChange(() => {
      this.scheduler.clockChanged();
      this.ticks.clockChanged();
    });
  }

  start(): void {
    this.scheduler.start();
    this.ticks.start();
  }

  /** Before the store closes. */
  stop(): void {
    this.scheduler.stop();
    this.ticks.stop();
  }
}
