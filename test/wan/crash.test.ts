import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { BASE, ESME, FarEnd, startAedes } from "./bench.ts";

const CHILD = fileURLToPath(new URL("crash-child.ts", import.meta.url));
const ROUNDS = 8;

/** Runs the child to its end and returns the lines it wrote. */
async function run(folder: string, args: readonly string[]): Promise<string[]> {
  const said = join(folder, "said");
  const child = spawn(process.execPath, [CHILD, said, join(folder, "hub.db"), ...args], { stdio: "inherit" });
  const end = await new Promise((ended) => child.once("exit", (code, signal) => ended(signal ?? code)));
  expect(end).toBe(args.includes("drain") ? 0 : "SIGKILL");
  return readFileSync(said, "utf8").split("\n").slice(0, -1);
}

describe("nothing lost: the hub is killed at any point (kill -9)", () => {
  it.each([1, 2])(
    "seed %i: what was called safe arrives, a number is never used twice, no downlink is lost",
    async (seed) => {
      const folder = mkdtempSync(join(tmpdir(), "hanway-crash-"));
      await using broker = await startAedes();
      await using far = await FarEnd.connect(broker.url);
      const safe: number[] = [];
      const offered: string[] = [];
      let next = 1;
      // A broker keeps messages only for a hub that it has met.
      await run(folder, [broker.url, "0", "0", "drain"]);
      for (let round = 0; round < ROUNDS; round++) {
        const lines = run(folder, [broker.url, String(seed * 1_000 + round), String(next)]);
        for (let n = 0; n < 5; n++) {
          const message = `${seed}-${round}-${n}`;
          offered.push(message);
          await far.down(ESME, message, Buffer.from(message));
        }
        for (const line of await lines) {
          const [outcome, n] = line.split(" ");
          expect(outcome).toBe("safe");
          safe.push(Number(n));
        }
        next = Math.max(next, ...safe.map((n) => n + 1)) + 4;
      }
      const left = await run(folder, [broker.url, "0", "0", "drain"]);
      // The farewell comes after everything else, so all is heard when it is.
      await far.until(
        () => far.states().at(-1)?.online === false && far.on("state").at(-1) === far.heard.at(-1),
      );

      const bySeq = new Map<number, string>();
      for (const one of far.on(`up/${ESME}`)) {
        const seq = Number(one.topic.split("/").at(-1));
        const text = one.payload.toString();
        expect(bySeq.get(seq) ?? text).toBe(text);
        bySeq.set(seq, text);
      }
      const heard = new Set(bySeq.values());
      expect(safe.length).toBeGreaterThan(ROUNDS);
      expect(safe.filter((n) => !heard.has(`message ${n}`))).toEqual([]);
      expect(heard.has("never committed")).toBe(false);
      expect(heard.size).toBe(bySeq.size);
      expect([...bySeq.keys()].sort((a, b) => a - b)).toEqual(
        Array.from({ length: bySeq.size }, (_, n) => n + 1),
      );

      const inbox = left.map((line) => line.replace("inbox ", ""));
      expect(inbox.sort()).toEqual(offered.sort());
      for (const message of offered) {
        expect(far.on(`receipt/${message}`).map((one) => one.topic)).toContain(`${BASE}/receipt/${message}`);
        expect(far.receipts(message)[0]?.stage).toBe("stored");
      }
      rmSync(folder, { recursive: true });
    },
    60_000,
  );
});
