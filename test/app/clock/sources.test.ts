import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SyncCommand, SyncFile, trustedMachine } from "../../../src/app/clock/sources.ts";
import { ManualClock } from "../../../src/base/clock.ts";

const TEN = Date.UTC(2026, 6, 1, 10, 0, 0);
const HOUR = 3_600_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-sources-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("time source: a file touched at each synchronisation", () => {
  const reading = (touched: number | undefined) => {
    const path = join(folder, "synchronized");
    if (touched !== undefined) {
      writeFileSync(path, "");
      utimesSync(path, touched / 1_000, touched / 1_000);
    }
    return new SyncFile(path, 2 * HOUR, new ManualClock(TEN)).read();
  };

  it.each([
    ["absent", undefined, { state: "unsynchronised" }],
    ["fresh", TEN - HOUR, { state: "synchronised", agoMs: HOUR }],
    ["of this moment, by a clock a little ahead", TEN + 1_000, { state: "synchronised", agoMs: 0 }],
    ["too old", TEN - 2 * HOUR - 1, { state: "unsynchronised" }],
    ["from the future", TEN + HOUR, { state: "unknown", reason: "the file is from the future" }],
  ])("%s", async (_what, touched, expected) => {
    expect(await reading(touched)).toEqual(expected);
  });

  it("under a path that is none", async () => {
    writeFileSync(join(folder, "file"), "");
    const source = new SyncFile(join(folder, "file", "below"), HOUR, new ManualClock(TEN));
    expect(await source.read()).toMatchObject({ state: "unknown" });
  });
});

describe("time source: a command", () => {
  const command = (script: string) => {
    const path = join(folder, "command");
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return new SyncCommand([path, "show"], /^yes$/).read();
  };

  it.each([
    ["says yes", "echo yes", { state: "synchronised", agoMs: 0 }],
    ["says no", "echo no", { state: "unsynchronised" }],
    ["says something else", "echo 'yes, perhaps'", { state: "unsynchronised" }],
    ["says nothing", "true", { state: "unsynchronised" }],
    ["says yes and fails", "echo yes; exit 1", { state: "unknown", reason: "the command failed" }],
    ["talks without end", "yes", { state: "unknown", reason: "the command failed" }],
  ])("that %s", async (_what, script, expected) => {
    expect(await command(script)).toEqual(expected);
  });

  it("that is not there", async () => {
    const reading = await new SyncCommand([join(folder, "none")], /^yes$/).read();
    expect(reading).toEqual({ state: "unknown", reason: "the command failed" });
  });
});

describe("time source: the machine, trusted", () => {
  it("always vouches", async () => {
    expect(await trustedMachine.read()).toEqual({ state: "synchronised", agoMs: 0 });
  });
});
