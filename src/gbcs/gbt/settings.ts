import { HanwayError } from "../../base/error.ts";

/**
 * What General Block Transfer leaves to the two ends (GBCS 7.2.11). None of these values is shown by a published
 * message, so each is a setting. The use-case tables speak of 63 blocks of 1149 octets: hence the default of the size.
 * The other end may choose smaller blocks, so more of them are taken; what is held is bounded by octets.
 */
export interface GbtSettings {
  /** Octets of the message in one block, 1 to 1200. */
  readonly blockOctets: number;
  /** Blocks sent before the other end has to confirm, 1 to 63. */
  readonly window: number;
  /** Blocks of one message, at most 4096. */
  readonly maxBlocks: number;
  /** Octets of one message put together. */
  readonly maxMessageOctets: number;
  /** Milliseconds without a block from the other end before the last step is repeated. */
  readonly timeoutMs: number;
  /** Repetitions without progress before giving up. */
  readonly maxRetries: number;
  /** Security control octet of a block; blocks carry no MAC of their own. */
  readonly securityControl: number;
  /** Invocation counter of a block, 32 bits. */
  readonly invocationCounter: number;
  /** Whether a confirmation has originator and target changed over, or as in the blocks that it confirms. */
  readonly confirmationParties: "swapped" | "as-sent";
}

export const DEFAULT_GBT_SETTINGS: GbtSettings = {
  blockOctets: 1149,
  window: 6,
  maxBlocks: 255,
  maxMessageOctets: 65_536,
  timeoutMs: 10_000,
  maxRetries: 5,
  securityControl: 0,
  invocationCounter: 0,
  confirmationParties: "swapped",
};

/** Largest data of a block that is taken, by what open dissectors accept. */
export const MAX_BLOCK_OCTETS = 1200;

/** The settings given, over the defaults. Throws `config/invalid` naming the setting. */
export function gbtSettings(given: Partial<GbtSettings> = {}): GbtSettings {
  const settings = { ...DEFAULT_GBT_SETTINGS, ...given };
  check(settings, "blockOctets", 1, MAX_BLOCK_OCTETS);
  check(settings, "window", 1, 63);
  check(settings, "maxBlocks", 1, 4096);
  check(settings, "maxMessageOctets", 1, 0x100_0000);
  check(settings, "timeoutMs", 1, 3_600_000);
  check(settings, "maxRetries", 0, 1000);
  check(settings, "securityControl", 0, 0xff);
  check(settings, "invocationCounter", 0, 0xffff_ffff);
  return settings;
}

function check(
  settings: GbtSettings,
  name: Exclude<keyof GbtSettings, "confirmationParties">,
  low: number,
  high: number,
): void {
  const value = settings[name];
  if (!Number.isInteger(value) || value < low || value > high)
    throw new HanwayError("config/invalid", `${value} is not within ${low} to ${high}`, {
      field: `gbt.${name}`,
    });
}
