import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MainsFile, type MainsFileSettings } from "../../../src/app/power/mains-file.ts";
import type { Mains } from "../../../src/app/power/power-state.ts";
import { ManualClock, SystemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-mains-"));
  path = join(folder, "value");
});
afterEach(() => rmSync(folder, { recursive: true }));

const SETTINGS = { present: /^1$/, lost: /^0$/, pollMs: 1_000, settleMs: 100 };

/** The file read by a clock that stands still between `look`s: only the interval is at work. */
function polled(change: Partial<MainsFileSettings> = {}) {
  const clock = new ManualClock();
  const told: Mains[] = [];
  const input = new MainsFile({ ...SETTINGS, path, ...change }, clock, silentLog);
  input.start((mains) => void told.push(mains));
  const look = async (ms: number) => {
    for (let left = ms; left >= 0; left -= 100) {
      clock.advance(left === ms ? 0 : 100);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  return { told, look, [Symbol.dispose]: () => input.stop() };
}

describe("mains input: a watched file", () => {
  it("tells the first reading and every change that holds", async () => {
    writeFileSync(path, "1\n");
    using input = polled();
    await input.look(300);
    writeFileSync(path, "0\n");
    await input.look(2_500);
    writeFileSync(path, "1\n");
    await input.look(2_500);
    expect(input.told).toEqual(["present", "lost", "present"]);
  });

  it("believes nothing that it has read only once", async () => {
    writeFileSync(path, "0");
    const clock = new ManualClock();
    const told: Mains[] = [];
    const input = new MainsFile({ ...SETTINGS, path }, clock, silentLog);
    input.start((mains) => void told.push(mains));
    clock.advance(SETTINGS.settleMs - 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toEqual([]);
    input.stop();
  });

  it.each([
    ["empty", ""],
    ["neither", "2"],
    ["too long", "1".repeat(100_000)],
    ["binary", "\0\xff\xfe1"],
  ])("a file that is %s says nothing of the mains", async (_what, text) => {
    writeFileSync(path, text);
    using input = polled();
    await input.look(500);
    expect(input.told).toEqual(["unknown"]);
  });

  it("a text that matches both patterns says nothing", async () => {
    writeFileSync(path, "OL OB");
    using input = polled({ present: /\bOL\b/, lost: /\bOB\b/ });
    await input.look(500);
    expect(input.told).toEqual(["unknown"]);
  });

  it("a UPS service's status file is read by its patterns", async () => {
    writeFileSync(path, "UPSNAME : hub\nSTATUS   : ONBATT\nBCHARGE : 97\n");
    using input = polled({ present: /^STATUS\s*:.*\bONLINE\b/m, lost: /^STATUS\s*:.*\bONBATT\b/m });
    await input.look(500);
    expect(input.told).toEqual(["lost"]);
  });

  it.each([
    ["is missing", () => {}],
    ["is a folder", () => mkdirSync(path)],
    ["is a pipe that nobody writes to", () => execFileSync("mkfifo", [path])],
    ["lies in a folder that is missing", () => (path = join(folder, "none", "value"))],
  ])("a file that %s neither throws nor holds anything up", async (_what, make) => {
    make();
    using input = polled();
    await input.look(500);
    expect(input.told).toEqual(["unknown"]);
  });

  it("a file that appears later is read", async () => {
    using input = polled();
    await input.look(500);
    writeFileSync(path, "1");
    await input.look(2_500);
    expect(input.told).toEqual(["unknown", "present"]);
  });

  it("is told of a change at once by the file system, also where the file is replaced", async () => {
    writeFileSync(path, "1");
    const told: Mains[] = [];
    let wake = () => {};
    // An interval that never comes: only the event can tell.
    const settings = { ...SETTINGS, path, settleMs: 5, pollMs: 1_000_000_000 };
    const input = new MainsFile(settings, new SystemClock(), silentLog);
    const until = async (count: number) => {
      while (told.length < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    input.start((mains) => {
      told.push(mains);
      wake();
    });
    // Timers of the system's clock keep no process alive; this one does.
    const alive = setInterval(() => {}, 1_000);
    await until(1);
    writeFileSync(path, "0");
    await until(2);
    writeFileSync(`${path}.new`, "1");
    renameSync(`${path}.new`, path);
    await until(3);
    clearInterval(alive);
    input.stop();
    expect(told).toEqual(["present", "lost", "present"]);
  });

  it("a file that is written all the time is read all the same", async () => {
    writeFileSync(path, "0");
    const told: Mains[] = [];
    const input = new MainsFile({ ...SETTINGS, path, settleMs: 50 }, new SystemClock(), silentLog);
    await new Promise<void>((resolve) => {
      // In place, so that no reading finds it empty.
      const writing = setInterval(() => writeFileSync(path, "0", { flag: "r+" }), 2);
      input.start((mains) => {
        told.push(mains);
        clearInterval(writing);
        resolve();
      });
    });
    input.stop();
    expect(told).toEqual(["lost"]);
  });
});
