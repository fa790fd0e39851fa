import { describe, expect, it } from "vitest";
import { givenTime, keptTime, Schedule } from "../../src/app/time.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import type { Tick } from "../../src/scheduler/ticks.ts";
import { Store } from "../../src/store/store.ts";
import { configOf } from "./least-config.ts";

const HALF_HOUR = 1_800_000;

const clockSettings = (sources: string[]) => configOf(`[clock]\nsources = ${JSON.stringify(sources)}`).clock;

/** The time and schedule of a hub, started on a machine whose clock stands where the test says. */
function scheduled(sources: string[]) {
  const machine = new ManualClock();
  const store = new Store(":memory:", machine);
  const time = keptTime(clockSettings(sources), machine, silentLog);
  const schedule = new Schedule(time, store, silentLog);
  const ticks: Tick[] = [];
  schedule.ticks.on("half-hour", "test", (tick) => ticks.push(tick));
  time.start();
  schedule.start();
  return { machine, time, schedule, store, ticks };
}

/** Lets the sources' answers come in. */
const answered = () => new Promise((wake) => setImmediate(wake));

describe("a hub's time and schedule", () => {
  it("half hours begin by themselves once a source has vouched for the clock", async () => {
    const { machine, time, ticks } = scheduled(["machine"]);
    expect(time.state().state).toBe("invalid");
    await answered();
    expect(time.state().state).toBe("reliable");
    machine.advance(2 * HALF_HOUR);
    expect(ticks.map(({ missed }) => missed)).toEqual([0, 0]);
    expect((ticks[1]?.at ?? 0) - (ticks[0]?.at ?? 0)).toBe(HALF_HOUR);
  });

  it("none pass while nobody vouches for the clock; the network's time lets them", async () => {
    const { machine, time, ticks } = scheduled(["network"]);
    await answered();
    machine.advance(2 * HALF_HOUR);
    expect([time.state().state, ticks]).toEqual(["invalid", []]);
    time.networkTime(machine.now());
    machine.advance(HALF_HOUR);
    expect(ticks).toHaveLength(1);
  });

  it("a step of the clock over a half hour is told at once", async () => {
    const { machine, time, ticks } = scheduled(["network"]);
    await answered();
    time.networkTime(machine.now());
    machine.advance(1_000);
    const ahead = machine.now() + HALF_HOUR;
    time.networkTime(ahead);
    expect(ticks).toEqual([]);
    // The second one bears the first one out.
    time.networkTime(ahead);
    expect(ticks).toHaveLength(1);
  });

  it("leaves no timer when both are stopped", async () => {
    const { machine, time, schedule, store } = scheduled(["machine"]);
    await answered();
    schedule.stop();
    time.stop();
    store[Symbol.dispose]();
    expect(machine.nextDue()).toBeUndefined();
  });

  it("a given clock is shown as it is, and is right from the first", () => {
    const machine = new ManualClock(5_000);
    const time = givenTime(machine);
    time.start();
    expect([time.clock, time.state()]).toEqual([machine, { state: "reliable", since: 5_000 }]);
  });
});
