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
  readonly remove: StatementSync;
  readonly newest: StatementSync;
  readonly measure: StatementSync;
  count: number;
  octets: number;
  dropped: number;
  /** Highest place given so far, and highest place that has departed. */
  last: number;
  departed: number;
}

/** Every lane has its own table: rows are only ever added at its end and taken at its front, so pages fill and empty whole. */
const table = (lane: OutboxLane) => `wan_out_${lane.replace("-", "_")}`;

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
];

export function makeLane(store: Store, name: OutboxLane): Lane {
  const rows = table(name);
  return {
    name,
    insert: store.prepare(`INSERT INTO ${rows} VALUES (?, ?, ?, ?)`),
    following: store.prepare(`SELECT n, name, at, payload FROM ${rows} WHERE n > ? ORDER BY n LIMIT ?`),
    remove: store.prepare(`DELETE FROM ${rows} WHERE n = ?`),
    newest: store.prepare(`SELECT at FROM ${rows} ORDER BY n DESC LIMIT 1`),
    measure: store.prepare(
      `SELECT count(*) AS count, coalesce(sum(length(payload) + :row), 0) AS octets,
       max(coalesce((SELECT max(n) FROM wan_departed WHERE lane = :lane), 0), coalesce(min(n), 1) - 1) AS departed,
       max(coalesce((SELECT max(n) FROM wan_departed WHERE lane = :lane), 0), coalesce(max(n), 0)) AS last,
       coalesce((SELECT count FROM wan_dropped WHERE lane = :lane), 0) AS dropped FROM ${rows}`,
    ),
    count: 0,
    octets: 0,
    dropped: 0,
    last: 0,
    departed: 0,
  };
}
