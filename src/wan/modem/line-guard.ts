import { Transform, type TransformCallback } from "node:stream";
import type { Clock } from "../../base/clock.ts";

const LF = 0x0a;
const PROMPT = 0x3e;

/** What stands at the end of a line that was cut; no honest line of a modem holds it. */
export const SPOILT = "\0";

/**
 * Stands before the delimiter parser, which would gather a line without an end for ever. A line that grows past
 * `limit` octets is cut there, marked {@link SPOILT}, and the rest of it thrown away up to its end. It also gives the
 * `>` prompt, which modems send without an end of line, a line of its own.
 *
 * What comes faster than `rate` octets a second waits: an AT dialogue is far below, and a modem gone mad must not have
 * the processor.
 */
export class LineGuard extends Transform {
  readonly #limit: number;
  readonly #rate: number;
  readonly #clock: Clock;
  #second = 0;
  #taken = 0;
  #length = 0;
  #cutting = false;
  #discarded = 0;
  #held = 0;

  constructor(limit: number, rate: number, clock: Clock) {
    super();
    this.#limit = limit;
    this.#rate = rate;
    this.#clock = clock;
    this.#second = clock.elapsed();
  }

  /** Octets thrown away so far. */
  get discarded(): number {
    return this.#discarded;
  }

  /** How often more came than the rate allows. */
  get held(): number {
    return this.#held;
  }

  override _transform(chunk: Uint8Array, _encoding: BufferEncoding, done: TransformCallback): void {
    let at = 0;
    while (at < chunk.length) {
      const end = chunk.indexOf(LF, at);
      const ended = end >= 0;
      const piece = chunk.subarray(at, ended ? end + 1 : chunk.length);
      at += piece.length;
      this.#piece(piece, ended);
    }
    this.#pace(chunk.length, done);
  }

  #pace(octets: number, done: TransformCallback): void {
    const now = this.#clock.elapsed();
    if (now - this.#second >= 1_000) {
      this.#second = now;
      this.#taken = 0;
    }
    this.#taken += octets;
    if (this.#taken <= this.#rate) {
      done();
      return;
    }
    this.#held += 1;
    this.#clock.after(this.#second + 1_000 - now, () => done());
  }

  #piece(piece: Uint8Array, ended: boolean): void {
    if (!this.#cutting && this.#length === 0 && piece[0] === PROMPT) {
      this.push(Buffer.from(">\n"));
      this.#length = 1;
      if (piece.length > 1) this.#piece(piece.subarray(1), ended);
      return;
    }
    if (this.#cutting) {
      this.#discarded += piece.length;
    } else if (this.#length + piece.length > this.#limit) {
      this.#discarded += this.#length + piece.length;
      this.#cutting = true;
      this.push(Buffer.from(`${SPOILT}\n`));
    } else {
      this.#length += piece.length;
      this.push(piece);
    }
    if (!ended) return;
    this.#length = 0;
    this.#cutting = false;
  }
}
