import * as v from "valibot";
import { path, pattern, wholeNumber } from "../schema.ts";
import type { MainsFileSettings } from "./mains-file.ts";
import { POWER_ALERT_MS } from "./power.ts";

/** Section [power]. Without `input` the hub knows nothing of its mains and says so. */
export const PowerSchema = v.strictObject({
  /**
   * The value file of an exported GPIO line (sysfs counts it from the `base` of its chip: GPIO4 of a Raspberry Pi is
   * gpio516 since Linux 6.6), `online` of a power supply under /sys/class/power_supply, or a UPS status file.
   */
  input: v.optional(path),
  /** What its text matches while mains is there; for a line that is active low, give this and `lost` the other way round. */
  present: v.optional(pattern, "^1$"),
  lost: v.optional(pattern, "^0$"),
  /** Mains lost for so long raises the alert. */
  alertSeconds: v.optional(wholeNumber(1, 3_600), POWER_ALERT_MS / 1_000),
  /**
   * What tells it: `state`, the WAN's own document alone (A9.5), or beside that the CHF's generic Alert 0x8F57, as a
   * critical one (message code 0x1000, signed) or as one that is not (0x1001, MAC). The public documents leave it open.
   */
  alert: v.optional(
    v.picklist(["state", "critical", "non-critical"], "allowed are state, critical, non-critical"),
    "state",
  ),
  /** Whether the CHF Event Log has outages, too, that were over before the alert (A9.3: optional). */
  logShortOutages: v.optional(v.boolean("true or false is needed"), false),
  /** How often it is read where the system tells nothing of a change. */
  pollMilliseconds: v.optional(wholeNumber(50, 60_000), 1_000),
  /** How long it must show the same before that is believed. */
  settleMilliseconds: v.optional(wholeNumber(0, 60_000), 200),
});

export type PowerConfig = v.InferOutput<typeof PowerSchema>;

/** Undefined where no input is configured. */
export function mainsFileSettings(config: PowerConfig): MainsFileSettings | undefined {
  const { input, present, lost, pollMilliseconds, settleMilliseconds } = config;
  if (input === undefined) return undefined;
  return { path: input, present, lost, pollMs: pollMilliseconds, settleMs: settleMilliseconds };
}
