import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SystemClock } from "../../../src/base/clock.ts";
import { Store } from "../../../src/store/store.ts";
import { testKeystore } from "../../chf/pki.ts";
import { supplyHub } from "./supply-hub.ts";

const CHILD = fileURLToPath(new URL("crash-child.ts", import.meta.url));

interface Told {
  mains: string;
  lostAt: string | null;
  alert: object | null;
  lastOutage: { lostAt: string; alertedAt: string | null } | null;
}

/** Runs the child until it has told something that fits, kills it (SIGKILL) `ms` later, and returns that. */
async function killedAfter(
  folder: string,
  fits: (told: Told) => boolean,
  { alertMs, ms = 0 }: { alertMs?: number; ms?: number } = {},
): Promise<Told> {
  const said = join(folder, "said");
  rmSync(said, { force: true });
  const args = [
    CHILD,
    said,
    join(folder, "hub.db"),
    join(folder, "value"),
    ...(alertMs === undefined ? [] : [`${alertMs}`]),
  ];
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
  let found: Told | undefined;
  while (found === undefined && child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const lines = existsSync(said) ? readFileSync(said, "utf8").split("\n").slice(0, -1) : [];
    found = lines.map((line): Told => JSON.parse(line)).find(fits);
  }
  await new Promise((resolve) => setTimeout(resolve, ms));
  child.kill("SIGKILL");
  expect(await ended).toBe("SIGKILL");
  if (found === undefined) throw new Error("the child told nothing that fits");
  return found;
}

describe("A9.6: the hub's own supply ends at any moment of an outage (kill -9)", () => {
  it("what it told of the loss is what the next start knows, and the return ends that outage", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hanway-power-crash-"));
    const value = join(folder, "value");
    writeFileSync(value, "1");
    await killedAfter(folder, (told) => told.mains === "present");
    writeFileSync(value, "0");
    const lost = await killedAfter(folder, (told) => told.mains === "lost");
    const again = await killedAfter(folder, (told) => told.mains === "lost");
    expect(again.lostAt).toBe(lost.lostAt);
    writeFileSync(value, "1");
    const back = await killedAfter(folder, (told) => told.mains === "present");
    expect(back.lastOutage).toMatchObject({ lostAt: lost.lostAt, alertedAt: null });
    const later = await killedAfter(folder, (told) => told.mains === "present");
    expect(later.lostAt).toBeNull();
    expect(later.lastOutage).toEqual(back.lastOutage);
    rmSync(folder, { recursive: true });
  }, 60_000);

  it("killed around the alert again and again: one alert in the outbox, one 0x8F57 in the event log", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hanway-power-crash-"));
    writeFileSync(join(folder, "value"), "0");
    // The time runs on while the hub is away: an alert that is due after the start comes at once.
    const alertMs = 2_500;
    for (let round = 0; round < 4; round++) {
      await killedAfter(folder, (told) => told.mains === "lost", { alertMs, ms: round * 2 });
    }
    await killedAfter(folder, (told) => told.alert !== null, { alertMs });
    await killedAfter(folder, (told) => told.mains === "lost", { alertMs, ms: 50 });
    const clock = new SystemClock();
    using store = new Store(join(folder, "hub.db"), clock);
    const { log, alerts } = supplyHub({ store, clock, keystore: testKeystore() });
    expect(log().map(([code]) => code)).toEqual([0x8f57]);
    expect(alerts()).toHaveLength(1);
    rmSync(folder, { recursive: true });
  }, 120_000);
});
