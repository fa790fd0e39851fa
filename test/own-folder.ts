import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";

/** A folder for each test of a file or suite, removed behind it. Gives its path, or that of a name in it, to a test. */
export function ownFolder(): (...names: string[]) => string {
  let folder: string | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hanway-test-"));
  });
  afterEach(() => rmSync(folder ?? "", { recursive: true, force: true }));
  return (...names) => {
    if (folder === undefined) throw new Error("there is a folder only while a test runs");
    return join(folder, ...names);
  };
}
