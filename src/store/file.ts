import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { syncPath } from "../base/durable-file.ts";
import { HanwayError } from "../base/error.ts";
import { copyMade, copyPath } from "./copy-path.ts";

/** Set in every store's header (SQLite application id), "hway". */
const APPLICATION_ID = 0x68776179;
/**
 * Stands in the header (SQLite user version) while a process has the store open. From the moment it is in the file itself
 * there is a write-ahead log beside it until the store is closed: a marked file without one has lost what was in it.
 */
const OPEN = 1;
const USER_VERSION_AT = 60;
const MAGIC = "SQLite format 3\0";
/** How long a start waits for an earlier process to let go of the file, in milliseconds. */
const BUSY_MS = 1_000;

/**
 * Opens the database file, making it where there is none. Throws `store/corrupt`, `store/busy` or `store/failed`.
 *
 * An existing file is never replaced: a file that is cut off, emptied or overwritten holds keys and counters that must
 * not quietly start from nothing, so it stops the start. That is also why a new one is built aside and renamed into
 * place: an empty file is then always damage and never a first start that was interrupted.
 */
export function openDatabase(path: string): DatabaseSync {
  if (path === ":memory:") return prepareDatabase(new DatabaseSync(path));
  try {
    if (!existsSync(path)) createFile(path);
    checkHeader(path);
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      lockDatabase(database);
      checkDatabase(database, path);
      markOpen(database);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    const known = storeError(error, path);
    if (known instanceof HanwayError) throw known;
    const detail = error instanceof Error ? error.message : "cannot be opened";
    throw new HanwayError("store/failed", `${path}: ${detail}`, { cause: error });
  }
}

/** Closes it and takes the mark off. On a full disk it is left as a power cut would leave it. */
export function closeDatabase(database: DatabaseSync): void {
  try {
    database.exec("PRAGMA user_version = 0");
  } catch {
    return;
  }
  database.close();
}

function markOpen(database: DatabaseSync): void {
  if (database.prepare("PRAGMA user_version").get()?.user_version === OPEN) return;
  database.exec(`PRAGMA user_version = ${OPEN}`);
  // Not TRUNCATE, which would leave an empty log.
  database.exec("PRAGMA wal_checkpoint(PASSIVE)");
}

/** Takes the mark off a copy, which has no log and needs none. */
export function markClosed(path: string): void {
  const file = openSync(path, "r+");
  try {
    writeSync(file, Buffer.alloc(4), 0, 4, USER_VERSION_AT);
  } finally {
    closeSync(file);
  }
}

function createFile(path: string): void {
  if (hasLog(path)) {
    throw damaged(path, "the file is gone but its write-ahead log is there");
  }
  const aside = `${path}.new`;
  for (const rest of [aside, `${aside}-wal`, `${aside}-shm`]) rmSync(rest, { force: true });
  // Keys lie in it: nobody else may read it, and SQLite gives its side files the same mode.
  closeSync(openSync(aside, "wx", 0o600));
  prepareDatabase(new DatabaseSync(aside)).close();
  syncPath(aside);
  renameSync(aside, path);
  syncPath(dirname(path));
}

function prepareDatabase(database: DatabaseSync): DatabaseSync {
  // A commit writes every page it touched: small pages keep small commits cheap on flash.
  database.exec("PRAGMA page_size = 1024");
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  database.exec(
    "CREATE TABLE store_schema (room TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  );
  lockDatabase(database);
  return database;
}

/** WAL with FULL: a commit is on the disk when it returns. The lock is taken now and kept: one process, one store. */
function lockDatabase(database: DatabaseSync): void {
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  // Pages: 4 MB. The queues use the same pages again and again; the longer the log, the fewer of them are copied.
  database.exec("PRAGMA wal_autocheckpoint = 4096");
  database.exec("PRAGMA journal_size_limit = 16777216");
  database.exec("BEGIN IMMEDIATE; COMMIT");
}

function checkHeader(path: string): void {
  const header = Buffer.alloc(100);
  const file = openSync(path, "r");
  try {
    if (readSync(file, header) < header.length) throw damaged(path, "the file is cut off");
  } finally {
    closeSync(file);
  }
  if (header.toString("latin1", 0, MAGIC.length) !== MAGIC) throw damaged(path, "it is no SQLite file");
  if (header.readUInt32BE(USER_VERSION_AT) === OPEN && !hasLog(path))
    throw damaged(path, "its write-ahead log is gone or empty, and what was stored last with it");
}

function hasLog(path: string): boolean {
  return existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0;
}

function checkDatabase(database: DatabaseSync, path: string): void {
  const fault = faultOf(database);
  if (fault !== undefined) throw damaged(path, fault);
}

/** Why an open database is no whole store; undefined where it is one. */
export function faultOf(database: DatabaseSync): string | undefined {
  const owner = database.prepare("PRAGMA application_id").get()?.application_id;
  if (owner !== APPLICATION_ID) return "it is the database of another program";
  const verdict = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  return verdict === "ok" ? undefined : "its pages do not fit together";
}

function damaged(path: string, detail: string): HanwayError {
  const made = copyMade(path);
  const advice =
    made === undefined
      ? "put a backup in its place, or move it away to start as a new hub"
      : `its last good copy is ${copyPath(path)} of ${made}: start once with hub.restoreOnCorrupt = true to go on with that, or move the file away to start as a new hub`;
  return new HanwayError("store/corrupt", `${path}: ${detail}; ${advice}`);
}

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** An error that SQLite threw, as one of the `store/…` errors; any other error as it is. Values never get into it. */
export function storeError(error: unknown, path: string): unknown {
  if (!(error instanceof Error && "errcode" in error && typeof error.errcode === "number")) return error;
  const primary = error.errcode & 0xff;
  if (primary === SQLITE_BUSY) {
    return new HanwayError("store/busy", `${path}: another hub runs on it`, { cause: error });
  }
  if (primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB) return damaged(path, error.message);
  return new HanwayError("store/failed", `${path}: ${error.message}`, { cause: error });
}
