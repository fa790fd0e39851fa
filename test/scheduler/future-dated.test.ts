import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DAY_MS } from "../../src/base/half-hour.ts";
import {
  CANCEL_AT,
  FUTURE_DATED_EXECUTED,
  FUTURE_DATED_FAILED,
  FutureDated,
  type FutureDatedOwner,
} from "../../src/scheduler/future-dated.ts";
import { Bench, MINUTE, settled, TEN } from "./bench.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-dated-"));
  path = join(folder, "hub.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const octets = (text: string) => new TextEncoder().encode(text);
const command = (slot: string, executeAt: number, text = slot) => ({
  slot,
  executeAt,
  command: octets(text),
});

/** Commands whose effect and alerts are rows, as those of the hub are. */
function commands(bench: Bench, change: Partial<FutureDatedOwner<string, string>> = {}) {
  bench.store.migrate("t", [
    "CREATE TABLE effect (text TEXT NOT NULL) STRICT; CREATE TABLE alert (text TEXT NOT NULL) STRICT",
  ]);
  const effect = bench.store.prepare("INSERT INTO effect VALUES (?)");
  const alert = bench.store.prepare("INSERT INTO alert VALUES (?)");
  const dated = new FutureDated<string, string>("chf", bench.scheduler, bench.clock, {
    prepare: async () => "prepared",
    execute: (one, prepared) => {
      expect(bench.store.inTransaction).toBe(true);
      effect.run(`${one.slot} ${prepared}`);
      return { success: true, result: "fine" };
    },
    report: (one, { alertCode, at, result }) => {
      expect(bench.store.inTransaction).toBe(true);
      alert.run(`${one.slot} ${alertCode.toString(16)} ${(at - TEN) / MINUTE} ${result}`);
    },
    ...change,
  });
  const rows = (table: string) => bench.store.prepare(`SELECT text FROM ${table}`).all();
  return {
    dated,
    effects: () => rows("effect").map((row) => row.text),
    alerts: () => rows("alert").map((row) => row.text),
  };
}

/** Lets time pass in steps, so that promises are heard in between. */
async function pass(bench: Bench, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= MINUTE) {
    bench.clock.advance(Math.min(left, MINUTE));
    await settled();
  }
  bench.clock.advance(0);
  await settled();
}

