import { rmSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { HanwayError } from "../../src/base/error.ts";
import { COUNTERS_FILE, CounterFile } from "../../src/headend/counters.ts";
import { ownFolder } from "../own-folder.ts";
import { ESME, GSME } from "./parties.ts";

const folder = ownFolder();

describe("Originator Counters of a head-end", () => {
  it("go up for each party on its own, and on where they were after a restart", () => {
    const clock = new ManualClock();
    let first: bigint;
    {
      using counters = CounterFile.open(folder(), clock);
      first = counters.next(ESME);
      expect(counters.next(ESME)).toBe(first + 1n);
      expect(counters.next(GSME)).toBe(first);
    }
    using again = CounterFile.open(folder(), clock);
    expect(again.next(ESME)).toBe(first + 2n);
  });

  it("are never given to two head-ends in one folder", () => {
    using one = CounterFile.open(folder(), new ManualClock());
    using other = CounterFile.open(folder(), new ManualClock());
    const drawn = [one, other, one, other].map((counters) => counters.next(ESME));
    expect(new Set(drawn).size).toBe(4);
  });

  it("do not come back when the file is lost", () => {
    const clock = new ManualClock();
    const last = (() => {
      using counters = CounterFile.open(folder(), clock);
      return counters.next(ESME);
    })();
    rmSync(folder(COUNTERS_FILE));
    clock.advance(60_000);
    using after = CounterFile.open(folder(), clock);
    expect(after.next(ESME)).toBeGreaterThan(last);
  });

  it("of prepayment leave the low 32 bits zero and count on their own", () => {
    using counters = CounterFile.open(folder(), new ManualClock());
    const drawn = [counters.next(ESME, "prepayment"), counters.next(ESME, "prepayment")];
    expect(drawn.map((counter) => counter & 0xffff_ffffn)).toEqual([0n, 0n]);
    expect((drawn[1] ?? 0n) - (drawn[0] ?? 0n)).toBe(1n << 32n);
    expect(counters.next(ESME)).toBeLessThan(drawn[0] ?? 0n);
  });

  it("lie in a file that nobody else may read, and are refused where it is damaged", () => {
    CounterFile.open(folder(), new ManualClock())[Symbol.dispose]();
    const path = folder(COUNTERS_FILE);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, "this is no database, but long enough to be looked at as one".repeat(20));
    expect(() => CounterFile.open(folder(), new ManualClock()).next(ESME)).toThrow(HanwayError);
  });
});
