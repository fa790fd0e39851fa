import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import { makeFolder } from "../base/folder.ts";
import type { Log } from "../base/log.ts";
import { copyMade } from "../store/copy-path.ts";
import { restoreCopy } from "../store/last-copy.ts";
import { Store } from "../store/store.ts";
import type { HubConfig } from "./config.ts";

/**
 * Opens the hub's store in its data folder. A damaged one stops the start with `store/corrupt`, or gives way to its last
 * good copy where the settings say so.
 */
export function openStore({ hub }: HubConfig, clock: Clock, log: Log): Store {
  try {
    makeFolder(hub.dataDir, 0o700);
    accessSync(hub.dataDir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new HanwayError("config/invalid", `the folder ${hub.dataDir} cannot be made or written to`, {
      field: "hub.dataDir",
      cause,
    });
  }
  const path = join(hub.dataDir, "hub.sqlite");
  try {
    checkNotLost(path);
    return new Store(path, clock);
  } catch (error) {
    const damaged = error instanceof HanwayError && error.code === "store/corrupt";
    if (!damaged || !hub.restoreOnCorrupt) throw error;
    const made = copyMade(path);
    const kept = restoreCopy(path, new Date(clock.now()));
    log.error({ err: error, kept }, `the store was damaged; the hub goes on with its copy of ${made}`);
    return new Store(path, clock, true);
  }
}

/** A copy without its store is what is left of one: to start from nothing would lose keys and counters unseen. */
function checkNotLost(path: string): void {
  const made = existsSync(path) ? undefined : copyMade(path);
  if (made === undefined) return;
  const advice = `its last good copy is of ${made}: start once with hub.restoreOnCorrupt = true to go on with that, or move the copy away to start as a new hub`;
  throw new HanwayError("store/corrupt", `${path}: the file is gone; ${advice}`);
}
