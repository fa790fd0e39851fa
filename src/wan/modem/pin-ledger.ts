import { randomBytes, scryptSync } from "node:crypto";
import { equalBytes } from "../../base/bytes.ts";
import { blob, integer, text } from "../../store/row.ts";
import type { Store } from "../../store/store.ts";

/**
 * What became of the PIN in the settings. `tried`: it was sent, and the answer never came (a power cut, a dead modem).
 */
export type PinRecord = "unknown" | "tried" | "refused";

/** Remembers PINs that must not be sent again: three wrong ones lock a SIM, and only a visit unlocks it. */
export interface PinLedger {
  /** `sim` is the ICCID where it could be read, so that another SIM is another matter. */
  look(pin: string, sim: string | undefined): PinRecord;
  /** Durable when it returns: `tried` is written before the PIN is sent. */
  note(pin: string, sim: string | undefined, record: "tried" | "refused"): void;
  /** A PIN was taken, which gives the SIM all its tries back. */
  accepted(): void;
}

const PIN_TABLES = [
  `CREATE TABLE modem_pin (n INTEGER PRIMARY KEY, record TEXT NOT NULL, salt BLOB NOT NULL, mark BLOB NOT NULL)
   STRICT`,
];

/**
 * The ledger in the hub's store. It keeps salted scrypt marks, which tell whether a PIN is one of those and are dearer
 * to search than the settings file, where the PIN stands in clear, is to read.
 */
export class StoredPinLedger implements PinLedger {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.migrate("wan-modem", PIN_TABLES);
  }

  look(pin: string, sim: string | undefined): PinRecord {
    const row = this.#find(pin, sim);
    if (row === undefined) return "unknown";
    return text(row, "record") === "refused" ? "refused" : "tried";
  }

  note(pin: string, sim: string | undefined, record: "tried" | "refused"): void {
    const salt = new Uint8Array(randomBytes(16));
    const mark = markOf(pin, sim, salt);
    const before = this.#find(pin, sim);
    this.#store.transaction(() => {
      if (before !== undefined)
        this.#store.prepare("DELETE FROM modem_pin WHERE n = ?").run(integer(before, "n"));
      this.#store
        .prepare("INSERT INTO modem_pin (record, salt, mark) VALUES (?, ?, ?)")
        .run(record, salt, mark);
    });
  }

  accepted(): void {
    this.#store.transaction(() => this.#store.prepare("DELETE FROM modem_pin").run());
  }

  /** A SIM is locked after three wrong ones, so there are never many rows. */
  #find(pin: string, sim: string | undefined) {
    const rows = this.#store.prepare("SELECT n, record, salt, mark FROM modem_pin").all();
    return rows.find((row) => equalBytes(markOf(pin, sim, blob(row, "salt")), blob(row, "mark")));
  }
}

function markOf(pin: string, sim: string | undefined, salt: Uint8Array): Uint8Array {
  return new Uint8Array(scryptSync(`${sim ?? ""}/${pin}`, salt, 32));
}
