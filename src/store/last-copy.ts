import { closeSync, copyFileSync, existsSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { Clock, Timer } from "../base/clock.ts";
import { syncPath } from "../base/durable-file.ts";
import { HanwayError } from "../base/error.ts";
import type { Log } from "../base/log.ts";
import { copyPath } from "./copy-path.ts";
import { faultOf, markClosed } from "./file.ts";
import type { Store } from "./store.ts";

/** Makes a copy of the store now and then: of one moment, checked, and put in the earlier one's place in one step. */
export class LastCopy {
  readonly #store: Store;
  readonly #everyMs: number;
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  /** `everyMs`: 0 makes none. */
  constructor(store: Store, everyMs: number, ports: { clock: Clock; log: Log }) {
    this.#store = store;
    this.#everyMs = everyMs;
    this.#clock = ports.clock;
    this.#log = ports.log;
  }

  /** The first copy is made at once. */
  start(): void {
    if (this.#everyMs > 0 && this.#store.path !== ":memory:") this.#again();
  }

  /** Resolves when a copy under way is done: only then may the store be closed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #again(): void {
    this.#running = this.#make().then(() => {
      if (!this.#stopped) this.#timer = this.#clock.after(this.#everyMs, () => this.#again());
    });
  }

  async #make(): Promise<void> {
    try {
      await makeCopy(this.#store);
    } catch (error) {
      this.#log.error({ err: error }, "no copy of the store could be made; the earlier one stays");
    }
  }
}

/** Copies the store while it is in use. The earlier copy stays when anything fails. Throws `store/failed`. */
export async function makeCopy(store: Store): Promise<void> {
  const path = copyPath(store.path);
  const aside = `${path}.new`;
  try {
    removeDatabase(aside);
    closeSync(openSync(aside, "wx", 0o600));
    await store.copyTo(aside);
    markClosed(aside);
    const verdict = checkCopy(aside);
    if (verdict !== undefined) throw new HanwayError("store/failed", `${aside}: ${verdict}`);
    syncPath(aside);
    renameSync(aside, path);
    syncPath(dirname(path));
  } catch (cause) {
    removeDatabase(aside);
    if (cause instanceof HanwayError) throw cause;
    const detail = cause instanceof Error ? cause.message : "cannot be written";
    throw new HanwayError("store/failed", `${aside}: ${detail}`, { cause });
  }
}

/**
 * Puts the last good copy in the place of a damaged store, which is moved aside under the name returned. Throws
 * `store/corrupt` where there is no copy or it is damaged as well; nothing is touched then.
 */
export function restoreCopy(store: string, at: Date): string {
  const copy = copyPath(store);
  const verdict = existsSync(copy) ? checkCopy(copy) : "there is no such file";
  if (verdict !== undefined) {
    throw new HanwayError(
      "store/corrupt",
      `${store} is damaged, and its last copy ${copy} is of no use: ${verdict}`,
    );
  }
  const aside = `${store}.new`;
  removeDatabase(aside);
  copyFileSync(copy, aside);
  syncPath(aside);
  const damaged = `${store}.damaged-${at.toISOString().replaceAll(/[:.]/g, "-")}`;
  // The log first: beside the restored file it would be taken for its own.
  for (const rest of ["-wal", "-shm", ""]) {
    if (existsSync(`${store}${rest}`)) renameSync(`${store}${rest}`, `${damaged}${rest}`);
  }
  renameSync(aside, store);
  syncPath(dirname(store));
  return damaged;
}

/** What is wrong with a database file that nobody has open; undefined for nothing. */
function checkCopy(path: string): string | undefined {
  try {
    // A file that nobody changes needs no log or lock beside it.
    const url = pathToFileURL(path);
    url.searchParams.set("immutable", "1");
    const database = new DatabaseSync(url, { readOnly: true });
    try {
      return faultOf(database);
    } finally {
      database.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message : "it cannot be read";
  }
}

function removeDatabase(path: string): void {
  for (const rest of ["", "-wal", "-shm", "-journal"]) rmSync(`${path}${rest}`, { force: true });
}
