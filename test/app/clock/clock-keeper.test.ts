import { describe, expect, it } from "vitest";
import { ClockKeeper } from "../../../src/app/clock/clock-keeper.ts";
import { CLOCK_SETTINGS } from "../../../src/app/clock/settings.ts";
import type { SourceReading } from "../../../src/app/clock/sources.ts";
import { ManualClock } from "../../../src/base/clock.ts";
import { DAY_MS, HALF_HOUR_MS } from "../../../src/base/half-hour.ts";
import { HubClock } from "../../../src/base/hub-clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { TIME_STATUS, timeAttributes } from "../../../src/han/zcl-server/time.ts";

const TEN = Date.UTC(2026, 6, 1, 10, 0, 0);
const UNKNOWN: SourceReading = { state: "unknown", reason: "nobody there" };
const NO: SourceReading = { state: "unsynchronised" };
const YES: SourceReading = { state: "synchronised", agoMs: 0 };

class Bench {
  readonly machine: ManualClock;
  readonly hub: HubClock;
  readonly keeper: ClockKeeper;
  readonly told: string[] = [];
  reading: SourceReading = UNKNOWN;

  constructor(startUnixMs = TEN) {
    this.machine = new ManualClock(startUnixMs);
    this.hub = new HubClock(this.machine);
    const sources = [{ name: "test", read: async () => this.reading }];
    this.keeper = new ClockKeeper({ machine: this.machine, hub: this.hub, sources, log: silentLog });
    this.keeper.onChange(({ state }) => this.told.push(state));
  }

  get state() {
    return this.keeper.state().state;
  }

  /** Lets time pass in checks, so that the source is heard in between. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= CLOCK_SETTINGS.checkMs) {
      this.machine.advance(Math.min(left, CLOCK_SETTINGS.checkMs));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** TimeStatus as the Time cluster serves it. */
  get timeStatus() {
    const attribute = timeAttributes(this.hub, this.keeper.state).find(({ id }) => id === 1);
    return Number(attribute?.value());
  }
}

describe("A8: what the hub says of its clock", () => {
  it.each([
    ["nobody knows", UNKNOWN],
    ["it is not synchronised", NO],
  ])("A8.6: invalid and not master while %s, whatever the clock shows", async (_what, reading) => {
    const bench = new Bench();
    bench.reading = reading;
    await bench.keeper.start();
    await bench.pass(DAY_MS / 48);
    expect(bench.keeper.state()).toEqual({ state: "invalid" });
    expect(bench.timeStatus & TIME_STATUS.master).toBe(0);
  });

  it("A8.1: reliable and master as soon as a source vouches for it", async () => {
    const bench = new Bench();
    await bench.keeper.start();
    bench.reading = { state: "synchronised", agoMs: 5_000 };
    await bench.pass(30_000);
    expect(bench.keeper.state()).toEqual({ state: "reliable", since: TEN + 25_000 });
    expect(bench.timeStatus & TIME_STATUS.master).toBe(TIME_STATUS.master);
    expect(bench.told).toEqual(["reliable"]);
  });

  it("a source that cannot be asked is asked again", async () => {
    const bench = new Bench();
    let asked = 0;
    const read = async () => {
      asked += 1;
      if (asked === 1) throw new Error("no");
      return YES;
    };
    const ports = { machine: bench.machine, hub: bench.hub, sources: [{ name: "x", read }], log: silentLog };
    const keeper = new ClockKeeper(ports);
    await keeper.start();
    expect(keeper.state().state).toBe("invalid");
    await bench.pass(30_000);
    expect(keeper.state().state).toBe("reliable");
  });

  it("a machine that says it is right in 1970 is not believed", async () => {
    const bench = new Bench(1_000);
    bench.reading = YES;
    await bench.keeper.start();
    expect(bench.state).toBe("invalid");
  });

  it("reliable for the holdover after the last source has gone, then unreliable and not master", async () => {
    const bench = new Bench();
    bench.reading = YES;
    await bench.keeper.start();
    bench.reading = NO;
    await bench.pass(DAY_MS);
    expect(bench.state).toBe("reliable");
    await bench.pass(30_000);
    expect(bench.keeper.state()).toEqual({ state: "unreliable", since: TEN });
    expect(bench.timeStatus & TIME_STATUS.master).toBe(0);
    expect(bench.told).toEqual(["reliable", "unreliable"]);
    bench.reading = YES;
    await bench.pass(30_000);
    expect(bench.state).toBe("reliable");
  });

  it("a holdover counts from the last synchronisation, not from the last look at the file", async () => {
    const bench = new Bench();
    bench.reading = { state: "synchronised", agoMs: DAY_MS / 2 };
    await bench.keeper.start();
    bench.reading = NO;
    await bench.pass(DAY_MS / 2 + 30_000);
    expect(bench.state).toBe("unreliable");
  });
});

