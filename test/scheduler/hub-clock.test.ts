import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { HALF_HOUR_MS } from "../../src/base/half-hour.ts";
import { HubClock } from "../../src/base/hub-clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { type Tick, Ticks } from "../../src/scheduler/ticks.ts";
import { Store } from "../../src/store/store.ts";
import { job, MINUTE, TEN } from "./bench.ts";

/** Scheduler and ticks on the hub's clock, wired as in a hub. */
function bench() {
  const machine = new ManualClock(TEN);
  const clock = new HubClock(machine);
  const store = new Store(":memory:", clock);
  const clockState = () => ({ state: "reliable", since: TEN }) as const;
  const ports = { store, clock, clockState, log: silentLog };
  const scheduler = new Scheduler(ports);
  const ticks = new Ticks(ports);
  clock.onStep(() => {
    scheduler.clockChanged();
    ticks.clockChanged();
  });
  const heard: Tick[] = [];
  const ran: { key: string; at: number }[] = [];
  ticks.on("half-hour", "test", (tick) => void heard.push(tick));
  scheduler.register("k", ({ key }) => ({ commit: () => void ran.push({ key, at: clock.now() }) }));
  scheduler.start();
  ticks.start();
  return { machine, clock, scheduler, heard, ran };
}

describe("scheduler on the hub's clock", () => {
  it("a lead slewed away over a boundary: the boundary is told once, and no job runs before its time", () => {
    const { machine, clock, scheduler, heard, ran } = bench();
    scheduler.put(job("a", TEN + HALF_HOUR_MS + 2_000));
    machine.advance(HALF_HOUR_MS - 5_000);
    clock.correct(clock.now() - 9_000, true);
    machine.advance(2 * MINUTE);
    expect(heard).toEqual([{ at: TEN + HALF_HOUR_MS, missed: 0, repeated: false }]);
    expect(ran).toHaveLength(1);
    expect(ran[0]?.at).toBeGreaterThanOrEqual(TEN + HALF_HOUR_MS + 2_000);
    expect(ran[0]?.at).toBeLessThan(TEN + HALF_HOUR_MS + 2_010);
  });

  it("A8.7: a step back comes with the boundary, and the half hours passed again are marked", () => {
    const { machine, clock, heard } = bench();
    machine.advance(10 * MINUTE);
    expect(clock.correct(clock.now() - 60 * MINUTE, true)).toBe("deferred");
    machine.advance(20 * MINUTE + 2 * 60 * MINUTE);
    expect(heard.map(({ at, repeated }) => [(at - TEN) / MINUTE, repeated])).toEqual([
      [30, false],
      [0, true],
      [30, true],
      [60, false],
      [90, false],
    ]);
  });

  it("a step forwards over a job and two boundaries: all at once, counted", () => {
    const { machine, clock, scheduler, heard, ran } = bench();
    scheduler.put(job("a", TEN + 50 * MINUTE));
    clock.correct(TEN + 61 * MINUTE, true);
    machine.advance(0);
    expect(heard).toEqual([{ at: TEN + 60 * MINUTE, missed: 1, repeated: false }]);
    expect(ran.map(({ key }) => key)).toEqual(["a"]);
  });
});
