import * as v from "valibot";
import type { Clock } from "../../base/clock.ts";
import { path, pattern, wholeNumber } from "../schema.ts";
import { CLOCK_SETTINGS, type ClockSettings } from "./settings.ts";
import { SyncCommand, SyncFile, type TimeSource, trustedMachine } from "./sources.ts";

const SOURCES = ["timesync", "command", "network", "machine"] as const;
type Source = (typeof SOURCES)[number];

/** Section [clock]. */
export const ClockSchema = v.strictObject({
  /**
   * Who may say that the clock is right, in order of trust. `timesync`: the file that systemd-timesyncd touches;
   * `command`: what timedatectl says of the kernel's clock, whichever service keeps it; `network`: the cellular network,
   * where neither does. `machine` takes the machine's clock as right: for containers, whose host keeps it.
   */
  sources: v.optional(
    v.pipe(
      v.array(v.picklist(SOURCES, `allowed are ${SOURCES.join(", ")}`), "a list is needed"),
      v.minLength(1, "at least one is needed"),
    ),
    ["timesync", "command", "network"],
  ),
  timesyncFile: v.optional(path, "/run/systemd/timesync/synchronized"),
  /** How long one synchronisation counts. systemd-timesyncd asks at least every 2,048 s. */
  timesyncFreshSeconds: v.optional(wholeNumber(60, 604_800), 7_200),
  /** Run without a shell. */
  command: v.optional(v.pipe(v.array(path, "a list is needed"), v.minLength(1, "a command is needed")), [
    "timedatectl",
    "show",
    "--property=NTPSynchronized",
    "--value",
  ]),
  /** What the command prints when the clock is right. */
  commandYes: v.optional(pattern, "^yes$"),
  checkSeconds: v.optional(wholeNumber(1, 3_600), CLOCK_SETTINGS.checkMs / 1_000),
  /** How long the hub relies on its own oscillator when nobody vouches for the clock any more. */
  holdoverHours: v.optional(wholeNumber(0, 720), CLOCK_SETTINGS.holdoverMs / 3_600_000),
});

export type ClockConfig = v.InferOutput<typeof ClockSchema>;

export function clockSettings({ checkSeconds, holdoverHours, sources }: ClockConfig): ClockSettings {
  return {
    ...CLOCK_SETTINGS,
    checkMs: checkSeconds * 1_000,
    holdoverMs: holdoverHours * 3_600_000,
    network: sources.includes("network"),
  };
}

/** The sources that are asked; the network's time comes by itself. `machine`: the clock that the time service keeps. */
export function timeSources(config: ClockConfig, machine: Clock): TimeSource[] {
  return config.sources
    .filter((source) => source !== "network")
    .map((source) => make(source, config, machine));
}

function make(source: Exclude<Source, "network">, config: ClockConfig, machine: Clock): TimeSource {
  if (source === "machine") return trustedMachine;
  if (source === "command") return new SyncCommand(config.command, config.commandYes);
  return new SyncFile(config.timesyncFile, config.timesyncFreshSeconds * 1_000, machine);
}
