/** UTC as the cellular network gave it. */
export interface NetworkTime {
  /** Unix milliseconds, whole seconds only: the network may be some seconds off, and the modem rounds. */
  readonly unixMs: number;
}

/** What the modem's own clock holds: 3GPP TS 27.007 clause 8.15 means local time, several modems keep UTC. */
export type ModemClock = "local" | "utc";

const FORM = /"?(\d{2}|\d{4})\/(\d\d)\/(\d\d),(\d\d):(\d\d):(\d\d)(?:([+-])(\d\d))?/;

/**
 * Reads the time of +CCLK, in the modem's own clock, or of +QLTS=1, always UTC, with the zone in quarters of an hour.
 * Undefined for what is no date, has no zone where one is needed, or lies before `notBefore` (Unix milliseconds): a
 * modem's clock starts somewhere in the past when nobody has set it.
 */
export function readTime(line: string, clock: ModemClock, notBefore: number): NetworkTime | undefined {
  const match = FORM.exec(line);
  if (match === null) return undefined;
  const [, year = "", month = "", day = "", hour = "", minute = "", second = "", sign, quarters] = match;
  // Clocks that nobody has set start in 1970 or 1980.
  const full = year.length === 4 ? year : `${Number(year) < 70 ? "20" : "19"}${year}`;
  const iso = `${full}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const shown = Date.parse(iso);
  // Date.parse takes 31 June for 1 July in some places; only what reads back the same is a date.
  if (Number.isNaN(shown) || new Date(shown).toISOString() !== iso) return undefined;
  if (clock === "local" && (sign === undefined || quarters === undefined)) return undefined;
  const zone = clock === "local" ? (sign === "-" ? -1 : 1) * Number(quarters) * 15 * 60_000 : 0;
  const unixMs = shown - zone;
  return unixMs < notBefore ? undefined : { unixMs };
}
