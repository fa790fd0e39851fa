import type { Clock } from "../../../base/clock.ts";
import { HanwayError } from "../../../base/error.ts";
import {
  type Data,
  dateTimeFromUnix,
  dateTimeToUnix,
  decodeDateTime,
  encodeDateTime,
} from "../../../gbcs/dlms/index.ts";

/** Bits of clock_status and of the status attribute: 0 reliable. */
const STATUS = { reliable: 0, invalid: 1 } as const;

/**
 * The meter's clock as Set Clock (ECS70) treats it: the time itself comes from the hub, the supplier says between which
 * instants it must lie, and only then the meter relies on it.
 */
export class MeterTime {
  readonly #clock: Clock;
  #status: number = STATUS.reliable;
  #valid: { from: number; to: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get status(): number {
    return this.#status;
  }

  /** The present as a date-time of 12 octets. */
  now(): Data {
    return { type: "octet-string", value: encodeDateTime(dateTimeFromUnix(this.#clock.now(), this.#status)) };
  }

  /** preset_adjusting_time: between which instants the present must lie. Throws `decode/value`. */
  preset(argument: Data): void {
    const [, first, second] = argument.type === "structure" ? argument.value : [];
    const ends = [first, second].map((data) => {
      const at = data?.type === "octet-string" ? dateTimeToUnix(decodeDateTime(data.value)) : undefined;
      if (at === undefined)
        throw new HanwayError("decode/value", "no instant", { field: "validity_interval" });
      return at;
    });
    this.#valid = { from: Math.min(...ends), to: Math.max(...ends) };
  }

  /** adjust_to_preset_time: whether the present lies where it must. */
  adjust(): boolean {
    const now = this.#clock.now();
    const good = this.#valid !== undefined && now >= this.#valid.from && now <= this.#valid.to;
    this.#status = good ? STATUS.reliable : STATUS.invalid;
    return good;
  }
}
