/**
 * The only door to zigbee-herdsman (pinned; its inner modules have no version promise). Deep imports only: the
 * main entry and the Controller would pull in zigbee-on-host, which is GPL and not part of hanway.
 */

import { FIXED_ENDPOINTS } from "zigbee-herdsman/dist/adapter/ember/adapter/endpoints.js";
import { setLogger } from "zigbee-herdsman/dist/utils/logger.js";
import type { Log } from "../../base/log.ts";
import { PROFILE_SMART_ENERGY } from "../security/policy.ts";
import { redact } from "./redact.ts";

export { EmberAdapter } from "zigbee-herdsman/dist/adapter/ember/adapter/emberAdapter.js";
export {
  EmberApsOption,
  EmberDeviceUpdate,
  EmberIncomingMessageType,
  EmberInitialSecurityBitmask,
  EmberJoinDecision,
  EmberLibraryId,
  EmberLibraryStatus,
  EmberOutgoingMessageType,
  EzspNetworkScanType,
  EzspStatus,
  SLStatus,
} from "zigbee-herdsman/dist/adapter/ember/enums.js";
export {
  EzspConfigId,
  EzspDecisionBitmask,
  EzspDecisionId,
  EzspPolicyId,
  EzspValueId,
} from "zigbee-herdsman/dist/adapter/ember/ezsp/enums.js";
export type { Ezsp } from "zigbee-herdsman/dist/adapter/ember/ezsp/ezsp.js";
export { EzspError } from "zigbee-herdsman/dist/adapter/ember/ezspError.js";
export type { EmberApsFrame, EmberRxPacketInfo } from "zigbee-herdsman/dist/adapter/ember/types.js";

/** Smart Energy endpoint of the coordinator, as registered with the firmware (which answers Simple_Desc itself). */
export interface RadioEndpoint {
  endpoint: number;
  deviceId: number;
  serverClusters: readonly number[];
  clientClusters: readonly number[];
}

/**
 * Replaces the driver's home-automation endpoints. The driver keeps them in one array for the whole process, so
 * all radios of a process have the same.
 */
export function useEndpoints(endpoints: readonly RadioEndpoint[]): void {
  // Declared read-only, but a plain array that the adapter walks at every start: the only way to own endpoints.
  Array.prototype.splice.call(
    FIXED_ENDPOINTS,
    0,
    FIXED_ENDPOINTS.length,
    ...endpoints.map(({ endpoint, deviceId, serverClusters, clientClusters }) => ({
      endpoint,
      profileId: PROFILE_SMART_ENERGY,
      deviceId,
      deviceVersion: 1,
      inClusterList: [...serverClusters],
      outClusterList: [...clientClusters],
      networkIndex: 0,
      multicastIds: [],
    })),
  );
}

/**
 * Sends the driver's own messages to `log`, octets and keys removed. The driver has one logger for the whole
 * process: the last call wins. Without `verbose` its debug messages, one or more a frame, are not even built.
 */
export function useDriverLog(log: Log, verbose: boolean): void {
  type Message = string | (() => string);
  const write =
    (level: "debug" | "warn") =>
    (message: Message, namespace: string): void =>
      log[level]({}, `${namespace}: ${redact(typeof message === "function" ? message() : message)}`);
  setLogger({
    debug: verbose ? write("debug") : () => {},
    info: write("debug"),
    warning: write("warn"),
    error: write("warn"),
  });
}
