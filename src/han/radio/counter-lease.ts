import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { type Ezsp, SLStatus } from "./herdsman.ts";
import type { NetworkRecord } from "./network-record.ts";

/** How far the record runs ahead of the counter in use, and how often that is looked at. */
const LEASE = 0x10000;
const CHECK_MS = 600_000;

/**
 * Keeps the record's outgoing frame counter ahead of the radio's. When the stick has lost its memory and the same
 * network is formed again, devices refuse every frame below the counter that they know.
 */
export function leaseFrameCounter(
  ezsp: Ezsp,
  record: () => NetworkRecord | undefined,
  save: (record: NetworkRecord) => void,
  clock: Clock,
  log: Log,
): void {
  const check = async (): Promise<void> => {
    const [status, { networkKeyFrameCounter }] = await ezsp.ezspGetNetworkKeyInfo();
    const known = record();
    if (known === undefined) return;
    if (status === SLStatus.OK && known.frameCounter - networkKeyFrameCounter < LEASE / 2)
      save({ ...known, frameCounter: Math.min(0xffff_ffff, networkKeyFrameCounter + LEASE) });
    clock.after(CHECK_MS, run);
  };
  const run = (): void => {
    // Ends with its link, whose commands then fail.
    if (record() !== undefined) check().catch(() => log.debug({}, "radio: the frame counter was not noted"));
  };
  run();
}
