import type { SQLOutputValue, StatementSync } from "node:sqlite";
import { Eui64 } from "../../base/eui64.ts";
import { blob, text } from "../../store/row.ts";
import type { Store } from "../../store/store.ts";
import { type DeviceLogEntry, type HistoricEntry, logKindNamed } from "./entry.ts";

/** Steps of the tables, never changed once released. Positions keep the order in which devices came. */
const STEPS = [
  `CREATE TABLE device_log (
     position INTEGER PRIMARY KEY AUTOINCREMENT,
     eui64 TEXT NOT NULL UNIQUE,
     kind TEXT,
     start_key BLOB,
     start_key_from TEXT,
     link_key BLOB,
     key_hash BLOB,
     restored INTEGER NOT NULL,
     last_communication INTEGER,
     average_rssi REAL,
     average_lqi REAL
   ) STRICT;
   CREATE TABLE historic_device_log (
     position INTEGER PRIMARY KEY AUTOINCREMENT,
     eui64 TEXT NOT NULL UNIQUE,
     link_key BLOB,
     key_hash BLOB NOT NULL
   ) STRICT;
   CREATE TABLE device_log_network (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
   CREATE TABLE local_pairing (eui64 TEXT PRIMARY KEY) STRICT;`,
];

export interface SavedFigures {
  readonly lastCommunication: number;
  readonly rssi: number;
  readonly lqi: number;
}

type Row = Record<string, SQLOutputValue>;

/** The tables of the CHF Device Log and the Historic Device Log. Only rows; what they mean is the log's business. */
export class DeviceLogRepository {
  readonly store: Store;
  readonly #statements = new Map<string, StatementSync>();

  constructor(store: Store) {
    this.store = store;
    store.migrate("device-log", STEPS);
  }

  entries(): DeviceLogEntry[] {
    return this.#all("SELECT * FROM device_log ORDER BY position").map(entryOf);
  }

  /** Adds an entry at the end, or writes over that of the same device in its place. */
  put(entry: DeviceLogEntry): void {
    this.#run(
      `INSERT INTO device_log (eui64, kind, start_key, start_key_from, link_key, key_hash, restored)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (eui64) DO UPDATE SET kind = excluded.kind, start_key = excluded.start_key,
         start_key_from = excluded.start_key_from, link_key = excluded.link_key, key_hash = excluded.key_hash,
         restored = excluded.restored`,
      entry.eui64,
      entry.kind ?? null,
      entry.startKey?.key ?? null,
      entry.startKey?.from ?? null,
      entry.linkKey ?? null,
      entry.keyHash ?? null,
      entry.restored ? 1 : 0,
    );
  }

  remove(eui64: Eui64): void {
    this.#run("DELETE FROM device_log WHERE eui64 = ?", eui64);
  }

  clear(): void {
    this.#run("DELETE FROM device_log");
  }

  historic(): HistoricEntry[] {
    return this.#all("SELECT * FROM historic_device_log ORDER BY position").map((row) => ({
      eui64: Eui64(text(row, "eui64")),
      linkKey: optionalBlob(row, "link_key"),
      keyHash: blob(row, "key_hash"),
    }));
  }

  /** Adds at the end or updates in place; beyond `limit` entries the oldest go. */
  putHistoric(entry: HistoricEntry, limit: number): void {
    this.#run(
      `INSERT INTO historic_device_log (eui64, link_key, key_hash) VALUES (?, ?, ?)
       ON CONFLICT (eui64) DO UPDATE SET link_key = excluded.link_key, key_hash = excluded.key_hash`,
      entry.eui64,
      entry.linkKey ?? null,
      entry.keyHash,
    );
    this.#run(
      `DELETE FROM historic_device_log WHERE position NOT IN
         (SELECT position FROM historic_device_log ORDER BY position DESC LIMIT ?)`,
      limit,
    );
  }

  clearHistoric(): void {
    this.#run("DELETE FROM historic_device_log");
  }

  figures(): Map<Eui64, SavedFigures> {
    const found = new Map<Eui64, SavedFigures>();
    const rows = this.#all("SELECT * FROM device_log WHERE last_communication IS NOT NULL");
    for (const row of rows) {
      found.set(Eui64(text(row, "eui64")), {
        lastCommunication: Number(row.last_communication),
        rssi: Number(row.average_rssi),
        lqi: Number(row.average_lqi),
      });
    }
    return found;
  }

  saveFigures(eui64: Eui64, { lastCommunication, rssi, lqi }: SavedFigures): void {
    this.#run(
      "UPDATE device_log SET last_communication = ?, average_rssi = ?, average_lqi = ? WHERE eui64 = ?",
      lastCommunication,
      rssi,
      lqi,
      eui64,
    );
  }

  extendedPanId(): Eui64 | undefined {
    const [row] = this.#all("SELECT value FROM device_log_network WHERE name = 'extendedPanId'");
    return row === undefined ? undefined : Eui64(text(row, "value"));
  }

  setExtendedPanId(value: Eui64): void {
    this.#run("INSERT OR REPLACE INTO device_log_network VALUES ('extendedPanId', ?)", value);
  }

  /** Notes a device as paired by the configuration; false where it was before. */
  pairedOnce(eui64: Eui64): boolean {
    return this.#run("INSERT OR IGNORE INTO local_pairing VALUES (?)", eui64) > 0;
  }

  #all(sql: string): Row[] {
    return this.#statement(sql).all();
  }

  #run(sql: string, ...values: (string | number | Uint8Array | null)[]): number {
    return Number(this.#statement(sql).run(...values).changes);
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

function entryOf(row: Row): DeviceLogEntry {
  const key = optionalBlob(row, "start_key");
  const from = row.start_key_from === "restored-hash" ? "restored-hash" : "install-code";
  return {
    eui64: Eui64(text(row, "eui64")),
    kind: row.kind === null ? undefined : logKindNamed(text(row, "kind")),
    startKey: key === undefined ? undefined : { key, from },
    linkKey: optionalBlob(row, "link_key"),
    keyHash: optionalBlob(row, "key_hash"),
    restored: row.restored === 1,
  };
}

function optionalBlob(row: Row, column: string): Uint8Array | undefined {
  return row[column] === null ? undefined : blob(row, column);
}
