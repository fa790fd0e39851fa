import { HanwayError } from "../../base/error.ts";
import type { DerReader } from "./der-reader.ts";
import { type Tagged, tagged } from "./schema.ts";

/** A GeneralizedTime as Unix time in whole seconds, in the years 0000 to 9999. */
export type GeneralizedTime = number & { readonly __brand: "GeneralizedTime" };

const FIRST = -62_167_219_200;
const LAST = 253_402_300_799;

/** From Unix time in seconds; fractions and years beyond four digits throw `encode/value`. */
export function GeneralizedTime(unixSeconds: number): GeneralizedTime {
  if (!isGeneralizedTime(unixSeconds)) {
    throw new HanwayError("encode/value", "whole seconds in the years 0000 to 9999 wanted", {
      field: "time",
    });
  }
  return unixSeconds;
}

function isGeneralizedTime(value: number): value is GeneralizedTime {
  return Number.isInteger(value) && value >= FIRST && value <= LAST;
}

/**
 * 99991231235959Z: as the execution time of a future-dated Command it cancels the pending one; as the end of a
 * certificate's validity it means none (RFC 5280 4.1.2.5).
 */
export const GENERALIZED_TIME_MAX = GeneralizedTime(LAST);

/** `YYYYMMDDhhmmssZ`. */
export function formatGeneralizedTime(time: GeneralizedTime): string {
  return `${new Date(time * 1000).toISOString().slice(0, 19).replace(/[-T:]/g, "")}Z`;
}

/** Reads `YYYYMMDDhhmmssZ`. Throws `decode/value`. */
export function parseGeneralizedTime(text: string): GeneralizedTime {
  const seconds = /^\d{14}Z$/.test(text)
    ? unixSeconds(Number(text.slice(0, 4)), [...text.slice(4, 14)].map(Number))
    : undefined;
  if (seconds === undefined) throw new HanwayError("decode/value", "not a time of the form YYYYMMDDhhmmssZ");
  return GeneralizedTime(seconds);
}

/** GeneralizedTime in the one form of DER: UTC, seconds, no fraction (X.690 11.7). */
export const generalizedTime: Tagged<GeneralizedTime> = tagged(
  0x18,
  (reader, end) => {
    const start = reader.at;
    if (end - start !== 15) reader.fail("decode/length", "YYYYMMDDhhmmssZ wanted");
    const digits = readDigits(reader, start, 14);
    const year = number(digits, 0) * 100 + number(digits, 2);
    return GeneralizedTime(checked(reader, start, unixSeconds(year, digits.slice(4))));
  },
  (writer, value) => {
    if (!isGeneralizedTime(value)) writer.fail("not whole seconds in the years 0000 to 9999");
    writer.octets(Buffer.from(formatGeneralizedTime(value), "latin1"));
  },
);

/** UTCTime `YYMMDDhhmmssZ`, the years 1950 to 2049 (RFC 5280 4.1.2.5.1), as Unix time in seconds. */
export const utcTime: Tagged<GeneralizedTime> = tagged(
  0x17,
  (reader, end) => {
    const start = reader.at;
    if (end - start !== 13) reader.fail("decode/length", "YYMMDDhhmmssZ wanted");
    const digits = readDigits(reader, start, 12);
    const year = number(digits, 0);
    const century = year < 50 ? 2000 : 1900;
    return GeneralizedTime(checked(reader, start, unixSeconds(century + year, digits.slice(2))));
  },
  (writer, value) => {
    const year = isGeneralizedTime(value) ? new Date(value * 1000).getUTCFullYear() : 0;
    if (year < 1950 || year > 2049) writer.fail("not in the years 1950 to 2049");
    writer.octets(Buffer.from(formatGeneralizedTime(value).slice(2), "latin1"));
  },
);

function readDigits(reader: DerReader, start: number, count: number): number[] {
  const digits: number[] = [];
  for (let i = 0; i < count; i++) {
    const digit = reader.octet(start + i) - 0x30;
    if (digit < 0 || digit > 9) reader.fail("decode/value", "digit wanted", start + i);
    digits.push(digit);
  }
  if (reader.octet(start + count) !== 0x5a) reader.fail("decode/value", "Z wanted", start + count);
  reader.at = start + count + 1;
  return digits;
}

function checked(reader: DerReader, start: number, seconds: number | undefined): number {
  return seconds ?? reader.fail("decode/value", "no such date or time", start);
}

function number(digits: readonly number[], at: number): number {
  return (digits[at] ?? 0) * 10 + (digits[at + 1] ?? 0);
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Unix time of a year and the ten digits MMDDhhmmss, or undefined where there is no such instant. */
function unixSeconds(year: number, digits: readonly number[]): number | undefined {
  const month = number(digits, 0);
  const day = number(digits, 2);
  const hour = number(digits, 4);
  const minute = number(digits, 6);
  const second = number(digits, 8);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const monthDays = month === 2 && leap ? 29 : (MONTH_DAYS[month - 1] ?? 0);
  if (day < 1 || day > monthDays || hour > 23 || minute > 59 || second > 59) return undefined;
  return daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
}

/** Day count of the proleptic Gregorian calendar; the year is taken to start in March. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
}
