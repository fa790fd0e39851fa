/** Tags below are the driver's own. EZSP 13 has 8 bits for them. */
const FIRST_TAG = 0x80;
const LAST_TAG = 0xff;

/** A unicast that the coordinator will report on. */
interface Flight {
  /** Its APS counter, which the coordinator gives in its answer. */
  readonly sequence: () => number;
  readonly report: (delivered: boolean) => void;
}

/** The message tags by which the coordinator's messageSent finds back to what was sent. */
export class MessageTags {
  readonly #flights = new Map<number, Flight>();
  #last = LAST_TAG;

  /** A tag that no message in flight has. */
  next(): number {
    do this.#last = this.#last >= LAST_TAG ? FIRST_TAG : this.#last + 1;
    while (this.#flights.has(this.#last));
    return this.#last;
  }

  /** Reports on this tag go to `flight`, until the returned function is called. */
  expect(tag: number, flight: Flight): () => void {
    this.#flights.set(tag, flight);
    // Tags come round: by then the same one may be another message's.
    return () => this.#flights.get(tag) === flight && this.#flights.delete(tag);
  }

  /** The coordinator's messageSent; tags and counters that are not (or no longer) ours are ignored. */
  sent(tag: number, sequence: number, delivered: boolean): void {
    const flight = this.#flights.get(tag);
    if (flight !== undefined && flight.sequence() === sequence) flight.report(delivered);
  }
}
