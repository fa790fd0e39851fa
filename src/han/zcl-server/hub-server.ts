import type { Clock } from "../../base/clock.ts";
import type { ClockStateSource } from "../../base/clock-state.ts";
import { HUB_ENDPOINTS } from "../radio/endpoints.ts";
import { type HubIdentity, hubAttributes, KEEP_ALIVE } from "./attributes.ts";
import { Identify } from "./identify.ts";
import { ZclServer } from "./server.ts";
import { timeAttributes } from "./time.ts";

/** The hub's own ZCL server. `suites`: the attribute KeyEstablishmentSuite as it is now. */
export function hubServer(
  clock: Clock,
  clockState: ClockStateSource,
  identity: HubIdentity,
  suites: () => number,
): ZclServer {
  const identify = new Identify(clock);
  const attributes = hubAttributes({
    identity,
    keepAlive: KEEP_ALIVE,
    suites,
    time: timeAttributes(clock, clockState),
    identify: identify.attributes(),
  });
  return new ZclServer(HUB_ENDPOINTS, attributes, identify);
}
