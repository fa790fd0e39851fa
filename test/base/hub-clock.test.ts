import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Clock, ManualClock } from "../../src/base/clock.ts";
import { boundaryBefore, DAY_MS, HALF_HOUR_MS } from "../../src/base/half-hour.ts";
import { HubClock } from "../../src/base/hub-clock.ts";

const TEN = Date.UTC(2026, 6, 1, 10, 0, 0);

function at(unixMs: number) {
  const machine = new ManualClock(unixMs);
  const clock = new HubClock(machine);
  const steps: number[] = [];
  clock.onStep((by) => steps.push(by));
  return { machine, clock, steps };
}

describe("hub clock", () => {
  it("runs with the machine's monotonic clock: setting the machine's clock does not move it", () => {
    const { machine, clock } = at(TEN);
    machine.advance(60_000);
    machine.step(3_600_000);
    machine.advance(1_000);
    machine.step(-7_200_000);
    expect(clock.now()).toBe(TEN + 61_000);
  });

  it("goes forward at once when it is told that it is behind, and says so", () => {
    const { clock, steps } = at(TEN);
    expect(clock.correct(TEN + 45 * 60_000, true)).toBe("stepped");
    expect(clock.now()).toBe(TEN + 45 * 60_000);
    expect(steps).toEqual([45 * 60_000]);
  });

  it("slews a small lead away: slower, never back, right in the end", () => {
    const { machine, clock, steps } = at(TEN);
    expect(clock.correct(TEN - 10_000, true)).toBe("slewed");
    expect(clock.leadMs).toBe(10_000);
    let last = clock.now();
    for (let second = 0; second < 100; second++) {
      machine.advance(1_000);
      expect(clock.now() - last).toBe(900);
      last = clock.now();
    }
    expect(clock.leadMs).toBe(0);
    machine.advance(1_000);
    expect(clock.now()).toBe(TEN - 10_000 + 101_000);
    expect(steps).toEqual([]);
  });

  it("A8.7: a large step back waits for the end of the half hour", () => {
    const { machine, clock, steps } = at(TEN + 60_000);
    const error = 3_600_000;
    expect(clock.correct(TEN + 60_000 - error, true)).toBe("deferred");
    expect(clock.leadMs).toBe(error);
    machine.advance(HALF_HOUR_MS - 60_001);
    expect(clock.now()).toBe(TEN + HALF_HOUR_MS - 1);
    expect(steps).toEqual([]);
    machine.advance(1);
    expect(clock.now()).toBe(TEN + HALF_HOUR_MS - error);
    expect(steps).toEqual([-error]);
    expect(clock.leadMs).toBe(0);
  });

  it("a step back is not put off by corrections that repeat until the boundary and on it", () => {
    const { machine, clock, steps } = at(TEN);
    for (let n = 0; n <= 180; n++) {
      clock.correct(TEN - DAY_MS + n * 10_000, true);
      if (n < 180) machine.advance(10_000);
    }
    expect(steps).toEqual([-DAY_MS]);
    expect(clock.now()).toBe(TEN + HALF_HOUR_MS - DAY_MS);
  });

  it("nor by a correction that meets the boundary first", () => {
    const { machine, clock, steps } = at(TEN);
    machine.after(HALF_HOUR_MS, () => clock.correct(clock.now() - DAY_MS, true));
    clock.correct(TEN - DAY_MS, true);
    machine.advance(HALF_HOUR_MS);
    expect(steps).toEqual([-DAY_MS]);
  });

  it("a timer that fires a moment early does not step back under the half hour", () => {
    const machine = new ManualClock(TEN);
    let early = 1;
    const hasty: Clock = {
      now: () => machine.now(),
      elapsed: () => machine.elapsed(),
      after: (ms, run) => {
        const timer = machine.after(ms - early, run);
        early = 0;
        return timer;
      },
    };
    const clock = new HubClock(hasty);
    clock.correct(TEN - DAY_MS, true);
    machine.advance(HALF_HOUR_MS - 1);
    expect(clock.now()).toBe(TEN + HALF_HOUR_MS - 1);
    machine.advance(1);
    expect(clock.now()).toBe(TEN + HALF_HOUR_MS - DAY_MS);
  });

  it("a step back that turns out to be none is forgotten", () => {
    const { machine, clock, steps } = at(TEN);
    clock.correct(TEN - DAY_MS, true);
    expect(clock.correct(TEN + 5, true)).toBe("none");
    machine.advance(HALF_HOUR_MS);
    expect(steps).toEqual([]);
  });

  it("a clock that was never right steps back at once", () => {
    const { clock } = at(Date.UTC(2099, 0, 1));
    expect(clock.correct(TEN, false)).toBe("stepped");
    expect(clock.now()).toBe(TEN);
  });

  it("never goes back within a half hour, whatever it is told and however the machine's clock is set", () => {
    const change = fc.record({
      advance: fc.integer({ min: 0, max: 4_000_000 }),
      machine: fc.integer({ min: -DAY_MS, max: DAY_MS }),
      lead: fc.oneof(
        fc.integer({ min: -50, max: 15_000 }),
        fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }),
      ),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const { machine, clock } = at(TEN);
        let last = clock.now();
        let furthest = last;
        const look = () => {
          const now = clock.now();
          // Back only from the very boundary of a half hour.
          if (now < last) expect(furthest - boundaryBefore(furthest, HALF_HOUR_MS)).toBeLessThan(2);
          furthest = now < last ? now : Math.max(furthest, now);
          last = now;
        };
        clock.onStep((by) => {
          furthest = Math.max(furthest, clock.now() - by);
          look();
        });
        for (const { advance, machine: set, lead } of changes) {
          machine.advance(advance);
          look();
          machine.step(set);
          look();
          clock.correct(clock.now() - lead, true);
          look();
        }
      }),
    );
  });
});
