import { callbacks } from "../ezsp/callbacks.ts";
import { Status } from "../ezsp/status.ts";
import type { ApsMessage } from "../stack/coordinator.ts";
import { isSleepyChild, type NcpCore } from "./core.ts";
import { Decision, Policy } from "./policies.ts";
import { Counter } from "./ram.ts";

/** The last word on a message of the host, as messageSent. */
export function reportSent(message: ApsMessage, delivered: boolean, ncp: NcpCore): void {
  const { ram } = ncp;
  const unicast = ram.sending.get(message);
  const sending = unicast ?? ram.spreading.get(message);
  if (!sending) return;
  ram.sending.delete(message);
  ram.spreading.delete(message);
  if (!unicast) ram.count(Counter.APS_TX_BROADCAST);
  else ram.count(delivered ? Counter.APS_TX_UNICAST_SUCCESS : Counter.APS_TX_UNICAST_FAILED);
  if (unicast && !delivered && isSleepyChild(message.nodeId, ncp))
    ncp.emit(callbacks.incomingRouteError, {
      status: Status.MAC_INDIRECT_TIMEOUT,
      target: message.nodeId,
    });
  const withContents =
    ram.policies.get(Policy.MESSAGE_CONTENTS_IN_CALLBACK) === Decision.MESSAGE_TAG_AND_CONTENTS;
  ncp.emit(callbacks.messageSent, {
    status: delivered ? Status.OK : Status.DELIVERY_FAILED,
    type: sending.type,
    indexOrDestination: sending.indexOrDestination,
    apsFrame: { ...sending.apsFrame, sequence: message.sequence & 0xff },
    messageTag: sending.tag,
    message: withContents ? message.payload : new Uint8Array(0),
  });
}
