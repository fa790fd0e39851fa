import type { StatementSync } from "node:sqlite";
import { integer, text } from "../store/row.ts";
import type { Store } from "../store/store.ts";
import { type Lane, narrow } from "./outbox-lane.ts";

/** How far the numbers of a device go on after the store was restored from a copy: more than a copy's age can have seen. */
const RESTORED_SKIP = 1_000_000;

/**
 * The numbers of departure: a key that orders all departures, and a number per device without a gap. The highest that
 * were given stand in the messages' own rows while those are stored, and in a table of their own after that.
 */
export class OutboxNumbers {
  readonly #store: Store;
  readonly #lanes: readonly Lane[];
  readonly #set: StatementSync;
  readonly #seqs = new Map<string, number>();
  #key = 0;

  constructor(store: Store, lanes: readonly Lane[]) {
    this.#store = store;
    this.#lanes = lanes;
    this.#set = store.prepare(
      "INSERT INTO wan_seq VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
    );
  }

  /** Takes the highest numbers from the disk. The lanes must know how far they have departed. */
  load(): void {
    this.#seqs.clear();
    for (const row of this.#store.prepare("SELECT device, seq FROM wan_seq").all())
      this.#raise(text(row, "device"), integer(row, "seq"));
    for (const lane of this.#lanes) {
      for (const row of lane.departed.iterate(lane.gone)) {
        this.#key = Math.max(this.#key, narrow(integer(row, "key")));
        this.#raise(text(row, "name"), narrow(integer(row, "seq")));
      }
    }
  }

  /** The next numbers of a message; those of a receipt have no `seq`, which is 0 then. */
  next(lane: Lane, name: string): { key: number; seq: number } {
    this.#key += 1;
    if (lane.name === "receipt") return { key: this.#key, seq: 0 };
    const seq = (this.#seqs.get(name) ?? 0) + 1;
    this.#seqs.set(name, seq);
    return { key: this.#key, seq };
  }

  /** Keeps the highest numbers of devices whose messages are about to be removed, inside the caller's transaction. */
  keep(highest: ReadonlyMap<string, number>): void {
    for (const [name, seq] of highest) this.#set.run(name, seq);
  }

  /** Numbers given since a restored copy was made are known to others and must not be given again to other messages. */
  skip(): void {
    for (const [name, seq] of this.#seqs) {
      this.#set.run(name, seq + RESTORED_SKIP);
      this.#seqs.set(name, seq + RESTORED_SKIP);
    }
  }

  #raise(name: string, seq: number): void {
    if (seq > (this.#seqs.get(name) ?? 0)) this.#seqs.set(name, seq);
  }
}
