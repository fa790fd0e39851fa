import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../src/base/clock.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { FAULT_NAMES, FAULTS, Faults, parseFaultPlan } from "../../../src/emulator/server/faults.ts";

describe("planning faults", () => {
  test("NAME@SECONDS", () => {
    expect(parseFaultPlan("stall@30")).toEqual({ name: "stall", atSeconds: 30 });
    expect(parseFaultPlan("reset@0.5")).toEqual({ name: "reset", atSeconds: 0.5 });
  });

  test.each(["stall", "stall@", "@5", "melt@3", "stall@-1", "stall@1e9", "toString@1"])(
    "%j is refused with the names that exist",
    (text) => {
      expect(() => parseFaultPlan(text)).toThrow(/corrupt, drop, stall, reset, error, close/);
    },
  );

  test("every fault has words for the help", () => {
    for (const name of FAULT_NAMES) expect(FAULTS[name].help.length).toBeGreaterThan(10);
  });

  test("begins at its time, lasts as long as its table entry says, and clear forgets it", () => {
    const clock = new ManualClock();
    const faults = new Faults(clock, new SeededRandom(1));
    faults.plan({ name: "stall", atSeconds: 30 });
    clock.advance(29_999);
    expect(faults.active).toEqual([]);
    clock.advance(1);
    expect(faults.active).toEqual(["stall"]);
    clock.advance(FAULTS.stall.durationMs ?? 0);
    expect(faults.active).toEqual([]);
    faults.plan({ name: "drop", atSeconds: 1 });
    faults.clear();
    clock.advance(10_000);
    expect(faults.active).toEqual([]);
  });

  test("reset, error and close go to the port at their time", () => {
    const clock = new ManualClock();
    const faults = new Faults(clock, new SeededRandom(1));
    const seen: string[] = [];
    faults.attach({
      resetItself: (code) => seen.push(`reset ${code}`),
      failWith: (code) => seen.push(`error ${code}`),
      closeConnection: () => seen.push("close"),
    });
    faults.plan({ name: "close", atSeconds: 3 });
    faults.plan({ name: "reset", atSeconds: 1 });
    faults.plan({ name: "error", atSeconds: 2 });
    clock.advance(3000);
    expect(seen).toEqual(["reset 3", "error 81", "close"]);
  });
});
