import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/app/config.ts";
import { openStore } from "../../src/app/open-store.ts";
import { ManualClock, SystemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { copyPath } from "../../src/store/copy-path.ts";
import { LastCopy, makeCopy, restoreCopy } from "../../src/store/last-copy.ts";
import { Store } from "../../src/store/store.ts";
import { OUTBOX_LIMITS, Outbox } from "../../src/wan/outbox.ts";
import { ownFolder } from "../own-folder.ts";

const folder = ownFolder();
let path: string;
beforeEach(() => {
  path = folder("hub.sqlite");
});

const TABLE = ["CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"];
const open = (at = path) => {
  const store = new Store(at, new ManualClock());
  store.migrate("t", TABLE);
  return store;
};
const rows = (store: Store) => Number(store.prepare("SELECT count(*) AS n FROM t").get()?.n);
const add = (store: Store, count: number) =>
  store.transaction(() => {
    for (let n = 0; n < count; n++)
      store.prepare("INSERT INTO t (text) VALUES (?)").run(`${n} ${"x".repeat(500)}`);
  });

function config(restoreOnCorrupt: boolean) {
  return parseConfig(`[hub]\nchf = "00db1234567890a2"\ndataDir = ${JSON.stringify(folder())}
restoreOnCorrupt = ${restoreOnCorrupt}\n[radio]\nport = "tcp://127.0.0.1:1"\n[[wan.broker]]\nurl = "mqtt://b"\n`);
}

describe("the last good copy of a store", () => {
  it("is of one moment, while the store goes on being written", async () => {
    using store = open();
    add(store, 5_000);
    const copying = makeCopy(store);
    let at = rows(store);
    const before = at;
    while (!existsSync(copyPath(path))) {
      add(store, 10);
      at = rows(store);
      await new Promise((turn) => setImmediate(turn));
    }
    await copying;
    restoreInto("other.sqlite");
    using other = open(folder("other.sqlite"));
    expect(rows(other)).toBeGreaterThanOrEqual(before);
    expect(rows(other)).toBeLessThanOrEqual(at);
    expect(rows(other) % 10).toBe(0);
  });

  it("is nobody else's to read and leaves nothing beside it", async () => {
    using store = open();
    await makeCopy(store);
    expect(statSync(copyPath(path)).mode & 0o077).toBe(0);
    expect(readdirSync(folder()).filter((name) => name.includes("copy"))).toEqual(["hub.sqlite.copy"]);
  });

  it("stays as it is when a new one cannot be made", async () => {
    using store = open();
    await makeCopy(store);
    const before = readFileSync(copyPath(path));
    add(store, 100);
    chmodSync(folder(), 0o500);
    try {
      if (process.getuid?.() !== 0) {
        await expect(makeCopy(store)).rejects.toThrow(expect.objectContaining({ code: "store/failed" }));
      }
    } finally {
      chmodSync(folder(), 0o700);
    }
    expect(readFileSync(copyPath(path)).subarray(0, 16)).toEqual(before.subarray(0, 16));
  });

  it("is made at the start and then so often", async () => {
    const clock = new ManualClock();
    using store = open();
    const copies = new LastCopy(store, 1_000, { clock, log: silentLog });
    copies.start();
    await expect.poll(() => clock.nextDue()).toBe(1_000);
    rmSync(copyPath(path));
    clock.advance(1_000);
    await expect.poll(() => existsSync(copyPath(path))).toBe(true);
    await copies.stop();
    expect(clock.nextDue()).toBeUndefined();
  });

  function restoreInto(name: string): void {
    const other = folder(name);
    writeFileSync(copyPath(other), readFileSync(copyPath(path)));
    restoreCopy(other, new Date(0));
  }
});

describe("a damaged store", () => {
  async function damaged(): Promise<Buffer> {
    const store = open();
    add(store, 200);
    await makeCopy(store);
    add(store, 300);
    store.close();
    truncateSync(path, 4096 * 5);
    return readFileSync(path);
  }

  it("stops the start with a sentence that names its copy and what to do; nothing is touched", async () => {
    const before = await damaged();
    const start = () => openStore(config(false), new SystemClock(), silentLog);
    expect(start).toThrow(expect.objectContaining({ code: "store/corrupt" }));
    expect(start).toThrow(/hub\.sqlite\.copy of \d{4}-.*hub\.restoreOnCorrupt = true/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("gives way to its copy where the settings say so, and is kept", async () => {
    const before = await damaged();
    const said: string[] = [];
    const log = { ...silentLog, error: (_fields: object, sentence: string) => said.push(sentence) };
    using store = openStore(config(true), new SystemClock(), log);
    expect(rows(store)).toBe(200);
    expect(store.restored).toBe(true);
    expect(said).toEqual([expect.stringContaining("goes on with its copy of")]);
    const kept = readdirSync(folder()).find((name) => name.includes("damaged")) ?? "";
    expect(readFileSync(folder(kept)).equals(before)).toBe(true);
  });

  it.each([
    ["no copy", () => rmSync(copyPath(path))],
    ["a damaged copy", () => truncateSync(copyPath(path), 4096 * 3)],
    ["an empty copy", () => truncateSync(copyPath(path), 0)],
    ["a copy that is something else", () => writeFileSync(copyPath(path), "no database ".repeat(400))],
  ])("with %s stops the start also then; nothing is touched", async (_what, spoil) => {
    const before = await damaged();
    spoil();
    expect(() => openStore(config(true), new SystemClock(), silentLog)).toThrow(
      expect.objectContaining({ code: "store/corrupt" }),
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("a number that the WAN may have seen is not given again after a restart from the copy", async () => {
    const clock = new ManualClock();
    const send = (store: Store) => {
      const outbox = new Outbox(store, clock, OUTBOX_LIMITS);
      return store.transaction(() => {
        outbox.put("response", "00db1234567890a0", Uint8Array.of(1));
        return outbox.take(1)[0]?.seq ?? 0;
      });
    };
    const store = open();
    const first = send(store);
    await makeCopy(store);
    const second = send(store);
    store.close();
    restoreCopy(path, new Date(0));
    using restored = new Store(path, clock, true);
    expect([first, second, send(restored) > second]).toEqual([1, 2, true]);
  });
});
