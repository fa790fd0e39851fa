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
  } catch (cause) {
    throw new HanwayError("config/invalid", `the folder ${hub.dataDir} cannot be made or used`, {
      field: "hub.dataDir",
      cause,
    });
  }
  const path = join(hub.dataDir, "hub.sqlite");
  try {
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