describe("future-dated Commands (GBCS alerts 0x8F66 and 0x8F67)", () => {
  it("take effect at their time and are told of with 0x8F66, once", async () => {
    using bench = new Bench();
    const { dated, effects, alerts } = commands(bench);
    bench.scheduler.start();
    dated.accept(command("CS06", TEN + 5 * MINUTE));
    await pass(bench, 4 * MINUTE);
    expect(effects()).toEqual([]);
    expect(dated.pending()).toEqual([command("CS06", TEN + 5 * MINUTE)]);
    await pass(bench, DAY_MS / 24);
    expect(effects()).toEqual(["CS06 prepared"]);
    expect(alerts()).toEqual(["CS06 8f66 5 fine"]);
    expect(dated.pending()).toEqual([]);
  });

  it("that do not succeed are told of with 0x8F67 and their result", async () => {
    using bench = new Bench();
    const { dated, alerts } = commands(bench, { execute: () => ({ success: false, result: "no image" }) });
    bench.scheduler.start();
    dated.accept(command("CS06", TEN + MINUTE));
    await pass(bench, 2 * MINUTE);
    expect(alerts()).toEqual(["CS06 8f67 1 no image"]);
  });

  it.each(["prepare", "execute"] as const)(
    "whose %s goes on failing leave nothing behind but 0x8F67",
    async (what) => {
      using bench = new Bench();
      const fails = () => {
        bench.store.prepare("INSERT INTO effect VALUES ('half done')").run();
        throw new Error("no");
      };
      const { dated, effects, alerts } = commands(
        bench,
        what === "prepare" ? { prepare: () => Promise.reject(new Error("no")) } : { execute: fails },
      );
      bench.scheduler.start();
      dated.accept(command("CS06", TEN + MINUTE));
      await pass(bench, 10 * MINUTE);
      expect(effects()).toEqual([]);
      expect(alerts()).toEqual([expect.stringMatching(/^CS06 8f67 \d+ undefined$/)]);
      expect(dated.pending()).toEqual([]);
    },
  );

  it("a failure that passes is no failure", async () => {
    using bench = new Bench();
    let tries = 0;
    const prepare = async () => {
      tries += 1;
      if (tries < 3) throw new Error("busy");
      return "third time";
    };
    const { dated, effects, alerts } = commands(bench, { prepare });
    bench.scheduler.start();
    dated.accept(command("CS06", TEN));
    await pass(bench, 5 * MINUTE);
    expect(effects()).toEqual(["CS06 third time"]);
    expect(alerts()).toHaveLength(1);
  });

  it("a newer Command replaces the one pending in its slot; others stay", async () => {
    using bench = new Bench();
    const { dated, alerts } = commands(bench);
    bench.scheduler.start();
    dated.accept(command("tariff", TEN + MINUTE));
    dated.accept(command("price", TEN + MINUTE));
    expect(dated.accept(command("tariff", TEN + 3 * MINUTE))).toBe("replaced");
    await pass(bench, 5 * MINUTE);
    expect(alerts()).toEqual(["price 8f66 1 fine", "tariff 8f66 3 fine"]);
  });

  it("a cancelled Command never takes effect and is not told of, at the very last moment too", async () => {
    using bench = new Bench();
    let release = () => {};
    const { dated, effects, alerts } = commands(bench, {
      prepare: () => new Promise((resolve) => (release = () => resolve("late"))),
    });
    bench.scheduler.start();
    dated.accept(command("CS02b", TEN));
    bench.clock.advance(0);
    expect(dated.cancel("CS02b")).toBe(true);
    expect(dated.cancel("CS02b")).toBe(false);
    release();
    await pass(bench, MINUTE);
    expect([...effects(), ...alerts()]).toEqual([]);
    expect(new Date(CANCEL_AT).toISOString()).toBe("9999-12-31T23:59:59.000Z");
  });

  it("accepted in a Command's transaction that is rolled back, it never was", async () => {
    using bench = new Bench();
    const { dated, alerts } = commands(bench);
    bench.scheduler.start();
    expect(() =>
      bench.store.transaction(() => {
        dated.accept(command("CS06", TEN));
        throw new Error("undone");
      }),
    ).toThrow("undone");
    await pass(bench, MINUTE);
    expect(alerts()).toEqual([]);
  });

  it("whose time passed while the hub was off takes effect at the start", async () => {
    {
      using before = new Bench(path);
      commands(before).dated.accept(command("CS06", TEN + MINUTE));
    }
    using after = new Bench(path, TEN + 60 * MINUTE);
    const { effects, alerts } = commands(after);
    after.scheduler.start();
    await pass(after, 0);
    expect(effects()).toEqual(["CS06 prepared"]);
    expect(alerts()).toEqual(["CS06 8f66 60 fine"]);
  });

  it("waits through a start without time, and does not take a wrong one for its own", async () => {
    {
      using before = new Bench(path);
      commands(before).dated.accept(command("CS06", TEN + 10 * MINUTE));
    }
    using after = new Bench(path, Date.UTC(2090, 0, 1));
    after.state = { state: "invalid" };
    const { dated, effects } = commands(after);
    after.scheduler.start();
    await pass(after, 5 * MINUTE);
    expect(effects()).toEqual([]);
    after.state = { state: "reliable", since: TEN };
    after.step(TEN - after.clock.now());
    await pass(after, 9 * MINUTE);
    expect(dated.pending()).toHaveLength(1);
    await pass(after, MINUTE);
    expect(effects()).toEqual(["CS06 prepared"]);
  });

  it("happens once when the clock is set back over its time, and at once when it is set forward over it", async () => {
    using bench = new Bench();
    const { dated, effects } = commands(bench);
    bench.scheduler.start();
    dated.accept(command("a", TEN + 10 * MINUTE));
    await pass(bench, 15 * MINUTE);
    bench.step(-10 * MINUTE);
    await pass(bench, 20 * MINUTE);
    expect(effects()).toEqual(["a prepared"]);
    dated.accept(command("b", bench.clock.now() + 60 * MINUTE));
    bench.step(61 * MINUTE);
    await pass(bench, 0);
    expect(effects()).toEqual(["a prepared", "b prepared"]);
  });

  it("dated into the hour that summer time repeats or leaves out, it is a time of UTC", async () => {
    const zone = process.env.TZ;
    process.env.TZ = "Europe/London";
    try {
      for (const at of [
        Date.UTC(2026, 9, 25, 0, 30),
        Date.UTC(2026, 9, 25, 1, 30),
        Date.UTC(2026, 2, 29, 1, 30),
      ]) {
        using bench = new Bench(":memory:", at - MINUTE);
        const { dated, effects } = commands(bench);
        bench.scheduler.start();
        dated.accept(command("a", at));
        bench.clock.advance(MINUTE - 1);
        await settled();
        expect(effects()).toEqual([]);
        bench.clock.advance(1);
        await settled();
        expect(effects()).toEqual(["a prepared"]);
      }
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it("alert codes are those of GBCS", () => {
    expect([FUTURE_DATED_EXECUTED, FUTURE_DATED_FAILED]).toEqual([0x8f66, 0x8f67]);
  });
});
