import { Status } from "../ezsp/status.ts";
import type { ApsFrame } from "../ezsp/structures.ts";
import type { ApsMessage } from "../stack/coordinator.ts";
import type { NcpCore } from "./core.ts";
import { toMessage } from "./message.ts";
import type { Sending } from "./ram.ts";

/** How a message was sent (UG100, EmberOutgoingMessageType). */
export const OutgoingType = {
  DIRECT: 0,
  VIA_ADDRESS_TABLE: 1,
  VIA_BINDING: 2,
  MULTICAST: 3,
  BROADCAST: 6,
} as const;

/** From here on upwards addresses are broadcasts. */
export const FIRST_BROADCAST_ADDRESS = 0xfffc;

export const SEND_STATUS = {
  ok: Status.OK,
  // The real NCP takes such a message and reports the failure in messageSent.
  "no-route": Status.OK,
  "no-link-key": Status.APS_ENCRYPTION_ERROR,
  "not-joined": Status.NETWORK_DOWN,
  "message-too-long": Status.MESSAGE_TOO_LONG,
} as const;

function destination(type: number, indexOrDestination: number, ncp: NcpCore): number | undefined {
  switch (type) {
    case OutgoingType.DIRECT:
      return indexOrDestination;
    case OutgoingType.VIA_ADDRESS_TABLE:
      return ncp.ram.addresses[indexOrDestination]?.nodeId;
    case OutgoingType.VIA_BINDING: {
      const bound = ncp.flash.bindings[String(indexOrDestination)];
      return bound && ncp.stack.nodeIdOf(bound.identifier);
    }
    default:
      return undefined;
  }
}

interface Unicast {
  type: number;
  indexOrDestination: number;
  apsFrame: ApsFrame;
  messageTag: number;
  message: Uint8Array;
}

/** Checks and sends a unicast; what becomes of it is told by messageSent. */
export function sendUnicast(request: Unicast, ncp: NcpCore): { status: number; sequence: number } {
  const { type, indexOrDestination, apsFrame, messageTag } = request;
  const nodeId = destination(type, indexOrDestination, ncp);
  if (nodeId === undefined || nodeId >= FIRST_BROADCAST_ADDRESS)
    return { status: Status.INVALID_PARAMETER, sequence: 0 };
  if (ncp.ram.state !== "up") return { status: Status.NETWORK_DOWN, sequence: 0 };
  if (ncp.ram.busy) return { status: Status.MAX_MESSAGE_LIMIT_REACHED, sequence: 0 };
  const message = toMessage(apsFrame, nodeId, request.message);
  message.tag = messageTag;
  ncp.ram.sending.set(message, { type, indexOrDestination, apsFrame, tag: messageTag });
  const outcome = ncp.stack.unicast(message);
  const status = SEND_STATUS[outcome];
  if (outcome === "no-route") ncp.messageSent(message, false);
  else if (outcome !== "ok") ncp.ram.sending.delete(message);
  return { status, sequence: message.sequence & 0xff };
}

/** Sends a broadcast or multicast. */
export function spread(message: ApsMessage, radius: number, sending: Sending, ncp: NcpCore) {
  if (ncp.ram.state !== "up") return { status: Status.NETWORK_DOWN, sequence: 0 };
  message.tag = sending.tag;
  ncp.ram.spreading.set(message, sending);
  const outcome = ncp.stack.broadcast(message, radius);
  if (outcome !== "ok") ncp.ram.spreading.delete(message);
  return { status: SEND_STATUS[outcome], sequence: message.sequence & 0xff };
}
