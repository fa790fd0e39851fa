import type { ApsMessage } from "../coordinator.ts";
import { isBroadcast } from "../network/nwk-frame.ts";
import type { DataHeader } from "./aps-frame.ts";

/** The header under which a message, or one block of it, goes out. */
export function dataHeader(message: ApsMessage): DataHeader {
  const group = message.group !== undefined && message.fragment === undefined;
  const header: DataHeader = {
    type: "data",
    delivery: group ? "group" : isBroadcast(message.nodeId) ? "broadcast" : "unicast",
    security: message.apsSecurity,
    ackRequest: message.apsAck,
    destination: group ? (message.group ?? 0) : message.destinationEndpoint,
    cluster: message.cluster,
    profile: message.profile,
    sourceEndpoint: message.sourceEndpoint,
    counter: message.sequence,
  };
  if (message.fragment) {
    const { index, total } = message.fragment;
    header.extended = { first: index === 0, block: index === 0 ? total : index };
  }
  return header;
}

/** The message, or block, that came from a node under this header. */
export function messageFrom(nodeId: number, header: DataHeader, payload: Uint8Array): ApsMessage {
  const message: ApsMessage = {
    nodeId,
    profile: header.profile,
    cluster: header.cluster,
    sourceEndpoint: header.sourceEndpoint,
    destinationEndpoint: header.delivery === "group" ? 0xff : header.destination,
    apsSecurity: header.security,
    apsAck: header.ackRequest,
    sequence: header.counter,
    payload,
  };
  if (header.delivery === "group") message.group = header.destination;
  const { extended } = header;
  if (extended)
    message.fragment = extended.first
      ? { index: 0, total: extended.block }
      : { index: extended.block, total: 0 };
  return message;
}

/** The APS ACK of a frame: secured as the frame was, with the endpoints turned round. */
export function ackHeader(of: DataHeader): DataHeader {
  return {
    ...of,
    type: "ack",
    delivery: "unicast",
    ackRequest: false,
    destination: of.sourceEndpoint,
    sourceEndpoint: of.destination,
  };
}

/**
 * The APS ACK of blocks of a fragmented message (Zigbee 2.2.8.4.5). `block` is one of them as it came in; bit 0 of
 * `bitmap` stands for block `first`.
 */
export function blockAckHeader(block: ApsMessage, first: number, bitmap: number): DataHeader {
  return {
    type: "ack",
    delivery: "unicast",
    security: block.apsSecurity,
    ackRequest: false,
    destination: block.sourceEndpoint,
    cluster: block.cluster,
    profile: block.profile,
    sourceEndpoint: block.destinationEndpoint,
    counter: block.sequence,
    extended: { first: first === 0, block: first, bitmap },
  };
}
