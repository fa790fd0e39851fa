import type { Eui64 } from "../../base/eui64.ts";
import { EmberDeviceUpdate, EmberJoinDecision } from "./herdsman.ts";
import type { RadioEvent } from "./port.ts";

type Joined = Extract<RadioEvent, { type: "joined" }>;

/** Joiners that have not yet spoken; more are forgotten, oldest first. */
const MAX_SILENT = 16;

/**
 * Turns the Trust Centre's reports into events. A device that was given the network key has joined only when its
 * first frame proves that it could decrypt it: with a wrong install code it cannot, and stays `associated`.
 */
export class Joins {
  readonly #silent = new Map<number, Joined>();

  /** EmberZNet's trustCenterJoin: EmberDeviceUpdate and EmberJoinDecision. */
  report(nodeId: number, eui64: Eui64, update: number, decision: number): RadioEvent {
    this.#silent.delete(nodeId);
    if (update === EmberDeviceUpdate.DEVICE_LEFT) return { type: "left", eui64, nodeId };
    if (decision === EmberJoinDecision.DENY_JOIN) return { type: "refused", eui64, nodeId };
    if (update === EmberDeviceUpdate.STANDARD_SECURITY_SECURED_REJOIN)
      return { type: "joined", eui64, nodeId, how: "secured-rejoin" };
    const unsecured = update === EmberDeviceUpdate.STANDARD_SECURITY_UNSECURED_REJOIN;
    const how = unsecured ? "unsecured-rejoin" : "install-code";
    this.#silent.set(nodeId, { type: "joined", eui64, nodeId, how });
    for (const oldest of this.#silent.keys()) {
      if (this.#silent.size <= MAX_SILENT) break;
      this.#silent.delete(oldest);
    }
    return { type: "associated", eui64, nodeId, how };
  }

  /** A frame came from this node; the event when it was its first. */
  heard(nodeId: number): RadioEvent | undefined {
    const joined = this.#silent.get(nodeId);
    this.#silent.delete(nodeId);
    return joined;
  }
}
