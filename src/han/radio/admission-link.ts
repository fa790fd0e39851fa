import type { Ezsp } from "./herdsman.ts";

/** What admission needs of the link while it is up. */
export interface AdmissionLink {
  readonly ezsp: Ezsp;
  /** ZDO Mgmt_Permit_Joining to the network's routers. */
  permitRouters(seconds: number): Promise<void>;
}
