import { type Clock, UtcSeconds } from "../../../base/clock.ts";
import type { Data, TypeDescription } from "../../../gbcs/dlms/index.ts";

export interface MeterLogEntry {
  /** Seconds since 2000-01-01. */
  readonly time: number;
  readonly code: number;
  readonly info: Uint8Array;
}

const MOST = 100;
const EVENT: TypeDescription = {
  type: "structure",
  elements: [{ type: "u32" }, { type: "u16" }, { type: "octet-string" }],
};
const SECURITY: TypeDescription = { type: "structure", elements: [{ type: "u32" }, { type: "u16" }] };

/** A circular log of a meter: 100 entries, the oldest goes first. */
export class MeterLog {
  readonly #kind: "event" | "security";
  readonly #clock: Clock;
  #entries: MeterLogEntry[] = [];

  constructor(kind: "event" | "security", clock: Clock) {
    this.#kind = kind;
    this.#clock = clock;
  }

  get entries(): readonly MeterLogEntry[] {
    return this.#entries;
  }

  write(code: number, info: Uint8Array = new Uint8Array(0)): void {
    this.#entries.push({ time: UtcSeconds(this.#clock.now()), code, info });
    this.#entries = this.#entries.slice(-MOST);
  }

  clear(): void {
    this.#entries = [];
  }

  /** The buffer between two times, both included, in seconds since 2000-01-01; oldest first. */
  buffer(from: number, to: number): Data {
    const wanted = this.#entries.filter(({ time }) => time >= from && time <= to);
    return {
      type: "compact-array",
      element: this.#kind === "event" ? EVENT : SECURITY,
      value: wanted.map(({ time, code, info }) => ({
        type: "structure",
        value: [
          { type: "u32", value: time },
          { type: "u16", value: code },
          ...(this.#kind === "event" ? [{ type: "octet-string" as const, value: info }] : []),
        ],
      })),
    };
  }
}
