import type { CommunicationsHubFunction } from "../../chf/chf.ts";
import { CODE } from "../../chf/logs.ts";
import type { PowerConfig } from "./config.ts";
import type { PowerEvent } from "./power-state.ts";

/** An outage of so long is told apart when it is over (0x8F36), in milliseconds. */
const LONG_OUTAGE_MS = 180_000;

type SupplySettings = Pick<PowerConfig, "alert" | "alertSeconds" | "logShortOutages">;

/**
 * What the CHF Event Log says of mains, and the GBCS Alert where there is to be one; joins the store transaction of the
 * event. 0x8F57 has the time at which mains was lost and is written when the outage counts, 0x8F35 or 0x8F36 when it is
 * over. An outage that outlived the hub's own supply is written when mains is back; for an alert it is too late then.
 */
export function recordSupply(
  event: PowerEvent,
  { alert, alertSeconds, logShortOutages }: SupplySettings,
  { logs, alerts }: Pick<CommunicationsHubFunction, "logs" | "alerts">,
): void {
  const { lostAt, alertedAt } = event.outage;
  const interrupted = () => logs.event(CODE.supplyInterrupted, undefined, lostAt);
  if (event.type === "alert") {
    interrupted();
    if (alert === "critical") alerts.critical(CODE.supplyInterrupted);
    if (alert === "non-critical") alerts.nonCritical(CODE.supplyInterrupted);
  }
  if (event.type === "restored" && (event.counted || logShortOutages)) {
    if (alertedAt === undefined) interrupted();
    // The clock may have been set meanwhile; the alert has been waited for by a timer.
    const lasted = Math.max(event.outage.backAt - lostAt, alertedAt === undefined ? 0 : alertSeconds * 1_000);
    const long = event.counted && lasted >= LONG_OUTAGE_MS;
    logs.event(long ? CODE.supplyRestoredAfterLong : CODE.supplyRestored);
  }
}
