import type { Log } from "../../base/log.ts";
import { type Ezsp, EzspNetworkScanType, SLStatus } from "./herdsman.ts";

/** Scan duration exponent of IEEE 802.15.4: (2^3 + 1) × 15.36 ms a channel. */
const SCAN_DURATION = 3;
const SCAN_LIMIT_MS = 8_000;

/**
 * The channel of `channels` with the least energy (CHTS: the hub forms on a quiet channel), or undefined when the
 * radio cannot scan. Only for a radio without a network.
 */
export async function quietestChannel(
  ezsp: Ezsp,
  channels: readonly number[],
  log: Log,
): Promise<number | undefined> {
  const heard = new Map<number, number>();
  let timer: NodeJS.Timeout | undefined;
  const complete = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SCAN_LIMIT_MS);
    ezsp.ezspScanCompleteHandler = () => resolve();
  });
  ezsp.ezspEnergyScanResultHandler = (channel, rssi) => {
    heard.set(channel, Math.max(rssi, heard.get(channel) ?? -128));
  };
  const mask = channels.reduce((bits, channel) => (bits | (1 << channel)) >>> 0, 0);
  try {
    const status = await ezsp.ezspStartScan(EzspNetworkScanType.ENERGY_SCAN, mask, SCAN_DURATION);
    if (status !== SLStatus.OK) throw new Error(SLStatus[status]);
    await complete;
  } catch (error) {
    log.warn(
      {},
      `radio: no energy scan (${error instanceof Error ? error.message : "failed"}), first channel taken`,
    );
    return undefined;
  } finally {
    clearTimeout(timer);
  }
  const [best] = channels
    .filter((channel) => heard.has(channel))
    .sort((a, b) => (heard.get(a) ?? 0) - (heard.get(b) ?? 0));
  if (best !== undefined) log.info({}, `radio: channel ${best} is the quietest, ${heard.get(best)} dBm`);
  return best;
}
