import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Power } from "../../../src/app/power/power.ts";
import { ManualClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Store } from "../../../src/store/store.ts";

const TEN = Date.UTC(2026, 6, 1, 10, 0, 0);
const MINUTE = 60_000;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-power-"));
  path = join(folder, "hub.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

function bench(file: string, now = TEN) {
  const clock = new ManualClock(now);
  const store = new Store(file, clock);
  const told: Record<string, unknown>[] = [];
  const events: string[] = [];
  const power = new Power({
    store,
    clock,
    log: silentLog,
    presence: { state: (part, value) => void told.push({ part, ...value }) },
    onEvent: ({ type }) => {
      expect(store.inTransaction).toBe(true);
      events.push(type);
    },
  });
  power.start();
  return { clock, store, power, told, events, [Symbol.dispose]: () => store.close() };
}

describe("A9: the power part of the state document", () => {
  it("A9.1, A9.5: mains lost for three minutes is told as an alert, once, until it is back", () => {
    using b = bench(":memory:");
    b.power.reading("present");
    b.power.reading("lost");
    b.clock.advance(3 * MINUTE - 1);
    expect(b.told.at(-1)).toEqual({
      part: "power",
      mains: "lost",
      lostAt: "2026-07-01T10:00:00.000Z",
      alert: null,
      lastOutage: null,
    });
    b.clock.advance(1);
    const alert = { lostAt: "2026-07-01T10:00:00.000Z", alertedAt: "2026-07-01T10:03:00.000Z" };
    expect(b.told.at(-1)).toMatchObject({ mains: "lost", alert });
    b.clock.advance(60 * MINUTE);
    b.power.reading("present");
    expect(b.told.at(-1)).toMatchObject({
      mains: "present",
      lostAt: null,
      alert: null,
      lastOutage: { ...alert, backAt: "2026-07-01T11:03:00.000Z" },
    });
    expect(b.events).toEqual(["lost", "alert", "restored"]);
  });

  it("A9.3: back sooner: no alert", () => {
    using b = bench(":memory:");
    for (let n = 0; n < 5; n++) {
      b.power.reading("lost");
      b.clock.advance(3 * MINUTE - 1);
      b.power.reading("present");
    }
    b.clock.advance(60 * MINUTE);
    expect(b.events).not.toContain("alert");
    expect(b.told.every((one) => one.alert === null)).toBe(true);
  });

  it("setting the clock neither hastens nor delays the alert", () => {
    using b = bench(":memory:");
    b.power.reading("lost");
    b.clock.step(60 * MINUTE);
    b.clock.advance(MINUTE);
    b.clock.step(-120 * MINUTE);
    b.clock.advance(2 * MINUTE - 1);
    expect(b.events).toEqual(["lost"]);
    b.clock.advance(1);
    expect(b.events).toEqual(["lost", "alert"]);
  });

  it("A9.6: a hub that ends in the outage knows of it after the start", () => {
    {
      using before = bench(path);
      before.power.reading("lost");
      before.clock.advance(MINUTE);
    }
    using after = bench(path, TEN + 120 * MINUTE);
    expect(after.told).toEqual([
      { part: "power", mains: "unknown", lostAt: "2026-07-01T10:00:00.000Z", alert: null, lastOutage: null },
    ]);
    after.power.reading("present");
    after.clock.advance(60 * MINUTE);
    expect(after.events).toEqual(["restored"]);
    expect(after.power.state.last).toEqual({
      lostAt: TEN,
      alertedAt: undefined,
      backAt: TEN + 120 * MINUTE,
    });
  });

  it("A9.6: a hub restarted on hold-up energy counts on and alerts once", () => {
    {
      using before = bench(path);
      before.power.reading("lost");
    }
    {
      using after = bench(path, TEN + MINUTE);
      after.power.reading("lost");
      after.clock.advance(2 * MINUTE);
      expect(after.events).toEqual(["alert"]);
    }
    using third = bench(path, TEN + 10 * MINUTE);
    third.power.reading("lost");
    third.clock.advance(60 * MINUTE);
    expect(third.events).toEqual([]);
    expect(third.told.at(-1)).toMatchObject({ alert: { alertedAt: "2026-07-01T10:03:00.000Z" } });
  });

  it("a store that takes nothing does not keep the alert from being told", () => {
    using b = bench(":memory:");
    b.power.reading("present");
    b.store.prepare("PRAGMA query_only = 1").run();
    b.power.reading("lost");
    b.clock.advance(3 * MINUTE);
    expect(b.told.at(-1)).toMatchObject({ mains: "lost", alert: { alertedAt: "2026-07-01T10:03:00.000Z" } });
    b.store.prepare("PRAGMA query_only = 0").run();
  });
});
