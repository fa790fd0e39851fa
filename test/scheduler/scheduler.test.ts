import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HanwayError } from "../../src/base/error.ts";
import { DAY_MS, HALF_HOUR_MS } from "../../src/base/half-hour.ts";
import type { JobHandler } from "../../src/scheduler/scheduler.ts";
import { Bench, job, MINUTE, settled, TEN } from "./bench.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-scheduler-"));
  path = join(folder, "hub.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Registers a kind that notes its jobs in the transaction. */
function noting(bench: Bench, kind = "k"): string[] {
  const ran: string[] = [];
  bench.scheduler.register(kind, (one) => ({ commit: () => void ran.push(one.key) }));
  return ran;
}

describe("scheduler: jobs", () => {
  it("run at their time, in order, once", () => {
    using bench = new Bench();
    const ran = noting(bench);
    bench.scheduler.start();
    bench.scheduler.put(job("b", TEN + 2 * MINUTE));
    bench.scheduler.put(job("a", TEN + MINUTE));
    bench.clock.advance(MINUTE - 1);
    expect(ran).toEqual([]);
    bench.clock.advance(1);
    expect(ran).toEqual(["a"]);
    bench.clock.advance(DAY_MS);
    expect(ran).toEqual(["a", "b"]);
    expect(bench.clock.nextDue()).toBeUndefined();
  });

  it("no polling: one timer, for the job due next; none where nothing is pending", () => {
    using bench = new Bench();
    noting(bench);
    bench.scheduler.start();
    expect(bench.clock.nextDue()).toBeUndefined();
    bench.scheduler.put(job("late", TEN + 50 * MINUTE));
    expect(bench.clock.nextDue()).toBe(50 * MINUTE);
    bench.scheduler.put(job("soon", TEN + 10 * MINUTE));
    expect(bench.clock.nextDue()).toBe(10 * MINUTE);
    bench.scheduler.cancel("k", "soon");
    expect(bench.clock.nextDue()).toBe(50 * MINUTE);
  });

  it("a job put in a transaction that is rolled back never was", () => {
    using bench = new Bench();
    const ran = noting(bench);
    bench.scheduler.start();
    const undone = () =>
      bench.store.transaction(() => {
        bench.scheduler.put(job("gone", TEN));
        throw new HanwayError("internal", "undone");
      });
    expect(undone).toThrow(HanwayError);
    bench.clock.advance(MINUTE);
    expect(ran).toEqual([]);
  });

  it("what is due at once runs after the commit, never inside the transaction that put it", () => {
    using bench = new Bench();
    const ran = noting(bench);
    bench.scheduler.start();
    bench.store.transaction(() => {
      bench.scheduler.put(job("now", TEN));
      expect(ran).toEqual([]);
    });
    bench.clock.advance(0);
    expect(ran).toEqual(["now"]);
  });

  it("the same kind and key replaces, with the new time and payload", () => {
    using bench = new Bench();
    const texts: string[] = [];
    bench.scheduler.register("k", (one) => ({
      commit: () => void texts.push(Buffer.from(one.payload).toString()),
    }));
    bench.scheduler.start();
    expect(bench.scheduler.put(job("a", TEN + MINUTE, "old"))).toBe("scheduled");
    expect(bench.scheduler.put(job("a", TEN + 2 * MINUTE, "new"))).toBe("replaced");
    bench.clock.advance(MINUTE);
    expect(texts).toEqual([]);
    bench.clock.advance(MINUTE);
    expect(texts).toEqual(["new"]);
  });

  it("a handler's commit and the removal are one transaction", async () => {
    using bench = new Bench();
    bench.store.migrate("t", ["CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT"]);
    const rows = () => bench.store.prepare("SELECT count(*) AS n FROM t").get()?.n;
    let broken = true;
    bench.scheduler.register("k", () => ({
      commit: () => {
        bench.store.prepare("INSERT INTO t DEFAULT VALUES").run();
        if (broken) throw new HanwayError("internal", "no");
      },
    }));
    bench.scheduler.put(job("a", TEN));
    bench.scheduler.start();
    bench.clock.advance(0);
    expect(rows()).toBe(0);
    expect(bench.scheduler.find("k", "a")).toMatchObject({ due: TEN });
    broken = false;
    bench.clock.advance(1_000);
    expect(rows()).toBe(1);
    expect(bench.scheduler.find("k", "a")).toBeUndefined();
  });

  it("a failing job backs off, is given up at last, and holds up nobody", async () => {
    using bench = new Bench(":memory:", TEN, { attempts: 3 });
    const ran = noting(bench, "good");
    let tries = 0;
    const gaveUp: string[] = [];
    bench.scheduler.register(
      "bad",
      async () => {
        tries += 1;
        throw new HanwayError("internal", "always");
      },
      { gaveUp: (one) => void gaveUp.push(one.key) },
    );
    bench.scheduler.put(job("x", TEN, "", "bad"));
    bench.scheduler.put(job("y", TEN + 1, "", "bad"));
    bench.scheduler.put(job("z", TEN, "", "good"));
    bench.scheduler.start();
    for (let second = 0; second < 10; second++) {
      bench.clock.advance(1_000);
      await settled();
    }
    expect(ran).toEqual(["z"]);
    expect(tries).toBe(6);
    expect(gaveUp).toEqual(["x", "y"]);
    expect(bench.scheduler.pending("bad")).toEqual([]);
    expect(bench.clock.nextDue()).toBeUndefined();
  });

  it("jobs of a kind run one after another, kinds beside each other", async () => {
    using bench = new Bench();
    const ran = noting(bench, "quick");
    const begun: string[] = [];
    const release: (() => void)[] = [];
    bench.scheduler.register("slow", async (one) => {
      begun.push(one.key);
      await new Promise<void>((resolve) => release.push(resolve));
      return {};
    });
    for (const key of ["1", "2"]) bench.scheduler.put(job(key, TEN, "", "slow"));
    bench.scheduler.start();
    bench.clock.advance(0);
    bench.scheduler.put(job("q", TEN, "", "quick"));
    bench.clock.advance(0);
    expect(begun).toEqual(["1"]);
    expect(ran).toEqual(["q"]);
    release.shift()?.();
    await settled();
    bench.clock.advance(0);
    expect(begun).toEqual(["1", "2"]);
  });

  it("an attempt that takes for ever is aborted and counts as failed", async () => {
    using bench = new Bench(":memory:", TEN, { attemptMs: 5_000 });
    const signals: AbortSignal[] = [];
    bench.scheduler.register("k", (_one, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    bench.scheduler.put(job("a", TEN));
    bench.scheduler.start();
    bench.clock.advance(4_999);
    expect(signals[0]?.aborted).toBe(false);
    bench.clock.advance(1);
    expect(signals[0]?.aborted).toBe(true);
    bench.clock.advance(1_000);
    expect(signals).toHaveLength(2);
  });

  it.each(["cancelled", "replaced"])(
    "a job %s while it runs has no commit and no aftermath",
    async (what) => {
      using bench = new Bench();
      const done: string[] = [];
      let release = () => {};
      bench.scheduler.register("k", async (one) => {
        const text = Buffer.from(one.payload).toString();
        if (text === "old") await new Promise<void>((resolve) => (release = resolve));
        return {
          commit: () => void done.push(`commit ${text}`),
          after: () => void done.push(`after ${text}`),
        };
      });
      bench.scheduler.put(job("a", TEN, "old"));
      bench.scheduler.start();
      bench.clock.advance(0);
      if (what === "cancelled") expect(bench.scheduler.cancel("k", "a")).toBe(true);
      else bench.scheduler.put(job("a", TEN, "new"));
      release();
      await settled();
      bench.clock.advance(0);
      await settled();
      expect(done).toEqual(what === "cancelled" ? [] : ["commit new", "after new"]);
    },
  );

  it("what runs after the commit may fail without a second run", () => {
    using bench = new Bench();
    let runs = 0;
    bench.scheduler.register("k", () => ({
      after: () => {
        runs += 1;
        throw new HanwayError("internal", "too late");
      },
    }));
    bench.scheduler.put(job("a", TEN));
    bench.scheduler.start();
    bench.clock.advance(DAY_MS);
    expect(runs).toBe(1);
    expect(bench.logged).toEqual(["a job failed after its commit"]);
  });

  it("a job may schedule its own successor", () => {
    using bench = new Bench();
    const at: number[] = [];
    bench.scheduler.register("k", (one) => ({
      commit: () => {
        at.push(bench.clock.now());
        bench.scheduler.put({ ...one, due: one.due + HALF_HOUR_MS });
      },
    }));
    bench.scheduler.put(job("a", TEN));
    bench.scheduler.start();
    bench.clock.advance(HALF_HOUR_MS * 3);
    expect(at).toEqual([0, 1, 2, 3].map((n) => TEN + n * HALF_HOUR_MS));
  });

  it("is bounded: too many jobs and too large ones are refused, a replacement is not", () => {
    using bench = new Bench(":memory:", TEN, { jobs: 2, payload: 4 });
    expect(bench.scheduler.put(job("a", TEN))).toBe("scheduled");
    expect(bench.scheduler.put(job("b", TEN))).toBe("scheduled");
    expect(bench.scheduler.put(job("c", TEN))).toBe("full");
    expect(bench.scheduler.put(job("b", TEN + 1))).toBe("replaced");
    expect(bench.scheduler.put(job("a", TEN, "12345"))).toBe("too-large");
    expect(bench.scheduler.find("k", "a")).toBeDefined();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0.5, 2 ** 60])("refuses %d as a due time", (due) => {
    using bench = new Bench();
    expect(() => bench.scheduler.put(job("a", due))).toThrow(
      expect.objectContaining({ code: "encode/value", field: "due" }),
    );
  });

  it("a job in the year 9999 does not wake the hub every millisecond", () => {
    using bench = new Bench();
    noting(bench);
    bench.scheduler.start();
    bench.scheduler.put(job("a", Date.UTC(9999, 11, 31, 23, 59, 59)));
    expect(bench.clock.nextDue()).toBe(DAY_MS);
  });
});

describe("scheduler: the store takes nothing", () => {
  it("pauses, says so now and then, and does everything once it can write again", () => {
    using bench = new Bench();
    const ran = noting(bench);
    bench.scheduler.start();
    for (const key of ["a", "b"]) bench.scheduler.put(job(key, TEN + MINUTE));
    bench.store.prepare("PRAGMA query_only = 1").run();
    bench.clock.advance(10 * MINUTE);
    expect(ran).toEqual([]);
    expect(bench.logged.length).toBeLessThanOrEqual(2 * 9 * 2 + 2);
    bench.store.prepare("PRAGMA query_only = 0").run();
    bench.clock.advance(MINUTE);
    expect(ran).toEqual(["a", "b"]);
    expect(bench.scheduler.pending("k")).toEqual([]);
  });
});

describe("scheduler: restarts", () => {
  it("what fell due while the hub was off runs at the start, the rest at its time", () => {
    {
      using before = new Bench(path);
      noting(before);
      before.scheduler.start();
      for (const n of [1, 2, 3]) before.scheduler.put(job(`${n}`, TEN + n * MINUTE));
      before.clock.advance(MINUTE);
    }
    using after = new Bench(path, TEN + 2 * MINUTE);
    const ran = noting(after);
    after.scheduler.start();
    after.clock.advance(0);
    expect(ran).toEqual(["2"]);
    after.clock.advance(MINUTE);
    expect(ran).toEqual(["2", "3"]);
  });

  it("a job that was running when the hub stopped runs again", async () => {
    const runs: string[] = [];
    for (const start of ["first", "second"]) {
      using bench = new Bench(path);
      bench.scheduler.register("k", async () => {
        runs.push(start);
        if (start === "first") await new Promise(() => {});
        return {};
      });
      bench.scheduler.start();
      if (start === "first") bench.scheduler.put(job("a", TEN));
      bench.clock.advance(0);
      await settled();
    }
    expect(runs).toEqual(["first", "second"]);
  });

  it("a job that ends the hub at every start is given up in the end, and takes nobody with it", async () => {
    const done: string[] = [];
    let starts = 0;
    for (; starts < 30 && done.length < 4; starts++) {
      const bench = new Bench(path, TEN + starts * 60 * MINUTE, { starts: 6 });
      let ended = false;
      const gaveUp = (one: { key: string }) => void done.push(`${one.key} given up`);
      // Work that takes its time, so that whatever runs beside it can end it.
      const slow: JobHandler = async (one) => {
        await new Promise<void>((resolve) => bench.clock.after(5_000, resolve));
        return ended ? new Promise<never>(() => {}) : { commit: () => void done.push(one.key) };
      };
      bench.scheduler.register("before", slow, { gaveUp });
      bench.scheduler.register(
        "poison",
        () => {
          ended = true;
          bench.scheduler.stop();
          return new Promise<never>(() => {});
        },
        { gaveUp },
      );
      bench.scheduler.register("after", slow, { gaveUp });
      if (starts === 0) {
        for (const kind of ["before", "poison", "after"]) bench.scheduler.put(job(kind, TEN, "", kind));
        bench.scheduler.put(job("second", TEN, "", "after"));
      }
      bench.scheduler.start();
      for (let second = 0; second < 120; second++) {
        bench.clock.advance(1_000);
        await settled();
      }
      bench[Symbol.dispose]();
    }
    expect(done.toSorted()).toEqual(["after", "before", "poison given up", "second"]);
    expect(starts).toBeLessThanOrEqual(8);
  });

  it("jobs of a kind that this hub does not know stay, and are told of", () => {
    {
      using before = new Bench(path);
      before.scheduler.put(job("a", TEN, "", "of another version"));
    }
    using after = new Bench(path);
    after.scheduler.start();
    after.clock.advance(MINUTE);
    expect(after.logged).toEqual(["stored jobs that nobody does"]);
    expect(after.scheduler.pending("of another version")).toHaveLength(1);
  });
});

describe("scheduler: the clock is set", () => {
  it("forwards: what is then due runs at once", () => {
    using bench = new Bench();
    const ran = noting(bench);
    bench.scheduler.start();
    bench.scheduler.put(job("a", TEN + 45 * MINUTE));
    bench.step(60 * MINUTE);
    bench.clock.advance(0);
    expect(ran).toEqual(["a"]);
  });

  it("backwards: nothing runs twice, and nothing early", () => {
    using bench = new Bench();
    const ran = noting(bench);
    bench.scheduler.start();
    bench.scheduler.put(job("a", TEN + MINUTE));
    bench.scheduler.put(job("b", TEN + 3 * MINUTE));
    bench.clock.advance(2 * MINUTE);
    bench.step(-60 * MINUTE);
    bench.clock.advance(MINUTE);
    expect(ran).toEqual(["a"]);
    bench.clock.advance(60 * MINUTE);
    expect(ran).toEqual(["a", "b"]);
  });

  it("backwards without anybody saying so: a timer that fires too soon is set again", () => {
    using bench = new Bench();
    const ran = noting(bench);
    bench.scheduler.start();
    bench.scheduler.put(job("a", TEN + MINUTE));
    bench.clock.step(-MINUTE);
    bench.clock.advance(MINUTE);
    expect(ran).toEqual([]);
    bench.clock.advance(MINUTE);
    expect(ran).toEqual(["a"]);
  });

  it("what needs the time of day waits while the clock was never set", () => {
    using bench = new Bench(":memory:", Date.UTC(2099, 0, 1));
    bench.state = { state: "invalid" };
    const ran = noting(bench, "any");
    bench.scheduler.register("dated", (one) => ({ commit: () => void ran.push(one.key) }), {
      needsTime: true,
    });
    bench.scheduler.start();
    bench.scheduler.put(job("dated", TEN, "", "dated"));
    bench.scheduler.put(job("any", TEN, "", "any"));
    bench.clock.advance(MINUTE);
    expect(ran).toEqual(["any"]);
    bench.state = { state: "reliable", since: TEN };
    bench.step(0);
    bench.clock.advance(0);
    expect(ran).toEqual(["any", "dated"]);
  });

  it("every job runs exactly once and none before its time, however the clock is set and the hub restarted", () => {
    const change = fc.record({
      advance: fc.integer({ min: 0, max: 2 * HALF_HOUR_MS }),
      step: fc.oneof(fc.constant(0), fc.integer({ min: -DAY_MS, max: DAY_MS })),
      restart: fc.boolean(),
      jobs: fc.array(fc.integer({ min: -HALF_HOUR_MS, max: 3 * HALF_HOUR_MS }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        rmSync(path, { force: true });
        const ran: string[] = [];
        let last = 0;
        const start = (now: number) => {
          const bench = new Bench(path, now);
          bench.scheduler.register("k", (one) => ({
            commit: () => {
              expect(bench.clock.now()).toBeGreaterThanOrEqual(one.due);
              ran.push(one.key);
            },
          }));
          bench.scheduler.start();
          return bench;
        };
        let bench = start(TEN);
        let put = 0;
        for (const { advance, step, restart, jobs } of changes) {
          for (const offset of jobs) {
            const due = bench.clock.now() + offset;
            last = Math.max(last, due);
            bench.scheduler.put(job(`${put++}`, due));
          }
          bench.clock.advance(advance);
          bench.step(step);
          if (!restart) continue;
          bench[Symbol.dispose]();
          bench = start(bench.clock.now());
        }
        bench.clock.advance(Math.max(0, last - bench.clock.now()));
        bench[Symbol.dispose]();
        expect(ran.toSorted()).toEqual(Array.from({ length: put }, (_, n) => `${n}`).toSorted());
      }),
      { numRuns: 30 },
    );
  });
});
