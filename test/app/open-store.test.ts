import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/app/config.ts";
import { openStore } from "../../src/app/open-store.ts";
import { SystemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { makeCopy } from "../../src/store/last-copy.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-open-store-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (dataDir: string, more = "") =>
  openStore(
    parseConfig(`[hub]
chf = "00db1234567890a2"
dataDir = "${dataDir}"
${more}
[radio]
port = "/dev/ttyUSB0"
[[wan.broker]]
url = "mqtt://127.0.0.1"
`),
    new SystemClock(),
    silentLog,
  );

/** A store that was in use, and its copy; the store's own file is gone. */
async function lost(): Promise<string> {
  const store = open(folder);
  store.migrate("test", ["CREATE TABLE kept (what TEXT)"]);
  store.prepare("INSERT INTO kept VALUES ('a key')").run();
  await makeCopy(store);
  store.close();
  rmSync(store.path);
  return store.path;
}

describe("the hub's store at a start", () => {
  it("whose file is gone while its copy is there: a clear stop, and nothing is made", async () => {
    const path = await lost();
    expect(() => open(folder)).toThrow(/store is damaged: .*the file is gone; its last good copy is of 20/);
    expect(existsSync(path)).toBe(false);
  });

  it("the copy is gone on with where the settings say so", async () => {
    await lost();
    const store = open(folder, "restoreOnCorrupt = true");
    expect(store.prepare("SELECT what FROM kept").get()).toEqual({ what: "a key" });
    expect(store.restored).toBe(true);
    store.close();
  });

  it("with the copy moved away as well it is a new hub", async () => {
    const path = await lost();
    renameSync(`${path}.copy`, join(folder, "elsewhere"));
    open(folder).close();
    expect(statSync(path).size).toBeGreaterThan(0);
  });

  it("a folder that cannot be written to is refused by its setting, before anything is tried", () => {
    expect(() => open("/proc/self")).toThrow(expect.objectContaining({ field: "hub.dataDir" }));
    expect(readdirSync(folder)).toEqual([]);
  });
});