describe("A8.7: the machine's clock is set", () => {
  it("by its time service a little back: slewed, reliable, never back", async () => {
    const bench = new Bench();
    bench.reading = YES;
    await bench.keeper.start();
    bench.machine.step(-8_000);
    const before = bench.hub.now();
    await bench.pass(30_000);
    expect(bench.hub.now()).toBeGreaterThan(before);
    expect(bench.state).toBe("reliable");
    await bench.pass(120_000);
    expect(Math.abs(bench.hub.now() - bench.machine.now())).toBeLessThanOrEqual(20);
  });

  it("by its time service far back: the half hour ends as it began, unreliable, and then steps", async () => {
    const bench = new Bench();
    bench.reading = YES;
    await bench.keeper.start();
    const steps: number[] = [];
    bench.hub.onStep((by) => steps.push(by));
    bench.machine.step(-7_200_000);
    await bench.pass(HALF_HOUR_MS - 30_000);
    expect(bench.state).toBe("unreliable");
    expect(bench.hub.now()).toBe(TEN + HALF_HOUR_MS - 30_000);
    await bench.pass(30_000);
    expect(steps).toEqual([-7_200_000]);
    expect(bench.hub.now()).toBe(bench.machine.now());
    expect(bench.state).toBe("reliable");
  });

  it("by hand, while nobody vouches for it any more: the hub runs on as before", async () => {
    const bench = new Bench();
    bench.reading = YES;
    await bench.keeper.start();
    bench.reading = NO;
    bench.machine.step(3_600_000);
    await bench.pass(60_000);
    expect(bench.hub.now()).toBe(TEN + 60_000);
    expect(bench.state).toBe("reliable");
  });

  it("before it was ever right: followed at once, and nothing claimed", async () => {
    const bench = new Bench(0);
    await bench.keeper.start();
    bench.machine.step(TEN);
    await bench.pass(30_000);
    bench.machine.step(-DAY_MS);
    await bench.pass(30_000);
    expect(bench.hub.now()).toBe(TEN - DAY_MS + 60_000);
    expect(bench.state).toBe("invalid");
  });
});

describe("the cellular network's time", () => {
  it("sets a clock that nobody else vouches for", async () => {
    const bench = new Bench(0);
    await bench.keeper.start();
    bench.keeper.networkTime(TEN);
    expect(bench.hub.now()).toBe(TEN);
    expect(bench.keeper.state()).toEqual({ state: "reliable", since: TEN });
    await bench.pass(60_000);
    expect(bench.hub.now()).toBe(TEN + 60_000);
  });

  it("is not listened to while a source vouches for the machine's clock", async () => {
    const bench = new Bench();
    bench.reading = YES;
    await bench.keeper.start();
    bench.keeper.networkTime(TEN + 5_000);
    expect(bench.hub.now()).toBe(TEN);
  });

  it("does not make the clock tremble: its whole seconds are no correction", async () => {
    const bench = new Bench(0);
    await bench.keeper.start();
    bench.keeper.networkTime(TEN);
    await bench.pass(90_000);
    bench.keeper.networkTime(TEN + 89_000);
    expect(bench.hub.now()).toBe(TEN + 90_000);
    expect(bench.keeper.state()).toEqual({ state: "reliable", since: TEN + 90_000 });
  });

  it("that contradicts a reliable clock is taken only when borne out by a second one", async () => {
    const bench = new Bench();
    bench.reading = YES;
    await bench.keeper.start();
    bench.reading = NO;
    await bench.pass(30_000);
    bench.keeper.networkTime(TEN + DAY_MS);
    expect(bench.hub.now()).toBe(TEN + 30_000);
    bench.keeper.networkTime(TEN + 5 * DAY_MS);
    expect(bench.hub.now()).toBe(TEN + 30_000);
    await bench.pass(30_000);
    bench.keeper.networkTime(TEN + 5 * DAY_MS + 30_000);
    expect(bench.hub.now()).toBe(TEN + 5 * DAY_MS + 30_000);
  });

  it.each([0, Date.UTC(1980, 0, 6), Number.NaN])("of %d is no time", async (unixMs) => {
    const bench = new Bench();
    await bench.keeper.start();
    bench.keeper.networkTime(unixMs);
    expect(bench.state).toBe("invalid");
  });
});
