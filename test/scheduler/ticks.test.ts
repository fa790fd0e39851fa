import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DAY_MS, HALF_HOUR_MS } from "../../src/base/half-hour.ts";
import type { Period, Tick } from "../../src/scheduler/ticks.ts";
import { Bench, MINUTE, TEN } from "./bench.ts";

let folder: string;
let path: string;
const zone = process.env.TZ;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-ticks-"));
  path = join(folder, "hub.db");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

function listening(bench: Bench, period: Period = "half-hour", name = "test"): Tick[] {
  const ticks: Tick[] = [];
  bench.ticks.on(period, name, (tick) => void ticks.push(tick));
  bench.ticks.start();
  return ticks;
}

const regular = (at: number): Tick => ({ at, missed: 0, repeated: false });

describe("ticks: half hours and midnights of UTC", () => {
  it("tell every boundary once, at its time", () => {
    using bench = new Bench(":memory:", TEN + MINUTE);
    const ticks = listening(bench);
    bench.clock.advance(29 * MINUTE - 1);
    expect(ticks).toEqual([]);
    bench.clock.advance(1);
    expect(ticks).toEqual([regular(TEN + HALF_HOUR_MS)]);
    bench.clock.advance(2 * HALF_HOUR_MS);
    expect(ticks).toHaveLength(3);
  });

  it.each([
    ["clocks go forward", Date.UTC(2026, 2, 29), 23],
    ["clocks go back", Date.UTC(2026, 9, 25), 25],
    ["an ordinary day", Date.UTC(2026, 6, 1), 24],
  ])(
    "have no summer time: on the day %s there are 48 half hours and one midnight",
    (_day, midnight, hours) => {
      process.env.TZ = "Europe/London";
      const local = new Date(midnight);
      // The zone is in force: the day on the wall is longer or shorter.
      const next = new Date(local.getFullYear(), local.getMonth(), local.getDate() + 1);
      const first = new Date(local.getFullYear(), local.getMonth(), local.getDate());
      expect((next.getTime() - first.getTime()) / 3_600_000).toBe(hours);

      using bench = new Bench(":memory:", midnight - MINUTE);
      const halves = listening(bench);
      const days: Tick[] = [];
      bench.ticks.on("midnight", "days", (tick) => void days.push(tick));
      bench.ticks.clockChanged();
      bench.clock.advance(DAY_MS);
      expect(halves).toEqual(Array.from({ length: 48 }, (_, n) => regular(midnight + n * HALF_HOUR_MS)));
      expect(days).toEqual([regular(midnight)]);
    },
  );

  it("a listener that throws loses its own writes, not its place, and disturbs nobody", () => {
    using bench = new Bench();
    bench.store.migrate("t", ["CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT"]);
    bench.ticks.on("half-hour", "bad", () => {
      bench.store.prepare("INSERT INTO t DEFAULT VALUES").run();
      throw new Error("no");
    });
    const ticks = listening(bench);
    bench.clock.advance(2 * HALF_HOUR_MS);
    expect(ticks).toHaveLength(2);
    expect(bench.logged).toEqual(["a tick failed", "a tick failed"]);
    expect(bench.store.prepare("SELECT count(*) AS n FROM t").get()?.n).toBe(0);
  });

  it("a store that takes nothing delays a tick and loses none", () => {
    using bench = new Bench();
    const ticks = listening(bench);
    bench.store.prepare("PRAGMA query_only = 1").run();
    bench.clock.advance(HALF_HOUR_MS + MINUTE);
    expect(ticks).toEqual([]);
    bench.store.prepare("PRAGMA query_only = 0").run();
    bench.clock.advance(MINUTE);
    expect(ticks).toEqual([regular(TEN + HALF_HOUR_MS)]);
  });
});

describe("ticks: restarts", () => {
  const run = (from: number, ms: number) => {
    using bench = new Bench(path, from);
    const ticks = listening(bench);
    bench.clock.advance(ms);
    return ticks;
  };

  it("a restart within a half hour tells nothing anew", () => {
    run(TEN - MINUTE, 2 * MINUTE);
    expect(run(TEN + 2 * MINUTE, MINUTE)).toEqual([]);
  });

  it("boundaries passed while the hub was off are one tick, which counts the missed", () => {
    run(TEN, MINUTE);
    expect(run(TEN + 2 * 60 * MINUTE + MINUTE, 0)).toEqual([
      { at: TEN + 2 * 60 * MINUTE, missed: 3, repeated: false },
    ]);
  });
});

describe("ticks: the clock is set", () => {
  it("forwards over boundaries: one tick, which counts the missed", () => {
    using bench = new Bench();
    const ticks = listening(bench);
    bench.step(95 * MINUTE);
    expect(ticks).toEqual([{ at: TEN + 90 * MINUTE, missed: 2, repeated: false }]);
  });

  it("backwards over boundaries: passed again they are marked, so that no sample is taken twice", () => {
    using bench = new Bench();
    const ticks = listening(bench);
    bench.clock.advance(60 * MINUTE);
    bench.step(-45 * MINUTE);
    bench.clock.advance(75 * MINUTE);
    expect(ticks.map(({ at, repeated }) => [(at - TEN) / MINUTE, repeated])).toEqual([
      [30, false],
      [60, false],
      [30, true],
      [60, true],
      [90, false],
    ]);
  });

  it("a clock that was years ahead is forgotten: nothing is marked after it", () => {
    using bench = new Bench();
    const ticks = listening(bench);
    bench.step(3_650 * DAY_MS);
    bench.step(-3_650 * DAY_MS);
    bench.clock.advance(HALF_HOUR_MS);
    expect(ticks.at(-1)).toEqual(regular(TEN + HALF_HOUR_MS));
  });

  it("none while the clock was never set; the first one known is the start", () => {
    using bench = new Bench(":memory:", 0);
    bench.state = { state: "invalid" };
    const ticks = listening(bench);
    bench.clock.advance(DAY_MS);
    expect(ticks).toEqual([]);
    expect(bench.clock.nextDue()).toBeUndefined();
    bench.state = { state: "reliable", since: TEN };
    bench.step(TEN - DAY_MS + 5 * MINUTE);
    expect(ticks).toEqual([]);
    bench.clock.advance(25 * MINUTE);
    expect(ticks).toEqual([regular(TEN + HALF_HOUR_MS)]);
  });

  it("no boundary is told unmarked twice, and none is skipped uncounted, whatever the clock does", () => {
    const change = fc.record({
      advance: fc.integer({ min: 0, max: 4 * HALF_HOUR_MS }),
      step: fc.oneof(fc.constant(0), fc.integer({ min: -DAY_MS, max: DAY_MS })),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        using bench = new Bench();
        const ticks = listening(bench);
        for (const { advance, step } of changes) {
          bench.clock.advance(advance);
          bench.step(step);
        }
        const unmarked = ticks.filter((tick) => !tick.repeated);
        let highest = TEN;
        for (const { at } of unmarked) {
          expect(at).toBeGreaterThan(highest);
          highest = at;
        }
        for (const { at, missed } of ticks) {
          expect(at % HALF_HOUR_MS).toBe(0);
          expect(missed).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
