import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder } from "../../src/base/folder.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-folder-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("makeFolder", () => {
  it("makes what is missing on the way, with its mode, and is content with what is there", () => {
    const path = join(folder, "a", "b", "c");
    makeFolder(path, 0o700);
    makeFolder(path, 0o755);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o700);
  });

  it("throws where a file stands on the way", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => makeFolder(join(folder, "file", "x"))).toThrow(/ENOTDIR/);
    expect(() => makeFolder(join(folder, "file"))).toThrow(/EEXIST/);
  });

  it.runIf(existsSync("/proc"))("throws in a file system that makes no folders, and does not hang", () => {
    expect(() => makeFolder("/proc/hanway/data")).toThrow();
  });
});
