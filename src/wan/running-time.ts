import type { Clock } from "../base/clock.ts";
import { integer } from "../store/row.ts";
import type { Store } from "../store/store.ts";
import type { Lane } from "./outbox-lane.ts";

/**
 * How long the hub has run with this store, in milliseconds, by the clock that never jumps: wall-clock time may leap by
 * years when the WAN first tells it, and nothing may be lost for that.
 */
export class RunningTime {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #startedAt: number;

  /** Goes on from what was kept last, or from the newest message where that is younger. */
  constructor(store: Store, clock: Clock, lanes: readonly Lane[]) {
    this.#store = store;
    this.#clock = clock;
    const kept = store.prepare("SELECT ms FROM wan_running").get();
    const newest = lanes.flatMap((lane) => lane.newest.all(1).map((row) => integer(row, "at")));
    this.#startedAt = clock.elapsed() - Math.max(kept === undefined ? 0 : integer(kept, "ms"), ...newest);
  }

  now(): number {
    return Math.round(this.#clock.elapsed() - this.#startedAt);
  }

  /** Writes it down, inside the caller's transaction. */
  keep(): number {
    const now = this.now();
    this.#store.prepare("INSERT OR REPLACE INTO wan_running VALUES (1, ?)").run(now);
    return now;
  }
}
