import type { Clock, Timer } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Store } from "../store/store.ts";
import type { Departure, Outbox } from "./outbox.ts";
import type { Retained } from "./retained.ts";
import type { Allowance } from "./transport.ts";

/** Publishes the hub leaves un-acknowledged at most. */
export const WINDOW = 16;
/**
 * Messages that are numbered ahead of the window. Numbering costs a commit, so it goes by several; and the answer to a
 * PUBACK must not wait for the disk, or TCP's delayed acknowledgements slow a busy link down to a few hundred a second.
 */
const AHEAD = 16;
/** Octets of a PUBLISH beside its payload, generously: headers, the longest topic, packet id. */
const ENVELOPE = 256;
/** How long acknowledged messages may stay stored, in milliseconds. After a crash they would be sent again. */
const TIDY_MS = 100;
/** Pause after the store has failed (a full disk, say), in milliseconds. */
const STORE_RETRY_MS = 1_000;

/** The link as the sender needs it. */
export interface Publisher {
  publish(topic: string, payload: Uint8Array, retain: boolean, acknowledged: () => void): void;
}

/**
 * Empties the outbox into the link, never more than a window ahead of the acknowledgements. A message gets its number in
 * the commit before its first departure; what had departed when a link was lost departs again first, in the same order.
 */
export class Sender {
  readonly #store: Store;
  readonly #outbox: Outbox;
  readonly #retained: Retained;
  readonly #publisher: Publisher;
  readonly #topicOf: (departure: Departure) => string;
  readonly #clock: Clock;
  readonly #log: Log;
  /** One for every time the link came up; acknowledgements of an earlier one are void. 0 while it is down. */
  #session = 0;
  #sessions = 0;
  #window = WINDOW;
  /** Octets of payload that the broker takes. */
  #largest = 0;
  #inFlight = 0;
  /** Numbered and next to be published, those of an earlier link first. */
  #ready: Departure[] = [];
  #busy = false;
  #tidying: Timer | undefined;

  constructor(
    outbox: Outbox,
    retained: Retained,
    publisher: Publisher,
    topicOf: (departure: Departure) => string,
    ports: { store: Store; clock: Clock; log: Log },
  ) {
    this.#store = ports.store;
    this.#clock = ports.clock;
    this.#log = ports.log;
    this.#outbox = outbox;
    this.#retained = retained;
    this.#publisher = publisher;
    this.#topicOf = topicOf;
    // A message that another room put into its own transaction is not announced in any other way.
    ports.store.watch({ committed: () => this.#outbox.waiting && this.pump(), rolledBack: () => {} });
  }

  up(allowance: Allowance): void {
    this.#sessions += 1;
    this.#session = this.#sessions;
    this.#window = Math.min(WINDOW, allowance.inFlight);
    this.#inFlight = 0;
    this.#largest = allowance.packet - ENVELOPE;
    this.#ready = this.#outbox.departed().filter((departure) => departure.payload.length <= this.#largest);
    this.#retained.restart();
    this.pump();
  }

  down(): void {
    this.#session = 0;
  }

  /** Touches the store no more by itself. */
  stop(): void {
    this.#tidying?.cancel();
  }

  /**
   * Sends what there is to send, as far as the window allows. `coming`: a message is just being stored, so that it can
   * have its number in the same commit.
   */
  pump(coming = false): void {
    if (this.#session === 0) return;
    while (this.#inFlight < this.#window && this.#publishNext());
    const refill = this.#ready.length <= AHEAD / 2 && (coming || this.#outbox.waiting);
    if (!this.#busy && (refill || this.#outbox.untidy === "much")) this.#refill();
    this.#tidyLater();
  }

  #refill(): void {
    this.#busy = true;
    this.#store
      .soon(() => this.#take())
      .then(
        (taken) => {
          this.#busy = false;
          this.#ready.push(...taken);
          if (taken.length > 0) this.pump();
        },
        (error) => {
          this.#busy = false;
          this.#log.error({ err: error }, "outbox cannot be written; trying again");
          this.#clock.after(STORE_RETRY_MS, () => this.pump());
        },
      );
  }

  #take(): Departure[] {
    const free = this.#session === 0 ? 0 : AHEAD - this.#ready.length;
    const taken = free > 0 ? this.#outbox.take(free, this.#largest) : [];
    if (this.#outbox.untidy === "much") this.#outbox.tidy();
    return taken;
  }

  /** Removes the last acknowledged messages of a burst once it is over. */
  #tidyLater(): void {
    if (this.#tidying !== undefined || this.#outbox.untidy === "no") return;
    this.#tidying = this.#clock.after(TIDY_MS, () => {
      this.#tidying = undefined;
      this.#store
        .soon(() => this.#outbox.tidy())
        .then(
          () => this.#tidyLater(),
          (error) => this.#log.error({ err: error }, "acknowledged messages cannot be removed"),
        );
    });
  }

  #publishNext(): boolean {
    const document = this.#retained.take();
    if (document !== undefined) {
      this.#publish(document.topic, document.document, true, () =>
        this.#retained.acknowledged(document.topic),
      );
      return true;
    }
    const departure = this.#ready.shift();
    if (departure === undefined) return false;
    this.#publish(this.#topicOf(departure), departure.payload, false, () =>
      this.#outbox.acknowledged(departure),
    );
    return true;
  }

  #publish(topic: string, payload: Uint8Array, retain: boolean, acknowledged: () => void): void {
    const session = this.#session;
    this.#inFlight += 1;
    this.#publisher.publish(topic, payload, retain, () => {
      if (session !== this.#session) return;
      this.#inFlight -= 1;
      acknowledged();
      this.pump();
    });
  }
}
