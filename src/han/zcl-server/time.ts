import { type Clock, UtcSeconds } from "../../base/clock.ts";
import type { ClockStateSource } from "../../base/clock-state.ts";
import { type ServedAttribute, TYPE } from "./attributes.ts";

/** TimeStatus bits (ZCL 3.12.2.2.2; bit 3 is Smart Energy's). */
export const TIME_STATUS = {
  master: 0x01,
  synchronised: 0x02,
  masterZoneDst: 0x04,
  superseding: 0x08,
} as const;

/** A UTCTime that is not known. */
const NOT_KNOWN = 0xffff_ffff;

export interface TimeSettings {
  /** TimeStatus while the clock is reliable. A hub has no time zone of its own: bit 2 stays clear. */
  readonly reliableStatus: number;
  /** How long devices may go by a time that they read, in seconds. */
  readonly validSeconds: number;
}

export const TIME_SETTINGS: TimeSettings = {
  reliableStatus: TIME_STATUS.master | TIME_STATUS.superseding,
  validSeconds: 86_400,
};

/**
 * Time server (ZCL 3.12). The hub is master only while its clock is reliable; a clock that may have drifted still
 * gives its time, without the bit; one that was never set gives none.
 */
export function timeAttributes(
  clock: Clock,
  state: ClockStateSource,
  settings: TimeSettings = TIME_SETTINGS,
): ServedAttribute[] {
  const lastSet = () => {
    const now = state();
    return now.state === "invalid" ? NOT_KNOWN : utc(now.since);
  };
  const validUntil = () =>
    state().state === "reliable" ? utc(clock.now() + settings.validSeconds * 1_000) : NOT_KNOWN;
  return [
    {
      id: 0x0000,
      dataType: TYPE.utcTime,
      value: () => (state().state === "invalid" ? NOT_KNOWN : utc(clock.now())),
    },
    {
      id: 0x0001,
      dataType: TYPE.bitmap8,
      value: () => (state().state === "reliable" ? settings.reliableStatus : 0),
    },
    { id: 0x0008, dataType: TYPE.utcTime, value: lastSet },
    { id: 0x0009, dataType: TYPE.utcTime, value: validUntil },
  ];
}

/** A time outside the 136 years of UTCTime is not known either. */
function utc(unixMs: number): number {
  const seconds = UtcSeconds(unixMs);
  return seconds >= 0 && seconds < NOT_KNOWN ? seconds : NOT_KNOWN;
}
