import { toHex } from "../base/bytes.ts";

/** One message exchange that a run expects: a Command to a device and, where one is known, its Response. */
export interface Expected {
  command: Uint8Array;
  response: Uint8Array | undefined;
}

export interface LedgerCounts {
  offered: number;
  relayed: number;
  responses: number;
  mismatched: number;
  lost: number;
}

/**
 * Compares what went in with what came out, octet for octet, at both ends of the hub.
 *
 * Equal Commands may be offered more than once, so arrivals are counted against the number offered; an arrival beyond
 * that is a repetition and counts as nothing, an arrival of unknown octets is a mismatch.
 */
export class Ledger {
  readonly #commands = new Map<string, Side>();
  readonly #responses = new Map<string, Side>();
  readonly #alerts = new Map<string, Side>();
  #offered = 0;
  #mismatched = 0;

  offer(expected: Expected): void {
    this.#offered += 1;
    expect(this.#commands, expected.command);
    if (expected.response !== undefined) expect(this.#responses, expected.response);
  }

  /** The device answers a Command of which the Response was not known when it was offered. */
  answered(response: Uint8Array): void {
    expect(this.#responses, response);
  }

  /** The device sends an Alert. */
  alert(bytes: Uint8Array): void {
    expect(this.#alerts, bytes);
  }

  /** The device has received these octets as a Command. */
  atDevice(bytes: Uint8Array): void {
    if (!arrive(this.#commands, bytes)) this.#mismatched += 1;
  }

  /** The far end has received these octets as a Response or an Alert. */
  atFarEnd(bytes: Uint8Array): void {
    if (!arrive(this.#responses, bytes) && !arrive(this.#alerts, bytes)) this.#mismatched += 1;
  }

  /** Everything offered has arrived on both sides. */
  get complete(): boolean {
    return this.underWay === 0;
  }

  /** Messages that have left their sender and not arrived. */
  get underWay(): number {
    return missing(this.#commands) + missing(this.#responses) + missing(this.#alerts);
  }

  alerts(): { offered: number; arrived: number } {
    const there = arrived(this.#alerts);
    return { offered: there + missing(this.#alerts), arrived: there };
  }

  counts(): LedgerCounts {
    const missingCommands = missing(this.#commands);
    const missingResponses = missing(this.#responses);
    return {
      offered: this.#offered,
      relayed: arrived(this.#commands),
      responses: arrived(this.#responses),
      mismatched: this.#mismatched,
      // A mismatch took the place of what should have come, and a Command that never arrived has no Response either.
      lost:
        Math.max(0, Math.max(missingCommands, missingResponses) - this.#mismatched) + missing(this.#alerts),
    };
  }
}

interface Side {
  expected: number;
  arrived: number;
}

function expect(sides: Map<string, Side>, bytes: Uint8Array): void {
  const key = toHex(bytes);
  const side = sides.get(key);
  if (side === undefined) sides.set(key, { expected: 1, arrived: 0 });
  else side.expected += 1;
}

function arrive(sides: Map<string, Side>, bytes: Uint8Array): boolean {
  const side = sides.get(toHex(bytes));
  if (side === undefined) return false;
  if (side.arrived < side.expected) side.arrived += 1;
  return true;
}

function arrived(sides: Map<string, Side>): number {
  let sum = 0;
  for (const side of sides.values()) sum += side.arrived;
  return sum;
}

function missing(sides: Map<string, Side>): number {
  let sum = 0;
  for (const side of sides.values()) sum += side.expected - side.arrived;
  return sum;
}
