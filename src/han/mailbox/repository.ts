import type { StatementSync } from "node:sqlite";
import type { Eui64 } from "../../base/eui64.ts";
import type { MessageId } from "../../base/wan-topic.ts";
import { blob, integer, text } from "../../store/row.ts";
import type { Store } from "../../store/store.ts";

/** A message that waits for its device; `place` is its order of arrival. */
export interface Waiting {
  readonly place: number;
  readonly device: Eui64;
  /** Undefined for what another device of the HAN sent. */
  readonly id: MessageId | undefined;
  readonly payload: Uint8Array;
}

/** One set of tables each: messages for the sleeping gas meter, and HAN-only messages for devices with a tunnel. */
export type QueueName = "han_mailbox" | "han_only";

function tables(name: QueueName): string[] {
  return [
    [
      `CREATE TABLE ${name} (n INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, id TEXT, payload BLOB NOT NULL,
     expires INTEGER NOT NULL) STRICT`,
      `CREATE INDEX ${name}_device ON ${name} (device, n)`,
      `CREATE INDEX ${name}_expires ON ${name} (expires)`,
      `CREATE TABLE ${name}_seen (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT`,
    ].join(";"),
  ];
}

/** Messages on disk that wait for their devices. Methods that write must be called inside a transaction of the store. */
export class MailboxRepository {
  readonly #insert: StatementSync;
  readonly #remember: StatementSync;
  readonly #forget: StatementSync;
  readonly #known: StatementSync;
  readonly #count: StatementSync;
  readonly #oldest: StatementSync;
  readonly #ofDevice: StatementSync;
  readonly #expired: StatementSync;
  readonly #nextExpiry: StatementSync;
  readonly #devices: StatementSync;
  readonly #remove: StatementSync;

  constructor(store: Store, name: QueueName) {
    store.migrate(name.replace("_", "-"), tables(name));
    this.#insert = store.prepare(`INSERT INTO ${name} (device, id, payload, expires) VALUES (?, ?, ?, ?)`);
    this.#remember = store.prepare(`INSERT INTO ${name}_seen (id) VALUES (?)`);
    this.#forget = store.prepare(`DELETE FROM ${name}_seen WHERE n <= ?`);
    this.#known = store.prepare(`SELECT 1 FROM ${name}_seen WHERE id = ?`);
    this.#count = store.prepare(`SELECT count(*) AS count FROM ${name} WHERE device = ?`);
    const columns = `SELECT n, device, id, payload FROM ${name}`;
    this.#oldest = store.prepare(`${columns} WHERE device = ? ORDER BY n LIMIT 1`);
    this.#ofDevice = store.prepare(`${columns} WHERE device = ? ORDER BY n`);
    this.#expired = store.prepare(`${columns} WHERE expires <= ? ORDER BY n`);
    this.#nextExpiry = store.prepare(`SELECT expires FROM ${name} ORDER BY expires LIMIT 1`);
    this.#devices = store.prepare(`SELECT DISTINCT device FROM ${name}`);
    this.#remove = store.prepare(`DELETE FROM ${name} WHERE n = ?`);
  }

  /**
   * Puts a message last in the line of its device; `expires` in Unix milliseconds. Its id is remembered among the last
   * `remembered`.
   */
  put(
    message: { device: Eui64; id: MessageId | undefined; payload: Uint8Array },
    expires: number,
    remembered: number,
  ): void {
    const { device, id, payload } = message;
    this.#insert.run(device, id ?? null, payload, Math.ceil(expires));
    if (id === undefined) return;
    const { lastInsertRowid } = this.#remember.run(id);
    this.#forget.run(Number(lastInsertRowid) - remembered);
  }

  /** Whether a message of this id has been taken before, whatever became of it. */
  known(id: MessageId): boolean {
    return this.#known.get(id) !== undefined;
  }

  count(device: Eui64): number {
    return integer(this.#count.get(device), "count");
  }

  oldest(device: Eui64): Waiting | undefined {
    return this.#oldest.all(device).map(waiting)[0];
  }

  ofDevice(device: Eui64): Waiting[] {
    return this.#ofDevice.all(device).map(waiting);
  }

  /** Messages whose life ended by `now`, Unix milliseconds. */
  expired(now: number): Waiting[] {
    return this.#expired.all(now).map(waiting);
  }

  /** When the next message expires, in Unix milliseconds. */
  nextExpiry(): number | undefined {
    const row = this.#nextExpiry.get();
    return row === undefined ? undefined : integer(row, "expires");
  }

  /** Devices for which something waits. */
  devices(): Eui64[] {
    return this.#devices.all().map((row) => text(row, "device") as Eui64);
  }

  /** False where it is gone already. */
  remove({ place }: Waiting): boolean {
    return this.#remove.run(place).changes === 1;
  }
}

/** Id and EUI-64 were checked before they were stored. */
function waiting(row: Parameters<typeof text>[0]): Waiting {
  return {
    place: integer(row, "n"),
    device: text(row, "device") as Eui64,
    id: row?.id === null ? undefined : (text(row, "id") as MessageId),
    payload: blob(row, "payload"),
  };
}
