import type { StatementSync } from "node:sqlite";
import { Eui64 } from "../base/eui64.ts";
import { blob, integer, text } from "../store/row.ts";
import type { Store } from "../store/store.ts";

/** Steps of the tables, never changed once released. Counters are text: SQLite's integers end at 63 bits. */
const STEPS = [
  `CREATE TABLE chf_anchor (
     role INTEGER NOT NULL,
     key_usage INTEGER NOT NULL,
     certificate BLOB NOT NULL,
     PRIMARY KEY (role, key_usage)
   ) STRICT;
   CREATE TABLE chf_counter (role INTEGER PRIMARY KEY, counter TEXT NOT NULL) STRICT;
   CREATE TABLE chf_fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
   CREATE TABLE chf_log (
     position INTEGER PRIMARY KEY AUTOINCREMENT,
     log TEXT NOT NULL,
     time INTEGER NOT NULL,
     code INTEGER NOT NULL,
     info BLOB NOT NULL
   ) STRICT;
   CREATE INDEX chf_log_by_log ON chf_log (log, position);
   CREATE TABLE chf_join_window (
     eui64 TEXT PRIMARY KEY,
     phase TEXT NOT NULL,
     ends_at INTEGER NOT NULL,
     then_seconds INTEGER NOT NULL
   ) STRICT;`,
];

export type LogName = "event" | "security";

/** One entry of a log: seconds since 2000-01-01, a code of Table 16.2 and, in the event log, what goes with it. */
export interface LogEntry {
  readonly time: number;
  readonly code: number;
  readonly info: Uint8Array;
}

export interface Anchor {
  /** Remote Party Role. */
  readonly role: number;
  /** Mask of `KEY_USAGE`. */
  readonly keyUsage: number;
  /** DER. */
  readonly certificate: Uint8Array;
}

/** One device's join window (see `join-window.ts`); times are Unix milliseconds. */
export interface WindowRow {
  readonly eui64: Eui64;
  readonly phase: "historic-key" | "start-key";
  readonly endsAt: number;
  /** Seconds of install-code joining after the historic key's turn. */
  readonly thenSeconds: number;
}

/** The tables of the Communications Hub Function. Everything joins the store transaction that is open. */
export class ChfRepository {
  readonly store: Store;
  readonly #statements = new Map<string, StatementSync>();

  constructor(store: Store) {
    this.store = store;
    store.migrate("chf", STEPS);
  }

  anchors(): Anchor[] {
    return this.#all("SELECT * FROM chf_anchor ORDER BY role, key_usage").map((row) => ({
      role: integer(row, "role"),
      keyUsage: integer(row, "key_usage"),
      certificate: blob(row, "certificate"),
    }));
  }

  replaceAnchors(anchors: readonly Anchor[]): void {
    this.#run("DELETE FROM chf_anchor");
    for (const { role, keyUsage, certificate } of anchors) {
      this.#run("INSERT INTO chf_anchor VALUES (?, ?, ?)", role, keyUsage, certificate);
    }
  }

  /** Puts a certificate into one cell. */
  replaceAnchor({ role, keyUsage, certificate }: Anchor): void {
    this.#run("INSERT OR REPLACE INTO chf_anchor VALUES (?, ?, ?)", role, keyUsage, certificate);
  }

  /** Last counter accepted from the party in a role; undefined before the first. */
  counter(role: number): bigint | undefined {
    const [row] = this.#all("SELECT counter FROM chf_counter WHERE role = ?", role);
    return row === undefined ? undefined : BigInt(text(row, "counter"));
  }

  setCounter(role: number, counter: bigint): void {
    this.#run("INSERT OR REPLACE INTO chf_counter VALUES (?, ?)", role, counter.toString());
  }

  fact(name: string): string | undefined {
    const [row] = this.#all("SELECT value FROM chf_fact WHERE name = ?", name);
    return row === undefined ? undefined : text(row, "value");
  }

  setFact(name: string, value: string): void {
    this.#run("INSERT OR REPLACE INTO chf_fact VALUES (?, ?)", name, value);
  }

  /** Adds an entry; beyond `limit` the oldest of the same log go. */
  append(log: LogName, { time, code, info }: LogEntry, limit: number): void {
    this.#run("INSERT INTO chf_log (log, time, code, info) VALUES (?, ?, ?, ?)", log, time, code, info);
    this.#run(
      `DELETE FROM chf_log WHERE log = ? AND position <=
         (SELECT position FROM chf_log WHERE log = ? ORDER BY position DESC LIMIT 1 OFFSET ?)`,
      log,
      log,
      limit,
    );
  }

  /** Entries with `from` <= time <= `to`, oldest first. */
  entries(log: LogName, from: number, to: number): LogEntry[] {
    const sql = "SELECT * FROM chf_log WHERE log = ? AND time BETWEEN ? AND ? ORDER BY time, position";
    return this.#all(sql, log, from, to).map((row) => ({
      time: integer(row, "time"),
      code: integer(row, "code"),
      info: blob(row, "info"),
    }));
  }

  clearLogs(): void {
    this.#run("DELETE FROM chf_log");
  }

  windows(): WindowRow[] {
    return this.#all("SELECT * FROM chf_join_window").map((row) => ({
      eui64: Eui64(text(row, "eui64")),
      phase: text(row, "phase") === "historic-key" ? "historic-key" : "start-key",
      endsAt: integer(row, "ends_at"),
      thenSeconds: integer(row, "then_seconds"),
    }));
  }

  putWindow({ eui64, phase, endsAt, thenSeconds }: WindowRow): void {
    this.#run(
      "INSERT OR REPLACE INTO chf_join_window VALUES (?, ?, ?, ?)",
      eui64,
      phase,
      endsAt,
      thenSeconds,
    );
  }

  removeWindow(eui64: Eui64): void {
    this.#run("DELETE FROM chf_join_window WHERE eui64 = ?", eui64);
  }

  #all(sql: string, ...values: (string | number)[]) {
    return this.#statement(sql).all(...values);
  }

  #run(sql: string, ...values: (string | number | Uint8Array)[]): void {
    this.#statement(sql).run(...values);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.store.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
