import type { StatementSync } from "node:sqlite";
import type { Eui64 } from "../base/eui64.ts";
import type { Downlink } from "../base/uplink.ts";
import type { MessageId } from "../base/wan-topic.ts";
import { blob, integer, text } from "../store/row.ts";
import type { Store } from "../store/store.ts";

export interface InboxLimits {
  /** Messages waiting to be dealt with; more are refused, so it must hold what gathers at a broker over an outage. */
  count: number;
  /** Message ids remembered to know a repetition by, the oldest forgotten first. */
  remembered: number;
  /**
   * Starts of the hub, each ended out of order, that a message may be first in its line for: one that stops the hub every
   * time is given up.
   */
  starts: number;
}

export const INBOX_LIMITS: InboxLimits = { count: 5_000, remembered: 20_000, starts: 5 };

/** A stored downlink; `place` is its order of arrival. */
export interface Arrived extends Downlink {
  readonly place: number;
}

const INBOX_TABLES = [
  [
    `CREATE TABLE wan_inbox (n INTEGER PRIMARY KEY, id TEXT NOT NULL, device TEXT NOT NULL, payload BLOB NOT NULL,
     starts INTEGER NOT NULL DEFAULT 0) STRICT`,
    "CREATE INDEX wan_inbox_device ON wan_inbox (device, n)",
    "CREATE TABLE wan_seen (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT",
  ].join(";"),
];

/** Messages from the WAN on disk. Every method that writes must be called inside a transaction of the store. */
export class Inbox {
  readonly #limits: InboxLimits;
  readonly #known: StatementSync;
  readonly #remember: StatementSync;
  readonly #forget: StatementSync;
  readonly #count: StatementSync;
  readonly #insert: StatementSync;
  readonly #remove: StatementSync;
  readonly #fronts: StatementSync;
  readonly #get: StatementSync;
  readonly #countStart: StatementSync;
  readonly #outworn: StatementSync;
  readonly #forgive: StatementSync;

  constructor(store: Store, limits: InboxLimits) {
    this.#limits = limits;
    store.migrate("wan-inbox", INBOX_TABLES);
    this.#known = store.prepare("SELECT 1 FROM wan_seen WHERE id = ?");
    this.#remember = store.prepare("INSERT INTO wan_seen (id) VALUES (?)");
    this.#forget = store.prepare("DELETE FROM wan_seen WHERE n <= ?");
    this.#count = store.prepare("SELECT count(*) AS count FROM wan_inbox");
    this.#insert = store.prepare("INSERT INTO wan_inbox (id, device, payload) VALUES (?, ?, ?)");
    this.#remove = store.prepare("DELETE FROM wan_inbox WHERE n = ?");
    this.#fronts = store.prepare("SELECT min(n) AS n, device FROM wan_inbox GROUP BY device ORDER BY 1");
    this.#get = store.prepare("SELECT n, id, device, payload FROM wan_inbox WHERE n = ?");
    this.#countStart = store.prepare(
      "UPDATE wan_inbox SET starts = starts + 1 WHERE n IN (SELECT min(n) FROM wan_inbox GROUP BY device)",
    );
    this.#outworn = store.prepare("SELECT n, id, device, payload FROM wan_inbox WHERE starts > ?");
    this.#forgive = store.prepare("UPDATE wan_inbox SET starts = 0 WHERE starts > 0");
  }

  /** Takes one message. A `duplicate` has an id seen before, whatever became of that one; `full` takes nothing. */
  put(downlink: Downlink): "stored" | "duplicate" | "full" {
    if (this.#known.get(downlink.id) !== undefined) return "duplicate";
    if (this.count() >= this.#limits.count) return "full";
    const remembered = this.#remember.run(downlink.id);
    this.#forget.run(Number(remembered.lastInsertRowid) - this.#limits.remembered);
    this.#insert.run(downlink.id, downlink.device, downlink.payload);
    return "stored";
  }

  count(): number {
    return integer(this.#count.get(), "count");
  }

  /** The oldest message of every device but the busy ones, oldest first. */
  fronts(busy: ReadonlySet<Eui64>): Arrived[] {
    const places = this.#fronts.all().filter((row) => !busy.has(text(row, "device") as Eui64));
    return places.flatMap((row) => this.#get.all(integer(row, "n")).map(arrived));
  }

  /** It has been dealt with. */
  done(place: number): void {
    this.#remove.run(place);
  }

  /** To be called once at every start: takes out and returns messages that were first in line at too many starts. */
  started(): Arrived[] {
    this.#countStart.run();
    const outworn = this.#outworn.all(this.#limits.starts).map(arrived);
    for (const message of outworn) this.done(message.place);
    return outworn;
  }

  /** To be called where the hub stops in order, also for want of a radio: no message was the reason. */
  stopped(): void {
    this.#forgive.run();
  }
}

/** Id and EUI-64 were checked before they were stored. */
function arrived(row: Parameters<typeof text>[0]): Arrived {
  return {
    place: integer(row, "n"),
    id: text(row, "id") as MessageId,
    device: text(row, "device") as Eui64,
    payload: blob(row, "payload"),
  };
}
