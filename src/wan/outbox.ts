import type { StatementSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import type { Eui64 } from "../base/eui64.ts";
import { UPLINK_LANES, type UplinkMessage, type UplinkOutcome } from "../base/uplink.ts";
import { blob, integer, text } from "../store/row.ts";
import type { Store } from "../store/store.ts";
import {
  type Lane,
  makeLane,
  narrow,
  OUTBOX_LANES,
  OUTBOX_TABLES,
  type OutboxLane,
  ROW_OCTETS,
  wide,
} from "./outbox-lane.ts";
import { OutboxNumbers } from "./outbox-numbers.ts";
import { RunningTime } from "./running-time.ts";

export interface OutboxLimits {
  /** Messages stored at once, receipts included. */
  count: number;
  /** Octets stored at once, with {@link ROW_OCTETS} for each message. */
  octets: number;
  /** Receipts stored at once; a flood of refusals must not push out what devices have to say. */
  receipts: number;
  /** Largest payload, in octets. */
  payload: number;
  /** How long a message may wait while the hub runs, in milliseconds. */
  ageMs: number;
}

export const OUTBOX_LIMITS: OutboxLimits = {
  count: 200_000,
  octets: 256 * 1024 * 1024,
  receipts: 5_000,
  payload: 65_536,
  ageMs: 30 * 24 * 3_600_000,
};

/** Acknowledged messages that are removed together at load: neighbours share pages. */
const TIDY_AT = 64;
/** Messages dropped for their age in one transaction. */
const EXPIRE_AT_ONCE = 500;

/** A message on its way: it has its number and stays stored until {@link Outbox.acknowledged}. */
export interface Departure {
  /** Order of first departure, over all devices and lanes. */
  readonly key: number;
  readonly lane: OutboxLane;
  readonly place: number;
  /** The device, or the message id of a receipt. */
  readonly name: string;
  /** Number in the topic, counted per device without a gap; 0 for a receipt. */
  readonly seq: number;
  readonly payload: Uint8Array;
}

export interface OutboxCounts {
  /** Messages that have not arrived, under way included. */
  readonly waiting: Readonly<Record<OutboxLane, number>>;
  readonly octets: number;
  /** Messages given up since this store was made. */
  readonly dropped: Readonly<Record<OutboxLane, number>>;
}

/**
 * Messages to the WAN on disk. In memory are only a few numbers a lane, whatever waits.
 *
 * Every method that writes must be called inside a transaction of the store, its caller's or a gathered one.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #lanes: readonly Lane[];
  readonly #numbers: OutboxNumbers;
  readonly #countDrop: StatementSync;
  /** PUBACK has come; the row goes with the next commit. */
  readonly #acknowledged = new Map<number, Departure>();
  /** Of those, the rows that the open transaction has removed. */
  readonly #removing = new Set<number>();
  #stale = true;
  readonly #running: RunningTime;

  constructor(store: Store, clock: Clock, limits: OutboxLimits) {
    this.#limits = limits;
    store.migrate("wan-outbox", OUTBOX_TABLES);
    this.#lanes = OUTBOX_LANES.map((lane) => makeLane(store, lane));
    this.#numbers = new OutboxNumbers(store, this.#lanes);
    if (store.restored) {
      store.transaction(() => {
        this.#refresh();
        this.#numbers.skip();
      });
    }
    this.#countDrop = store.prepare(
      "INSERT INTO wan_dropped VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
    );
    this.#running = new RunningTime(store, clock, this.#lanes);
    store.watch({
      committed: () => {
        for (const key of this.#removing) this.#acknowledged.delete(key);
        this.#removing.clear();
      },
      rolledBack: () => {
        this.#removing.clear();
        this.#stale = true;
      },
    });
  }

  /** Stores one message at the end of its lane, dropping worse ones where there is no room left. */
  put(lane: OutboxLane, name: string, payload: Uint8Array): UplinkOutcome {
    if (payload.length > this.#limits.payload) return "too-large";
    const own = this.#lane(lane);
    if (!this.#makeRoom(own, payload.length + ROW_OCTETS)) {
      this.#dropped(own);
      return "dropped";
    }
    own.last += 1;
    own.insert.run(own.last, name, this.#running.now(), payload);
    own.count += 1;
    own.octets += payload.length + ROW_OCTETS;
    return "safe";
  }

  /** Whether a message waits that has not departed yet. */
  get waiting(): boolean {
    this.#refresh();
    return this.#lanes.some((lane) => lane.last > lane.gone);
  }

  /** Acknowledged messages that are still stored: none, some, or so many that they should go now. */
  get untidy(): "no" | "some" | "much" {
    if (this.#acknowledged.size === 0) return "no";
    return this.#acknowledged.size < TIDY_AT ? "some" : "much";
  }

  /**
   * The next messages, best lane first, now numbered; may go to the link when the transaction has committed. One with
   * more than `largest` octets of payload can never go and is dropped before it gets a number.
   */
  take(most: number, largest = Number.POSITIVE_INFINITY): Departure[] {
    this.#refresh();
    const taken: Departure[] = [];
    for (const lane of this.#lanes) {
      if (taken.length >= most) break;
      if (lane.last === lane.gone) continue;
      for (const row of lane.following.all(lane.gone, most - taken.length)) {
        const place = integer(row, "n");
        const payload = blob(row, "payload");
        lane.gone = place;
        if (payload.length > largest) this.#drop(lane, place, payload.length);
        else taken.push(this.#number(lane, place, text(row, "name"), payload));
      }
    }
    return taken;
  }

  #number(lane: Lane, place: number, name: string, payload: Uint8Array): Departure {
    const { key, seq } = this.#numbers.next(lane, name);
    lane.depart.run(wide(key), wide(seq), place);
    return { key, lane: lane.name, place, name, seq, payload };
  }

  /** Messages that departed and are not known to have arrived, in the order in which they departed. */
  departed(): Departure[] {
    this.#refresh();
    const all = this.#lanes.flatMap((lane) =>
      lane.departed.all(lane.gone).map((row) => ({
        key: narrow(integer(row, "key")),
        lane: lane.name,
        place: integer(row, "n"),
        name: text(row, "name"),
        seq: narrow(integer(row, "seq")),
        payload: blob(row, "payload"),
      })),
    );
    return all.filter(({ key }) => !this.#acknowledged.has(key)).sort((a, b) => a.key - b.key);
  }

  /** The messages of devices that were stored last, at most so many of each lane. */
  newest(most: number): UplinkMessage[] {
    return UPLINK_LANES.flatMap((lane) =>
      this.#lane(lane)
        .newest.all(most)
        .map((row) => ({ lane, device: text(row, "name") as Eui64, payload: blob(row, "payload") })),
    );
  }

  /** The broker has it: it will be removed with the next commit. */
  acknowledged(departure: Departure): void {
    this.#acknowledged.set(departure.key, departure);
  }

  /** Removes what has arrived. */
  tidy(): void {
    this.#refresh();
    const highest = new Map<string, number>();
    for (const [key, { lane: name, place, name: device, seq, payload }] of this.#acknowledged) {
      const lane = this.#lane(name);
      if (lane.arrive.run(place, wide(key)).changes > 0) this.#left(lane, payload.length);
      if (seq > (highest.get(device) ?? 0)) highest.set(device, seq);
      this.#removing.add(key);
    }
    this.#numbers.keep(highest);
  }

  /** Drops what has waited too long, some of it at a time. Returns how many; call again while it is not 0. */
  expire(): number {
    this.#refresh();
    const now = this.#running.keep();
    let expired = 0;
    const old = (row: ReturnType<StatementSync["get"]>) =>
      row !== undefined && integer(row, "at") <= now - this.#limits.ageMs;
    for (const lane of this.#lanes) {
      if (!old(lane.following.get(lane.gone, 1))) continue;
      for (const row of lane.following.all(lane.gone, EXPIRE_AT_ONCE)) {
        if (!old(row)) break;
        this.#drop(lane, integer(row, "n"), blob(row, "payload").length);
        expired += 1;
      }
    }
    return expired;
  }

  counts(): OutboxCounts {
    this.#refresh();
    const by = (value: (lane: Lane) => number): Record<OutboxLane, number> => ({
      "power-security": value(this.#lane("power-security")),
      response: value(this.#lane("response")),
      receipt: value(this.#lane("receipt")),
      alert: value(this.#lane("alert")),
    });
    return {
      waiting: by((lane) => lane.count - this.#arrivedIn(lane)),
      octets: this.#octets(),
      dropped: by((lane) => lane.dropped),
    };
  }

  #arrivedIn(lane: Lane): number {
    let count = 0;
    for (const [key, departure] of this.#acknowledged) {
      if (departure.lane === lane.name && !this.#removing.has(key)) count += 1;
    }
    return count;
  }

  #makeRoom(own: Lane, octets: number): boolean {
    if (own.name === "receipt" && own.count >= this.#limits.receipts) return this.#dropOldest(own);
    while (this.#count() + 1 > this.#limits.count || this.#octets() + octets > this.#limits.octets) {
      const worst = this.#lanes.findLast((lane) => lane.last > lane.gone && lane.count > 0);
      if (worst === undefined || this.#lanes.indexOf(worst) < this.#lanes.indexOf(own)) return false;
      if (!this.#dropOldest(worst)) return false;
    }
    return true;
  }

  /** The oldest that has no number yet, so that numbers keep no gap. */
  #dropOldest(lane: Lane): boolean {
    const row = lane.following.get(lane.gone, 1);
    if (row === undefined) return false;
    this.#drop(lane, integer(row, "n"), blob(row, "payload").length);
    return true;
  }

  #drop(lane: Lane, place: number, payload: number): void {
    lane.drop.run(place);
    this.#left(lane, payload);
    this.#dropped(lane);
  }

  #left(lane: Lane, payload: number): void {
    lane.count -= 1;
    lane.octets -= payload + ROW_OCTETS;
  }

  #dropped(lane: Lane): void {
    lane.dropped += 1;
    this.#countDrop.run(lane.name);
  }

  #count(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.count, 0);
  }

  #octets(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.octets, 0);
  }

  #lane(name: OutboxLane): Lane {
    this.#refresh();
    const lane = this.#lanes.find((one) => one.name === name);
    if (lane === undefined) throw new RangeError(name);
    return lane;
  }

  /** After a start or a rollback the numbers in memory are those of the disk. */
  #refresh(): void {
    if (!this.#stale) return;
    for (const lane of this.#lanes) {
      const row = lane.measure.get({ lane: lane.name, row: ROW_OCTETS });
      lane.count = integer(row, "count");
      lane.octets = integer(row, "octets");
      lane.gone = integer(row, "gone");
      lane.last = integer(row, "last");
      lane.dropped = integer(row, "dropped");
    }
    this.#numbers.load();
    this.#stale = false;
  }
}
