import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { HanwayProcess } from "./run-hanway.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = join(mkdtempSync(join(tmpdir(), "hanway-places-")), "a folder, 100 % \u00e9 #1's");
  for (const part of ["src", "bin", "package.json"]) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
});
afterAll(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

describe("hanway in a folder whose name holds spaces and signs", () => {
  it("starts its hub as a process of its own", async () => {
    const args = ["demo", "--fault", "power-cut"];
    await using demo = new HanwayProcess(args, { launcher: join(folder, "bin", "hanway.mjs") });
    await demo.says(/the hub is process \d+/);
  });
});
