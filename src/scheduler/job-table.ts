import type { StatementSync } from "node:sqlite";
import { blob, integer, text } from "../store/row.ts";
import type { Store } from "../store/store.ts";

/** Something to do at a time; kind and key together name it. */
export interface Job {
  readonly kind: string;
  readonly key: string;
  /** Unix milliseconds, UTC; stays as it was set when an attempt has failed. */
  readonly due: number;
  readonly payload: Uint8Array;
}

/** A stored job; `place` is never used for another one, `attempts` counts those that failed, `starts` those of the hub that met it. */
export interface StoredJob extends Job {
  readonly place: number;
  readonly attempts: number;
  readonly starts: number;
  /** When it is to be tried next, Unix milliseconds. */
  readonly next: number;
}

const TABLES = [
  [
    `CREATE TABLE scheduler_job (n INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL,
     due INTEGER NOT NULL, next INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
     starts INTEGER NOT NULL DEFAULT 0, payload BLOB NOT NULL, UNIQUE (kind, key)) STRICT`,
    "CREATE INDEX scheduler_job_next ON scheduler_job (kind, next, n)",
  ].join(";"),
];

/** The jobs on disk. What is written outside a transaction of the store is a commit of its own. */
export class JobTable {
  readonly #insert: StatementSync;
  readonly #remove: StatementSync;
  readonly #cancel: StatementSync;
  readonly #first: StatementSync;
  readonly #postpone: StatementSync;
  readonly #start: StatementSync;
  readonly #count: StatementSync;
  readonly #kinds: StatementSync;
  readonly #find: StatementSync;
  readonly #ofKind: StatementSync;

  constructor(store: Store) {
    store.migrate("scheduler", TABLES);
    const all = "SELECT n, kind, key, due, next, attempts, starts, payload FROM scheduler_job";
    this.#insert = store.prepare(
      "INSERT INTO scheduler_job (kind, key, due, next, payload) VALUES (?, ?, ?, ?, ?)",
    );
    this.#remove = store.prepare("DELETE FROM scheduler_job WHERE n = ?");
    this.#cancel = store.prepare("DELETE FROM scheduler_job WHERE kind = ? AND key = ?");
    this.#first = store.prepare(`${all} WHERE kind = ? ORDER BY next, n LIMIT 1`);
    this.#postpone = store.prepare("UPDATE scheduler_job SET attempts = attempts + 1, next = ? WHERE n = ?");
    this.#start = store.prepare("UPDATE scheduler_job SET starts = ?, next = ? WHERE n = ?");
    this.#count = store.prepare("SELECT count(*) AS count FROM scheduler_job");
    this.#kinds = store.prepare("SELECT kind, count(*) AS count FROM scheduler_job GROUP BY kind");
    this.#find = store.prepare(`${all} WHERE kind = ? AND key = ?`);
    this.#ofKind = store.prepare(`${all} WHERE kind = ? ORDER BY next, n`);
  }

  insert(job: Job): void {
    this.#insert.run(job.kind, job.key, job.due, job.due, job.payload);
  }

  /** Whether it was there. */
  remove(place: number): boolean {
    return this.#remove.run(place).changes === 1;
  }

  /** Whether there was one. */
  cancel(kind: string, key: string): boolean {
    return this.#cancel.run(kind, key).changes === 1;
  }

  /** The job of a kind to be tried first. */
  first(kind: string): StoredJob | undefined {
    const row = this.#first.get(kind);
    return row === undefined ? undefined : stored(row);
  }

  find(kind: string, key: string): StoredJob | undefined {
    const row = this.#find.get(kind, key);
    return row === undefined ? undefined : stored(row);
  }

  ofKind(kind: string): StoredJob[] {
    return this.#ofKind.all(kind).map(stored);
  }

  /** Counts a failed attempt and sets when to try again. */
  postpone(place: number, next: number): void {
    this.#postpone.run(next, place);
  }

  /** Notes how many starts a job has met and sets when to try it. */
  countStart(place: number, starts: number, next: number): void {
    this.#start.run(starts, next, place);
  }

  count(): number {
    return integer(this.#count.get(), "count");
  }

  counts(): Map<string, number> {
    return new Map(this.#kinds.all().map((row) => [text(row, "kind"), integer(row, "count")]));
  }
}

function stored(row: Parameters<typeof integer>[0]): StoredJob {
  return {
    place: integer(row, "n"),
    kind: text(row, "kind"),
    key: text(row, "key"),
    due: integer(row, "due"),
    next: integer(row, "next"),
    attempts: integer(row, "attempts"),
    starts: integer(row, "starts"),
    payload: blob(row, "payload"),
  };
}
