import {
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { HanwayError } from "../../src/base/error.ts";
import { Store } from "../../src/store/store.ts";
import { ownFolder } from "../own-folder.ts";

const folder = ownFolder();
let path: string;
beforeEach(() => {
  path = folder("hub.db");
});

const open = () => new Store(path, new ManualClock());
const TABLE = ["CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"];

function filled(rows = 1): Store {
  const store = open();
  store.migrate("t", TABLE);
  const insert = store.prepare("INSERT INTO t (text) VALUES (?)");
  store.transaction(() => {
    for (let n = 0; n < rows; n++) insert.run("x".repeat(500));
  });
  return store;
}

const count = (store: Store) => store.prepare("SELECT count(*) AS n FROM t").get()?.n;

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof HanwayError ? error.code : `not a HanwayError: ${error}`;
  }
  return "nothing thrown";
}

describe("store: transactions", () => {
  it("what was committed is there after a reopening", () => {
    filled(3).close();
    using store = open();
    expect(count(store)).toBe(3);
  });

  it("a transaction that throws leaves nothing behind", () => {
    using store = filled();
    const insert = store.prepare("INSERT INTO t (text) VALUES ('y')");
    const fails = () =>
      store.transaction(() => {
        insert.run();
        throw new HanwayError("internal", "on purpose");
      });
    expect(codeOf(fails)).toBe("internal");
    expect(count(store)).toBe(1);
    expect(store.inTransaction).toBe(false);
  });

  it("a transaction inside another is undone with it", () => {
    using store = filled();
    const insert = store.prepare("INSERT INTO t (text) VALUES ('y')");
    const fails = () =>
      store.transaction(() => {
        store.transaction(() => insert.run());
        throw new HanwayError("internal", "on purpose");
      });
    expect(codeOf(fails)).toBe("internal");
    expect(count(store)).toBe(1);
  });

  it("refuses a transaction that would wait", () => {
    using store = filled();
    expect(codeOf(() => store.transaction(async () => 1))).toBe("internal");
  });

  it("an SQL fault comes out as store/failed without the values", () => {
    using store = filled();
    const insert = store.prepare("INSERT INTO t (n, text) VALUES (1, 'a secret')");
    let message = "";
    try {
      store.transaction(() => insert.run());
    } catch (error) {
      if (error instanceof HanwayError) message = `${error.code} ${error.message}`;
    }
    expect(message).toMatch(/^store\/failed /);
    expect(message).not.toContain("a secret");
  });

  it("work that arrives in one turn shares one commit", async () => {
    using store = filled();
    let commits = 0;
    store.watch({
      committed: () => {
        commits += 1;
      },
      rolledBack: () => {},
    });
    const insert = store.prepare("INSERT INTO t (text) VALUES ('y')");
    await Promise.all([1, 2, 3].map(() => store.soon(() => insert.run())));
    expect([commits, count(store)]).toEqual([1, 4]);
  });

  it("work that fails is undone alone", async () => {
    using store = filled();
    const insert = store.prepare("INSERT INTO t (text) VALUES ('y')");
    const all = await Promise.allSettled([
      store.soon(() => Number(insert.run().changes)),
      store.soon(() => {
        insert.run();
        throw new HanwayError("internal", "on purpose");
      }),
      store.soon(() => Number(insert.run().changes)),
    ]);
    expect(all.map((one) => one.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(count(store)).toBe(3);
  });

  it("closing commits what still waits", async () => {
    const store = filled();
    const insert = store.prepare("INSERT INTO t (text) VALUES ('y')");
    const done = store.soon(() => insert.run());
    store.close();
    await done;
    using again = open();
    expect(count(again)).toBe(2);
  });
});

describe("store: migrations", () => {
  it("runs each step once", () => {
    filled().close();
    using store = open();
    store.migrate("t", [...TABLE, "ALTER TABLE t ADD COLUMN more INTEGER NOT NULL DEFAULT 7"]);
    store.migrate("t", [...TABLE, "ALTER TABLE t ADD COLUMN more INTEGER NOT NULL DEFAULT 7"]);
    expect(store.prepare("SELECT more FROM t").get()?.more).toBe(7);
  });

  it("a step that fails leaves the tables as they were", () => {
    using store = filled();
    expect(codeOf(() => store.migrate("t", [...TABLE, "CREATE TABLE u (n); CREATE TABLE t (n)"]))).toBe(
      "store/failed",
    );
    expect(codeOf(() => store.prepare("SELECT * FROM u"))).not.toBe("nothing thrown");
    expect(count(store)).toBe(1);
  });

  it("a store of a newer version is refused", () => {
    filled().close();
    using store = open();
    expect(codeOf(() => store.migrate("t", []))).toBe("store/newer");
  });
});

describe("store: a damaged file stops the start and is never replaced", () => {
  const damages: [string, () => void][] = [
    ["emptied", () => truncateSync(path, 0)],
    ["cut in its header", () => truncateSync(path, 60)],
    ["cut in the middle", () => truncateSync(path, 4096 * 5)],
    [
      "overwritten with something else",
      () => writeFileSync(path, "no database, but long enough for one ".repeat(200)),
    ],
    [
      "hit in its pages",
      () => {
        const bytes = readFileSync(path);
        bytes.fill(0xff, 4096, 4096 * 6);
        writeFileSync(path, bytes);
      },
    ],
  ];
  it.each(damages)("%s", (_name, damage) => {
    filled(200).close();
    damage();
    const before = readFileSync(path);
    expect(codeOf(open)).toBe("store/corrupt");
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("gone, with its write-ahead log left", () => {
    writeFileSync(`${path}-wal`, "frames");
    expect(codeOf(open)).toBe("store/corrupt");
  });

  describe("after a kill", () => {
    let left: string;
    /** What a process leaves that is killed with the store open: the file and its log, as they are at that moment. */
    const killed = (rows: number) => {
      const store = filled(rows);
      left = folder("left.db");
      for (const rest of ["", "-wal"]) copyFileSync(`${path}${rest}`, `${left}${rest}`);
      store.close();
    };
    const openLeft = () => new Store(left, new ManualClock());

    it("what was committed is there, again and again", () => {
      killed(3);
      for (let n = 0; n < 2; n++) {
        const store = openLeft();
        expect(count(store)).toBe(3);
        store.close();
      }
    });

    it.each([0, 1, 20_000])("without its write-ahead log it is damaged, not empty (%i rows)", (rows) => {
      killed(rows);
      rmSync(`${left}-wal`);
      expect(codeOf(openLeft)).toBe("store/corrupt");
      expect(codeOf(openLeft)).toBe("store/corrupt");
    });

    it("with an emptied write-ahead log it is damaged, not empty", () => {
      killed(1);
      truncateSync(`${left}-wal`, 0);
      expect(codeOf(openLeft)).toBe("store/corrupt");
    });

    it("closed in order, it needs no log", () => {
      filled(2).close();
      expect(readdirSync(folder())).toEqual(["hub.db"]);
      expect(count(open())).toBe(2);
    });
  });

  it("a database of another program is not taken over", () => {
    filled().close();
    const bytes = readFileSync(path);
    bytes.writeUInt32BE(1, 68);
    writeFileSync(path, bytes);
    expect(codeOf(open)).toBe("store/corrupt");
  });

  it("leftovers of a first start that was interrupted do no harm", () => {
    writeFileSync(`${path}.new`, "half a file");
    open().close();
    expect(readdirSync(folder())).toEqual(["hub.db"]);
  });

  it("a folder that is not there is a plain failure", () => {
    expect(codeOf(() => new Store(folder("none", "hub.db"), new ManualClock()))).toBe("store/failed");
  });
});

describe("store: one owner", () => {
  it("a second opening is refused while the first is there", () => {
    using _store = open();
    expect(codeOf(open)).toBe("store/busy");
  });

  it("nobody else may read the file", () => {
    using store = filled();
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(statSync(`${path}-wal`).mode & 0o077).toBe(0);
    expect(store.inTransaction).toBe(false);
  });
});
