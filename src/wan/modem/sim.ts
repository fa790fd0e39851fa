import type { AtResult } from "./engine-state.ts";
import { fieldsOf, numberIn } from "./fields.ts";

/** What the SIM asks for, by +CPIN? (3GPP TS 27.007 clause 8.3). */
export type SimState = "ready" | "pin" | "puk" | "missing" | "busy" | "failure";

export function readSim(result: AtResult): SimState {
  if (result.type === "error") return simOfError(result.code);
  if (result.type !== "ok") return "busy";
  switch (fieldsOf(result.lines.at(-1) ?? "")[0]) {
    case "READY":
      return "ready";
    case "SIM PIN":
      return "pin";
    case "SIM PUK":
      return "puk";
    case "NOT INSERTED":
      return "missing";
    case "NOT READY":
      return "busy";
    default:
      // Network and corporate locks, PIN2: nothing that this hub could put right.
      return "failure";
  }
}

function simOfError(code: number | undefined): SimState {
  if (code === 10) return "missing";
  if (code === 11) return "pin";
  if (code === 12) return "puk";
  return code === 14 ? "busy" : "failure";
}

/** Tries left before the SIM wants its PUK: `+CPINR: SIM PIN,3,3` (clause 8.65) or Quectel's `+QPINC: "SC",3,10`. */
export function readTriesLeft(line: string): number | undefined {
  const [which, left] = fieldsOf(line);
  return which === "SIM PIN" || which === "SC" ? numberIn(left, 0, 20) : undefined;
}

export interface Identity {
  readonly imei: string | undefined;
  readonly iccid: string | undefined;
  readonly imsi: string | undefined;
}

/** The last four digits: enough to tell two apart, not enough to follow a person. */
export function masked(number: string | undefined): string | undefined {
  return number === undefined ? undefined : `…${number.slice(-4)}`;
}

/** ICCID from the answers of the various vendors, without the filler `F`. */
export function readIccid(line: string): string | undefined {
  return /(?:^|[:\s"])(\d{18,20})F?"?\s*$/i.exec(line)?.[1];
}
