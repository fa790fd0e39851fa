import type { Clock } from "../../base/clock.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Counters } from "../../headend/counters.ts";

/** Originator Counters of a far end that outlives every hub it speaks to: in memory, from the time of day upwards. */
export class MemoryCounters implements Counters {
  readonly #last = new Map<Eui64, bigint>();
  readonly #first: bigint;

  constructor(clock: Clock) {
    this.#first = BigInt(Math.floor(clock.now()));
  }

  next(party: Eui64): bigint {
    const next = (this.#last.get(party) ?? this.#first) + 1n;
    this.#last.set(party, next);
    return next;
  }
}
