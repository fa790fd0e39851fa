import type { Clock } from "../../base/clock.ts";
import { type ServedAttribute, TYPE } from "./attributes.ts";

export const IDENTIFY_CLUSTER = 0x0003;

/** Identify server (ZCL 3.5): a countdown in seconds that a person may watch for. */
export class Identify {
  readonly #clock: Clock;
  #until = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds left, 0 when it does not identify itself. */
  get secondsLeft(): number {
    return Math.max(0, Math.ceil((this.#until - this.#clock.elapsed()) / 1_000));
  }

  /** `seconds`: 16 bits; 0 ends it. */
  start(seconds: number): void {
    this.#until = this.#clock.elapsed() + seconds * 1_000;
  }

  attributes(): ServedAttribute[] {
    return [{ id: 0x0000, dataType: TYPE.uint16, value: () => this.secondsLeft }];
  }
}
