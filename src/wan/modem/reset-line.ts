import { writeFile } from "node:fs/promises";
import { type Clock, sleep } from "../../base/clock.ts";

/**
 * A file of the system that resets or powers the modem: the value of an exported GPIO line
 * (`/sys/class/gpio/gpio529/value`, "1" then "0"; GPIO17 of a Raspberry Pi, whose sysfs counts from 512 since Linux
 * 6.6), the `brightness` of a line that the device tree calls an LED, or a USB port's `authorized` ("0" then "1") or
 * `disable` ("1" then "0").
 */
export interface ResetLine {
  file: string;
  /** Written to take the modem down. */
  assert: string;
  /** Written to let it go again. */
  release: string;
  holdMs: number;
}

/** Takes the modem down and up again. False where the file does not take it: the reason is for the log. */
export async function pull(
  line: ResetLine,
  clock: Clock,
): Promise<{ done: true } | { done: false; why: string }> {
  try {
    await writeFile(line.file, line.assert, { flag: "r+" });
    await sleep(clock, line.holdMs);
    await writeFile(line.file, line.release, { flag: "r+" });
    return { done: true };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown fault";
    return { done: false, why: `${line.file}: ${code}` };
  }
}
