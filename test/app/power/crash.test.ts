import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const CHILD = fileURLToPath(new URL("crash-child.ts", import.meta.url));

interface Told {
  mains: string;
  lostAt: string | null;
  lastOutage: { lostAt: string; alertedAt: string | null } | null;
}

/** Runs the child until it has told something that fits, kills it (SIGKILL), and returns that. */
async function killedAfter(folder: string, fits: (told: Told) => boolean): Promise<Told> {
  const said = join(folder, "said");
  rmSync(said, { force: true });
  const child = spawn(process.execPath, [CHILD, said, join(folder, "hub.db"), join(folder, "value")], {
    stdio: "inherit",
  });
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
  let found: Told | undefined;
  while (found === undefined && child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const lines = existsSync(said) ? readFileSync(said, "utf8").split("\n").slice(0, -1) : [];
    found = lines.map((line): Told => JSON.parse(line)).find(fits);
  }
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
});
