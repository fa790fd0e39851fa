import type { Clock, Timer } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Store } from "../store/store.ts";
import type { Outbox } from "./outbox.ts";
import type { WanCounts } from "./state-document.ts";

/** From time to time: ages the outbox, reports what was dropped, and tells counts that have changed. */
export class OutboxUpkeep {
  readonly #outbox: Outbox;
  readonly #counts: () => WanCounts;
  readonly #tell: () => void;
  readonly #everyMs: number;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  #told = "";
  #dropsLogged: number;
  #timer: Timer | undefined;
  #running = false;

  /** `tell` is called when counts differ from those told before. */
  constructor(
    outbox: Outbox,
    counts: () => WanCounts,
    tell: () => void,
    everyMs: number,
    ports: { store: Store; clock: Clock; log: Log },
  ) {
    this.#outbox = outbox;
    this.#counts = counts;
    this.#tell = tell;
    this.#everyMs = everyMs;
    this.#store = ports.store;
    this.#clock = ports.clock;
    this.#log = ports.log;
    this.#dropsLogged = sum(outbox.counts().dropped);
  }

  start(): void {
    this.#running = true;
    this.#tick();
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
  }

  #tick(): void {
    this.#expire();
    const counts = this.#counts();
    const { dropped } = counts.up;
    const drops = sum(dropped);
    if (drops > this.#dropsLogged) {
      this.#log.warn({ dropped, count: drops - this.#dropsLogged }, "outbox dropped messages");
      this.#dropsLogged = drops;
    }
    const told = JSON.stringify(counts);
    if (told !== this.#told) this.#tell();
    this.#told = told;
    this.#timer = this.#clock.after(this.#everyMs, () => this.#tick());
  }

  #expire(): void {
    this.#store
      .soon(() => this.#outbox.expire())
      .then(
        (expired) => {
          if (expired > 0 && this.#running) this.#expire();
        },
        (error) => this.#log.error({ err: error }, "outbox cannot be aged"),
      );
  }
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, one) => total + one, 0);
}
