import { HanwayError } from "../../base/error.ts";

/** "Not specified" of an octet field of a date-time. */
export const ANY = 0xff;
/** "Not specified" of the year. */
export const ANY_YEAR = 0xffff;
/** "Not specified" of the deviation from UTC. */
export const NO_DEVIATION = -0x8000;

/**
 * A COSEM date-time (Blue Book 4.1.6.1), wildcards included, so that every 12 octets have fields that give them back:
 * year {@link ANY_YEAR}, other fields {@link ANY}, FD and FE in month (daylight saving ends, begins) and day (second
 * last, last of the month), deviation in minutes or {@link NO_DEVIATION}.
 */
export interface DateTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** 1 Monday to 7 Sunday. */
  readonly dayOfWeek: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly hundredths: number;
  /** From local time to UTC. */
  readonly deviation: number;
  /** Bit 0 invalid, bit 1 doubtful, bit 2 different clock base, bit 7 daylight saving; FF not used. */
  readonly clockStatus: number;
}

const OCTETS = 12;
const OCTET_FIELDS = ["month", "day", "dayOfWeek", "hour", "minute", "second", "hundredths"] as const;

/** The fields of 12 octets. Throws `decode/length`. */
export function decodeDateTime(octets: Uint8Array, field = "dateTime"): DateTime {
  if (octets.length !== OCTETS)
    throw new HanwayError("decode/length", `${octets.length} octets; a date-time has ${OCTETS}`, {
      field,
      offset: 0,
    });
  const view = new DataView(octets.buffer, octets.byteOffset, OCTETS);
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

/** The 12 octets. Throws `encode/value` naming the field that does not fit. */
export function encodeDateTime(value: DateTime, field = "dateTime"): Uint8Array {
  const octets = new Uint8Array(OCTETS);
  const view = new DataView(octets.buffer);
  view.setUint16(0, within(value.year, 0, 0xffff, `${field}.year`));
  for (const [i, name] of OCTET_FIELDS.entries())
    view.setUint8(2 + i, within(value[name], 0, 0xff, `${field}.${name}`));
  view.setInt16(9, within(value.deviation, -0x8000, 0x7fff, `${field}.deviation`));
  view.setUint8(11, within(value.clockStatus, 0, 0xff, `${field}.clockStatus`));
  return octets;
}

/**
 * The date-time of an instant (Unix milliseconds) as GBCS devices write it: UTC, no day of week, deviation not
 * specified. `clockStatus` FF is "not used".
 */
export function dateTimeFromUnix(unixMs: number, clockStatus = 0xff): DateTime {
  const date = new Date(unixMs);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    dayOfWeek: ANY,
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    hundredths: 0,
    deviation: NO_DEVIATION,
    clockStatus,
  };
}

/**
 * Unix milliseconds, or undefined where the fields do not name one instant: a wildcard in the date or time of day, or
 * a day that the month has not. Hundredths and deviation that are not specified count as 0.
 */
export function dateTimeToUnix(value: DateTime): number | undefined {
  const { year, month, day, hour, minute, second } = value;
  if (year === ANY_YEAR || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const hundredths = value.hundredths === ANY ? 0 : value.hundredths;
  const deviation = value.deviation === NO_DEVIATION ? 0 : value.deviation;
  return date.getTime() + hundredths * 10 + deviation * 60_000;
}

function within(value: number, low: number, high: number, field: string): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new HanwayError("encode/value", `${value} is not within ${low} to ${high}`, { field });
}
