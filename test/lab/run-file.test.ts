import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HanwayError } from "../../src/base/error.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { isTenant } from "../../src/base/wan-topic.ts";
import { type RunFile, readRunFile, runFilePath, writeRunFile } from "../../src/lab/run-file.ts";

let folder = "";
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "hanway-run-file-")), "run");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

function run(pid = process.pid): RunFile {
  const tenant = "demo";
  if (!isTenant(tenant)) throw new Error("a tenant");
  const hub = Eui64("02fa17e0000000a2");
  const devices = [{ eui64: Eui64("02fa17e0000000a0"), type: "esme", transferSize: 1_500 }];
  return { pid, broker: "mqtt://127.0.0.1:1", tenant, hub, keys: "/nowhere", devices };
}

describe("the run file of a demo", () => {
  it("is read as it was written, by this user alone, and gone afterwards", () => {
    {
      using _file = writeRunFile(run(), folder);
      expect(readRunFile(folder)).toEqual(run());
      expect(statSync(runFilePath(folder)).mode & 0o777).toBe(0o600);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    }
    expect(readRunFile(folder)).toBeUndefined();
  });

  it("does not stand for a demo that has died", () => {
    writeRunFile(run(0x3fff_ffff), folder);
    expect(readRunFile(folder)).toBeUndefined();
  });

  it("is not taken where others could have written it, or where it is no run file", () => {
    writeRunFile(run(), folder);
    chmodSync(runFilePath(folder), 0o666);
    expect(readRunFile(folder)).toBeUndefined();
    for (const text of [
      "",
      "{}",
      JSON.stringify({ ...run(), hub: "x" }),
      JSON.stringify({ ...run(), devices: [1] }),
    ]) {
      writeFileSync(runFilePath(folder), text);
      chmodSync(runFilePath(folder), 0o600);
      expect(readRunFile(folder)).toBeUndefined();
    }
  });

  it("is not written into a folder that others may write to", () => {
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    expect(() => writeRunFile(run(), folder)).toThrow(HanwayError);
  });

  it("of a later demo stays when the earlier one ends", () => {
    const earlier = writeRunFile(run(1), folder);
    using _later = writeRunFile(run(), folder);
    earlier[Symbol.dispose]();
    expect(readRunFile(folder)?.pid).toBe(process.pid);
  });
});
