import { UtcSeconds } from "../../../base/clock.ts";
import { HanwayError } from "../../../base/error.ts";
import { type Data, dateTimeToUnix, decodeDateTime } from "../../../gbcs/dlms/index.ts";
import type { Selection } from "../../cosem/objects.ts";

export interface Period {
  /** Seconds since 2000-01-01, both included. */
  readonly from: number;
  readonly to: number;
}

export const ALWAYS: Period = { from: 0, to: 0xffff_ffff };

/**
 * The period of a selection: the range descriptor of selective access, or the two dates of a class 30 restriction.
 * Throws `decode/value` for anything else.
 */
export function periodOf(selection: Selection): Period {
  if (selection === undefined || selection.type === "null") return ALWAYS;
  if (selection.type !== "structure") return refuse();
  const [first, second, third] = selection.value;
  if (second?.type === "u32" && third?.type === "u32") return { from: second.value, to: third.value };
  return { from: seconds(first, 0), to: seconds(second, ALWAYS.to) };
}

function seconds(data: Data | undefined, open: number): number {
  if (data?.type !== "octet-string") return refuse();
  const unixMs = dateTimeToUnix(decodeDateTime(data.value));
  // A date with wildcards leaves that end open.
  return unixMs === undefined ? open : Math.max(0, UtcSeconds(unixMs));
}

function refuse(): never {
  throw new HanwayError("decode/value", "no period", { field: "selection" });
}
