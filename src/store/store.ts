import { backup, type DatabaseSync, type StatementSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import { closeDatabase, openDatabase, storeError } from "./file.ts";

/** Told of every outermost transaction, so that what is kept in memory can follow what is on the disk. */
export interface StoreWatcher {
  committed(): void;
  /** Something was undone: forget what was remembered since the last commit. */
  rolledBack(): void;
}

interface Work {
  readonly run: () => void;
  readonly settle: () => void;
  readonly reject: (error: unknown) => void;
}

/** Longest that work already waiting is gathered into one commit, in milliseconds. */
const GATHER_MS = 20;
/** Pages of 1,024 octets that a copy takes at a time: less than a millisecond of everybody's time. */
const COPY_PAGES = 512;

/**
 * The hub's one SQLite file: WAL, every commit on the disk before it returns. Synchronous, so nothing can come between
 * the statements of a transaction.
 */
export class Store implements Disposable {
  readonly path: string;
  /** Opened from a copy: what was stored after it was made is gone, though others may know of it. */
  readonly restored: boolean;
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #watchers = new Set<StoreWatcher>();
  #waiting: Work[] = [];
  #scheduled = false;
  #inside = false;
  #closed = false;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;

  /**
   * Opens or makes the file; `:memory:` keeps everything in memory. `restored`: the file was just put there from a copy.
   * Throws `store/corrupt`, `store/busy`, `store/failed`.
   */
  constructor(path: string, clock: Clock, restored = false) {
    this.path = path;
    this.restored = restored;
    this.#clock = clock;
    this.#database = openDatabase(path);
    this.#begin = this.#database.prepare("BEGIN IMMEDIATE");
    this.#commit = this.#database.prepare("COMMIT");
  }

  /**
   * Brings a room's tables up to date: step n of `steps` is run once in the life of a store, all in one transaction.
   * Throws `store/newer` where the store has seen more steps than are given.
   */
  migrate(room: string, steps: readonly string[]): void {
    this.transaction(() => {
      const row = this.prepare("SELECT version FROM store_schema WHERE room = ?").get(room);
      const version = Number(row?.version ?? 0);
      if (version > steps.length) {
        const detail = `${this.path}: its ${room} tables are of version ${version}, this hub knows ${steps.length}`;
        throw new HanwayError("store/newer", detail);
      }
      if (version === steps.length) return;
      for (const step of steps.slice(version)) this.#database.exec(step);
      this.prepare("INSERT OR REPLACE INTO store_schema VALUES (?, ?)").run(room, steps.length);
    });
  }

  prepare(sql: string): StatementSync {
    return this.#database.prepare(sql);
  }

  /** Writes a copy of one moment into an empty file, a piece at a time between which the store is used as ever. */
  async copyTo(path: string): Promise<void> {
    await backup(this.#database, path, { rate: COPY_PAGES });
  }

  watch(watcher: StoreWatcher): void {
    this.#watchers.add(watcher);
  }

  /** Whether a transaction is open, so that what is written now becomes durable with it. */
  get inTransaction(): boolean {
    return this.#inside;
  }

  /**
   * Runs `work` in one transaction: on the disk when this returns, undone when it throws. Joins a transaction that is
   * already open. `work` must not be asynchronous.
   */
  transaction<T>(work: () => T): T {
    if (this.#inside) return work();
    this.#run(this.#begin);
    this.#inside = true;
    let result: T;
    try {
      result = work();
      if (result instanceof Promise) throw new HanwayError("internal", "a transaction cannot wait");
      this.#run(this.#commit);
    } catch (error) {
      this.#rollBack();
      throw storeError(error, this.path);
    }
    this.#inside = false;
    for (const watcher of this.#watchers) watcher.committed();
    return result;
  }

  /**
   * Runs `work` in the next commit and resolves after it. An idle store commits at the end of this turn of the event
   * loop; what arrives while it commits shares the next one. Work that throws is undone alone and rejects; the others
   * may then run a second time after the rollback.
   */
  soon<T>(work: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new HanwayError("store/failed", `${this.path} is closed`));
    return new Promise<T>((resolve, reject) => {
      let result: { value: T } | undefined;
      const run = () => {
        result = { value: work() };
      };
      const settle = () => {
        if (result !== undefined) resolve(result.value);
      };
      this.#waiting.push({ run, settle, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#closed) this.#flush();
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    const until = this.#clock.elapsed() + GATHER_MS;
    let taken = 0;
    try {
      this.transaction(() => {
        for (const work of waiting) {
          if (taken > 0 && this.#clock.elapsed() > until) break;
          taken += 1;
          work.run();
        }
      });
      for (const work of waiting.slice(0, taken)) work.settle();
    } catch {
      // No savepoints: with one open, SQLite writes out even the pages that a deletion has emptied.
      for (const work of waiting.slice(0, taken)) this.#runAlone(work);
    }
    if (taken < waiting.length) this.#waiting = [...waiting.slice(taken), ...this.#waiting];
    if (this.#waiting.length > 0) this.#schedule();
  }

  #runAlone(work: Work): void {
    try {
      this.transaction(work.run);
      work.settle();
    } catch (error) {
      work.reject(error);
    }
  }

  #run(statement: StatementSync): void {
    try {
      statement.run();
    } catch (error) {
      throw storeError(error, this.path);
    }
  }

  #rollBack(): void {
    this.#inside = false;
    // A full disk or a broken file may have rolled back already.
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    for (const watcher of this.#watchers) watcher.rolledBack();
  }

  /** Commits what waits and closes the file. */
  close(): void {
    if (this.#closed) return;
    while (this.#waiting.length > 0) this.#flush();
    this.#closed = true;
    closeDatabase(this.#database);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
