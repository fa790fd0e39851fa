import type { StatementSync } from "node:sqlite";
import type { Store } from "../store/store.ts";

/** Lanes of the outbox, first served first. Receipts come after Responses and before routine alerts. */
export const OUTBOX_LANES = ["power-security", "response", "receipt", "alert"] as const;
export type OutboxLane = (typeof OUTBOX_LANES)[number];

/** What a stored message is reckoned to cost beside its payload, in octets. */
export const ROW_OCTETS = 64;

/** One lane: its statements, and what is remembered of its table. */
export interface Lane {
  readonly name: OutboxLane;
  readonly insert: StatementSync;
  readonly following: StatementSync;
  readonly depart: StatementSync;
  readonly departed: StatementSync;
  /** A message that has not departed, by its place. */
  readonly drop: StatementSync;
  /** A message that has arrived, by its place and key. */
  readonly arrive: StatementSync;
  readonly newest: StatementSync;
  readonly measure: StatementSync;
  count: number;
  octets: number;
  dropped: number;
  /** Highest place given so far, and highest place that has departed: those before it have departed as well. */
  last: number;
  gone: number;
}

/** Every lane has its own table: rows are only ever added at its end and taken at its front, so pages fill and empty whole. */
const table = (lane: OutboxLane) => `wan_out_${lane.replace("-", "_")}`;

/**
 * Departure key and number are stored with this added, so that SQLite gives them six octets always: when a message
 * departs, its row is then overwritten where it lies, and of a long payload nothing is written again.
 */
const WIDE = 2 ** 40;
export const wide = (value: number) => value + WIDE;
export const narrow = (value: number) => value - WIDE;

const columns = `n INTEGER PRIMARY KEY, key INTEGER NOT NULL, seq INTEGER NOT NULL, name TEXT NOT NULL,
   at INTEGER NOT NULL, payload BLOB NOT NULL`;

export const OUTBOX_TABLES = [
  [
    ...OUTBOX_LANES.map(
      (lane) =>
        `CREATE TABLE ${table(lane)} (n INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL, payload BLOB NOT NULL) STRICT`,
    ),
    "CREATE TABLE wan_departed (key INTEGER PRIMARY KEY, lane TEXT NOT NULL, n INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT",
    "CREATE TABLE wan_seq (device TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE wan_dropped (lane TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE wan_running (one INTEGER PRIMARY KEY, ms INTEGER NOT NULL) STRICT",
  ].join(";"),
  // A message's departure in its own row: a commit then touches fewer pages.
  [
    ...OUTBOX_LANES.map(
      (lane) => `ALTER TABLE ${table(lane)} RENAME TO wan_old;
       CREATE TABLE ${table(lane)} (${columns}) STRICT;
       INSERT INTO ${table(lane)}
         SELECT o.n, ${WIDE} + coalesce(d.key, 0), ${WIDE} + coalesce(d.seq, 0), o.name, o.at, o.payload
         FROM wan_old o LEFT JOIN wan_departed d ON d.lane = '${lane}' AND d.n = o.n;
       DROP TABLE wan_old`,
    ),
    "DROP TABLE wan_departed",
  ].join(";"),
];

export function makeLane(store: Store, name: OutboxLane): Lane {
  const rows = table(name);
  const waits = `key = ${WIDE}`;
  return {
    name,
    insert: store.prepare(`INSERT INTO ${rows} VALUES (?, ${WIDE}, ${WIDE}, ?, ?, ?)`),
    following: store.prepare(`SELECT n, name, at, payload FROM ${rows} WHERE n > ? ORDER BY n LIMIT ?`),
    depart: store.prepare(`UPDATE ${rows} SET key = ?, seq = ? WHERE n = ?`),
    departed: store.prepare(`SELECT n, key, seq, name, payload FROM ${rows} WHERE n <= ? ORDER BY n`),
    drop: store.prepare(`DELETE FROM ${rows} WHERE n = ?`),
    arrive: store.prepare(`DELETE FROM ${rows} WHERE n = ? AND key = ?`),
    newest: store.prepare(`SELECT at, name, payload FROM ${rows} ORDER BY n DESC LIMIT ?`),
    measure: store.prepare(
      `SELECT count(*) AS count, coalesce(sum(length(payload) + :row), 0) AS octets,
       coalesce((SELECT n FROM ${rows} WHERE ${waits} ORDER BY n LIMIT 1) - 1, max(n), 0) AS gone,
       coalesce(max(n), 0) AS last,
       coalesce((SELECT count FROM wan_dropped WHERE lane = :lane), 0) AS dropped FROM ${rows}`,
    ),
    count: 0,
    octets: 0,
    dropped: 0,
    last: 0,
    gone: 0,
  };
}
