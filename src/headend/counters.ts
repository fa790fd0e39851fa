import { chmodSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import { makePrivateFolder } from "./files.ts";

/** Gives each party its Originator Counters. */
export interface Counters {
  /** A counter that this party has never used before and that is above all it has used. */
  next(party: Eui64, kind?: CounterKind): bigint;
}

/** Prepayment top-ups count on their own, in steps that leave the low 32 bits zero. */
export type CounterKind = "management" | "prepayment";

export const COUNTERS_FILE = "counters.db";
const MAX_COUNTER = 0x7fff_ffff_ffff_ffffn;
const PREPAYMENT_STEP = 1n << 32n;

/**
 * Originator Counters in a file that is safe before a counter is used, also with several head-ends at work in one
 * folder at a time: SQLite with every transaction synced. A party's first counter comes from the time of day, so that a
 * lost file brings no used counter back.
 */
export class CounterFile implements Counters, Disposable {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  private constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Opens or makes the file in a folder. Throws `config/unreadable`. */
  static open(folder: string, clock: Clock): CounterFile {
    makePrivateFolder(folder);
    const path = join(folder, COUNTERS_FILE);
    return attempt(path, () => {
      const db = new DatabaseSync(path, { timeout: 10_000 });
      chmodSync(path, 0o600);
      db.exec("PRAGMA synchronous = FULL");
      db.exec(
        "CREATE TABLE IF NOT EXISTS counter (party TEXT, kind TEXT, last INTEGER, PRIMARY KEY (party, kind)) STRICT",
      );
      return new CounterFile(db, clock);
    });
  }

  next(party: Eui64, kind: CounterKind = "management"): bigint {
    return attempt("the counter file", () => {
      this.#db.exec("BEGIN IMMEDIATE");
      try {
        const value = this.#after(this.#last(party, kind), kind);
        if (value > MAX_COUNTER)
          throw new HanwayError("headend/value", "the counters are used up", { field: "counter" });
        this.#db
          .prepare("INSERT INTO counter VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last")
          .run(party, kind, value);
        this.#db.exec("COMMIT");
        return value;
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
        throw error;
      }
    });
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #last(party: Eui64, kind: CounterKind): bigint | undefined {
    const query = this.#db.prepare("SELECT last FROM counter WHERE party = ? AND kind = ?");
    query.setReadBigInts(true);
    const last = query.get(party, kind)?.last;
    return typeof last === "bigint" ? last : undefined;
  }

  #after(last: bigint | undefined, kind: CounterKind): bigint {
    const now = BigInt(Math.max(1, Math.floor(this.#clock.now())));
    if (kind === "management") return last === undefined ? now : last + 1n;
    return last === undefined ? (now / 1000n) * PREPAYMENT_STEP : last + PREPAYMENT_STEP;
  }
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof HanwayError) throw cause;
    throw new HanwayError("config/unreadable", `${path} cannot be used for counters`, { cause });
  }
}
