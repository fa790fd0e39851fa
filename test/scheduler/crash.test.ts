import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const CHILD = fileURLToPath(new URL("crash-child.ts", import.meta.url));
const ROUNDS = 6;

/** Runs the child to its end and returns the lines it wrote. */
async function run(folder: string, args: readonly string[]): Promise<string[]> {
  const said = join(folder, "said");
  const child = spawn(process.execPath, [CHILD, said, join(folder, "hub.db"), ...args], { stdio: "inherit" });
  const end = await new Promise((ended) => child.once("exit", (code, signal) => ended(signal ?? code)));
  // Draining meets the jobs that ended earlier runs, and may be ended by them too.
  if (!args.includes("drain")) expect(end).toBe("SIGKILL");
  return end === "SIGKILL" && args.includes("drain") ? run(folder, args) : linesOf(said);
}

function linesOf(path: string): string[] {
  return readFileSync(path, "utf8").split("\n").slice(0, -1);
}

describe("scheduler: the hub is killed at any point (kill -9)", () => {
  it.each([1, 2])(
    "seed %i: every Command accepted takes effect once and is told of once",
    async (seed) => {
      const folder = mkdtempSync(join(tmpdir(), "hanway-jobs-"));
      const accepted: string[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const lines = await run(folder, [String(seed * 100 + round), String(round * 10_000 + 1)]);
        accepted.push(...lines.map((line) => line.replace("accepted ", "")));
      }
      const lines = await run(folder, ["0", "0", "drain"]);
      const of = (table: string) =>
        lines.filter((line) => line.startsWith(table)).map((line) => line.split(" ")[1] ?? "");
      const effects = of("effect");
      expect(accepted.length).toBeGreaterThan(ROUNDS);
      expect(new Set(effects).size).toBe(effects.length);
      expect(accepted.filter((n) => !effects.includes(n))).toEqual([]);
      expect(of("alert").toSorted()).toEqual(effects.toSorted());
      rmSync(folder, { recursive: true });
    },
    60_000,
  );
});
