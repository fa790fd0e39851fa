import { HanwayError } from "../../base/error.ts";

/**
 * A COSEM date-time (Blue Book 4.1.6.1) as it stands in the Grouping Header of a Response, wildcards included:
 * year 0xFFFF, other fields 0xFF, daylight-saving markers 0xFD and 0xFE for month and day. Deviation is minutes,
 * -32768 for not specified. Clock status: bit 0 invalid, bit 1 doubtful, bit 2 different clock base, 0xFF not used.
 */
export interface DateTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly dayOfWeek: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly hundredths: number;
  readonly deviation: number;
  readonly clockStatus: number;
}

export const DATE_TIME_LENGTH = 12;

const OCTET_FIELDS = ["month", "day", "dayOfWeek", "hour", "minute", "second", "hundredths"] as const;

/** Reads the 12 octets at `at`; the caller has checked that they are there. Every value has a meaning of its own. */
export function readDateTime(bytes: Uint8Array, at: number): DateTime {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, DATE_TIME_LENGTH);
  return {
    year: view.getUint16(0),
    month: view.getUint8(2),
    day: view.getUint8(3),
    dayOfWeek: view.getUint8(4),
    hour: view.getUint8(5),
    minute: view.getUint8(6),
    second: view.getUint8(7),
    hundredths: view.getUint8(8),
    deviation: view.getInt16(9),
    clockStatus: view.getUint8(11),
  };
}

/** The 12 octets of a date-time. Throws `encode/value` naming the field that does not fit. */
export function writeDateTime(value: DateTime): Uint8Array {
  const out = new Uint8Array(DATE_TIME_LENGTH);
  const view = new DataView(out.buffer);
  view.setUint16(0, inRange(value.year, 0, 0xffff, "year"));
  OCTET_FIELDS.forEach((name, index) => {
    view.setUint8(2 + index, inRange(value[name], 0, 0xff, name));
  });
  view.setInt16(9, inRange(value.deviation, -0x8000, 0x7fff, "deviation"));
  view.setUint8(11, inRange(value.clockStatus, 0, 0xff, "clockStatus"));
  return out;
}

function inRange(value: number, low: number, high: number, name: string): number {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new HanwayError("encode/value", `${low} to ${high} is allowed`, { field: `dateTime.${name}` });
  }
  return value;
}
