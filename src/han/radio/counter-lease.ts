import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { type Ezsp, EzspError, EzspValueId, SLStatus } from "./herdsman.ts";
import type { NetworkRecord } from "./network-record.ts";

/** How far the record runs ahead of a counter in use, and how often that is looked at. */
const LEASE = 0x10000;
const CHECK_MS = 600_000;
const MOST = 0xffff_ffff;

/**
 * Keeps the record's outgoing frame counters ahead of the radio's. When the stick has lost its memory and the same
 * network is formed again, devices refuse every frame below the counter that they know, under the network key and
 * under their link keys.
 */
export function leaseFrameCounters(
  ezsp: Ezsp,
  record: () => NetworkRecord | undefined,
  save: (record: NetworkRecord) => void,
  clock: Clock,
  log: Log,
): void {
  const check = async (): Promise<void> => {
    const [status, { networkKeyFrameCounter }] = await ezsp.ezspGetNetworkKeyInfo();
    const aps = await apsCounter(ezsp);
    const known = record();
    if (known === undefined) return;
    const frameCounter = ahead(known.frameCounter, status === SLStatus.OK ? networkKeyFrameCounter : 0);
    const apsFrameCounter = ahead(known.apsFrameCounter, aps);
    if (frameCounter !== known.frameCounter || apsFrameCounter !== known.apsFrameCounter)
      save({ ...known, frameCounter, apsFrameCounter });
    clock.after(CHECK_MS, run);
  };
  const run = (): void => {
    // Ends with its link, whose commands then fail.
    if (record() !== undefined)
      check().catch(() => log.debug({}, "radio: the frame counters were not noted"));
  };
  run();
}

function ahead(noted: number, used: number): number {
  return noted - used < LEASE / 2 ? Math.min(MOST, used + LEASE) : noted;
}

/** The one counter of all link keys; 0 where the firmware does not tell it. */
async function apsCounter(ezsp: Ezsp): Promise<number> {
  try {
    const [status, , octets] = await ezsp.ezspGetValue(EzspValueId.APS_FRAME_COUNTER, 4);
    return status === SLStatus.OK ? octets.reduceRight((value, octet) => value * 256 + octet, 0) : 0;
  } catch (error) {
    if (error instanceof EzspError) return 0;
    throw error;
  }
}
