import { fieldsOf, numberIn } from "./fields.ts";

export type SignalWords = "none" | "very weak" | "weak" | "fair" | "good" | "excellent";

/** How well the modem hears, as a person and as an engineer reads it. */
export interface Signal {
  readonly words: SignalWords;
  /** 0 to 5. */
  readonly bars: number;
  /** dBm, from +CSQ or the 2G and 3G fields of +CESQ. */
  readonly rssi: number | undefined;
  /** Reference signal received power of LTE, dBm: on 4G the honest measure. */
  readonly rsrp: number | undefined;
}

const WORDS: readonly SignalWords[] = ["none", "very weak", "weak", "fair", "good", "excellent"];

/** Least dBm for one bar, two bars and so on: settings of no standard, as phones commonly draw them. */
export interface SignalSteps {
  rsrp: readonly number[];
  rssi: readonly number[];
}

export const SIGNAL_STEPS: SignalSteps = {
  rsrp: [-120, -112, -105, -98, -88],
  rssi: [-109, -101, -93, -83, -73],
};

/** RSRP decides where it is known. */
export function signalOf(
  rssi: number | undefined,
  rsrp: number | undefined,
  steps: SignalSteps = SIGNAL_STEPS,
): Signal {
  const bars = barsOf(rsrp, steps.rsrp) ?? barsOf(rssi, steps.rssi) ?? 0;
  return { words: WORDS[bars] ?? "none", bars, rssi, rsrp };
}

function barsOf(dbm: number | undefined, steps: readonly number[]): number | undefined {
  return dbm === undefined ? undefined : steps.filter((least) => dbm >= least).length;
}

/** +CSQ (3GPP TS 27.007 clause 8.5): dBm from 0 to 31, undefined for 99. */
export function readCsq(line: string): number | undefined {
  const value = numberIn(fieldsOf(line)[0], 0, 31);
  return value === undefined ? undefined : value * 2 - 113;
}

/** +CESQ (clause 8.69), as lower ends of the steps: RSRP of LTE; RSSI of 2G or RSCP of 3G where it is camped there. */
export function readCesq(line: string): { rssi: number | undefined; rsrp: number | undefined } {
  const fields = fieldsOf(line);
  const rxlev = numberIn(fields[0], 0, 63);
  const rscp = numberIn(fields[2], 0, 96);
  const rsrp = numberIn(fields[5], 0, 97);
  return {
    rssi: rxlev !== undefined ? rxlev - 111 : rscp === undefined ? undefined : rscp - 121,
    rsrp: rsrp === undefined ? undefined : rsrp - 141,
  };
}

/** +QCSQ of Quectel modems: `+QCSQ: "LTE",rssi,rsrp,sinr,rsrq` in dBm; other technologies have no RSRP. */
export function readQcsq(line: string): { rssi: number | undefined; rsrp: number | undefined } {
  const [technology, rssi, rsrp] = fieldsOf(line);
  const lte = technology !== undefined && /^(?:LTE|CAT-?M|CAT-?NB|eMTC|NBIoT)/i.test(technology);
  return {
    rssi: numberIn(rssi, -125, -20),
    rsrp: lte ? numberIn(rsrp, -145, -40) : undefined,
  };
}
