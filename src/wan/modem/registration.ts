import { fieldsOf, numberIn } from "./fields.ts";

/** Radio technologies as the <AcT> of 3GPP TS 27.007 clause 7.3 groups them. */
export type Technology = "2G" | "3G" | "4G" | "NB-IoT" | "LTE-M" | "5G";

export type Registration = "home" | "roaming" | "searching" | "denied" | "none" | "unknown";

export interface NetworkPlace {
  readonly registration: Registration;
  readonly technology: Technology | undefined;
}

/** <stat> of +CREG, +CGREG and +CEREG: 6 and 7 are "SMS only", 9 and 10 "CSFB not preferred". */
const STATES: readonly Registration[] = [
  "none",
  "home",
  "searching",
  "denied",
  "unknown",
  "roaming",
  "home",
  "roaming",
  "none",
  "home",
  "roaming",
];

const TECHNOLOGIES: readonly Technology[] = [
  "2G",
  "2G",
  "3G",
  "2G",
  "3G",
  "3G",
  "3G",
  "4G",
  "2G",
  "NB-IoT",
  "4G",
  "5G",
  "5G",
  "5G",
];

/**
 * Reads the answer to +CREG?, +CGREG? or +CEREG?, which has <n> before <stat>, and the same line sent unasked, which has
 * not: an area code there is quoted, or longer than one digit.
 */
export function readRegistration(line: string): NetworkPlace {
  const fields = fieldsOf(line);
  const read = /^[^:]*:\s*\d\s*,\s*\d{1,2}\s*(?:,|$)/.test(line);
  const at = read ? 1 : 0;
  const stat = numberIn(fields[at], 0, STATES.length - 1);
  const act = numberIn(fields[at + 3], 0, TECHNOLOGIES.length - 1);
  return {
    registration: stat === undefined ? "unknown" : (STATES[stat] ?? "unknown"),
    technology: act === undefined ? undefined : TECHNOLOGIES[act],
  };
}

const RANK: readonly Registration[] = ["home", "roaming", "denied", "searching", "none", "unknown"];

/** The best of what +CEREG, +CGREG and +CREG said: one of them is enough to be on the network. */
export function bestPlace(places: readonly NetworkPlace[]): NetworkPlace {
  const best = RANK.map((wanted) => places.find((place) => place.registration === wanted)).find(Boolean);
  return best ?? { registration: "unknown", technology: undefined };
}

/** Reads +COPS?: the operator's name or number, and the technology where the modem says it. */
export function readOperator(line: string): {
  operator: string | undefined;
  technology: Technology | undefined;
} {
  const [, , name, act] = fieldsOf(line);
  const known = numberIn(act, 0, TECHNOLOGIES.length - 1);
  return {
    operator: name === undefined || name === "" ? undefined : name.slice(0, 40),
    technology: known === undefined ? undefined : TECHNOLOGIES[known],
  };
}
