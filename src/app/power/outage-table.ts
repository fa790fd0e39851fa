import type { SQLOutputValue, StatementSync } from "node:sqlite";
import { integer } from "../../store/row.ts";
import type { Store } from "../../store/store.ts";
import type { Outage, PastOutage, PowerState } from "./power-state.ts";

const TABLES = [
  // Row 1 is the outage under way, row 2 the last one that is over; 0 for a time that has not come.
  `CREATE TABLE power_outage (n INTEGER PRIMARY KEY, lost_at INTEGER NOT NULL, alerted_at INTEGER NOT NULL,
   back_at INTEGER NOT NULL) STRICT`,
];

const UNDER_WAY = 1;
const LAST = 2;

/** The outages on disk: a hub whose hold-up energy runs out knows after the start since when it was without mains. */
export class OutageTable {
  readonly #get: StatementSync;
  readonly #set: StatementSync;
  readonly #remove: StatementSync;

  constructor(store: Store) {
    store.migrate("power", TABLES);
    this.#get = store.prepare("SELECT lost_at, alerted_at, back_at FROM power_outage WHERE n = ?");
    this.#set = store.prepare("INSERT OR REPLACE INTO power_outage VALUES (?, ?, ?, ?)");
    this.#remove = store.prepare("DELETE FROM power_outage WHERE n = ?");
  }

  load(): { outage: Outage | undefined; last: PastOutage | undefined } {
    const underWay = this.#get.get(UNDER_WAY);
    const last = this.#get.get(LAST);
    return {
      outage: underWay === undefined ? undefined : outage(underWay),
      last: last === undefined ? undefined : { ...outage(last), backAt: integer(last, "back_at") },
    };
  }

  save({ outage, last }: PowerState): void {
    if (outage === undefined) this.#remove.run(UNDER_WAY);
    else this.#set.run(UNDER_WAY, outage.lostAt, outage.alertedAt ?? 0, 0);
    if (last !== undefined) this.#set.run(LAST, last.lostAt, last.alertedAt ?? 0, last.backAt);
  }
}

function outage(row: Record<string, SQLOutputValue>): Outage {
  const alertedAt = integer(row, "alerted_at");
  return { lostAt: integer(row, "lost_at"), alertedAt: alertedAt === 0 ? undefined : alertedAt };
}
