import { Eui64 } from "../../../base/eui64.ts";
import { commands } from "../../ezsp/commands.ts";
import { Status } from "../../ezsp/status.ts";
import { type ApsFrame, ApsOption } from "../../ezsp/structures.ts";
import type { ApsMessage } from "../../stack/coordinator.ts";
import { type Handler, type NcpCore, on } from "../core.ts";
import { Config } from "../profile.ts";
import { NO_NODE, type Sending } from "../ram.ts";

/** How a message was sent (UG100, EmberOutgoingMessageType). */
export const OutgoingType = {
  DIRECT: 0,
  VIA_ADDRESS_TABLE: 1,
  VIA_BINDING: 2,
  MULTICAST: 3,
  BROADCAST: 6,
} as const;

const NO_EUI = Eui64("0000000000000000");
const NULL_EUI = Eui64("ffffffffffffffff");
const UNKNOWN_NODE = 0xfffd;
/** Largest APS payload with network security (127 octets of PHY less the headers). */
const MAXIMUM_PAYLOAD = 82;
const FIRST_BROADCAST_ADDRESS = 0xfffc;

const SEND_STATUS = {
  ok: Status.OK,
  // The real NCP takes such a message and reports the failure in messageSent.
  "no-route": Status.OK,
  "no-link-key": Status.APS_ENCRYPTION_ERROR,
  "not-joined": Status.NETWORK_DOWN,
  "message-too-long": Status.MESSAGE_TOO_LONG,
} as const;

/** The message as the stack takes it. A fragment's number stands in the low octet of the group, the count of blocks of the first in the high one. */
function toMessage(apsFrame: ApsFrame, nodeId: number, payload: Uint8Array): ApsMessage {
  const { options, groupId } = apsFrame;
  return {
    nodeId,
    profile: apsFrame.profileId,
    cluster: apsFrame.clusterId,
    sourceEndpoint: apsFrame.sourceEndpoint,
    destinationEndpoint: apsFrame.destinationEndpoint,
    apsSecurity: (options & ApsOption.ENCRYPTION) !== 0,
    apsAck: (options & (ApsOption.RETRY | ApsOption.FRAGMENT)) !== 0,
    ...(options & ApsOption.FRAGMENT ? { fragment: { index: groupId & 0xff, total: groupId >>> 8 } } : {}),
    sequence: apsFrame.sequence,
    payload: Uint8Array.from(payload),
  };
}

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

function sendUnicast(request: Unicast, ncp: NcpCore): { status: number; sequence: number } {
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

function spread(message: ApsMessage, radius: number, sending: Sending, ncp: NcpCore) {
  if (ncp.ram.state !== "up") return { status: Status.NETWORK_DOWN, sequence: 0 };
  message.tag = sending.tag;
  ncp.ram.spreading.set(message, sending);
  const outcome = ncp.stack.broadcast(message, radius);
  if (outcome !== "ok") ncp.ram.spreading.delete(message);
  return { status: SEND_STATUS[outcome], sequence: message.sequence & 0xff };
}

export const messagingHandlers: readonly Handler[] = [
  on(commands.maximumPayloadLength, () => ({ length: MAXIMUM_PAYLOAD })),
  on(commands.sendUnicast, sendUnicast),
  on(commands.sendBroadcast, ({ destination: address, apsFrame, radius, messageTag, message }, ncp) => {
    if (address < FIRST_BROADCAST_ADDRESS) return { status: Status.INVALID_PARAMETER, sequence: 0 };
    const sending = {
      type: OutgoingType.BROADCAST,
      indexOrDestination: address,
      apsFrame,
      tag: messageTag,
    };
    return spread(toMessage(apsFrame, address, message), radius, sending, ncp);
  }),
  on(commands.sendMulticast, ({ apsFrame, hops, broadcastAddress, messageTag, message }, ncp) => {
    const address = broadcastAddress >= FIRST_BROADCAST_ADDRESS ? broadcastAddress : 0xfffd;
    const out = toMessage(apsFrame, address, message);
    delete out.fragment;
    out.group = apsFrame.groupId;
    const sending = {
      type: OutgoingType.MULTICAST,
      indexOrDestination: apsFrame.groupId,
      apsFrame,
      tag: messageTag,
    };
    return spread(out, hops, sending, ncp);
  }),
  on(commands.sendReply, ({ sender, apsFrame, message }, ncp) => {
    if ((apsFrame.options & ApsOption.FRAGMENT) === 0) return { status: Status.INVALID_STATE };
    const reply = toMessage(apsFrame, sender, message);
    // Here the high octet says which blocks of the window have come.
    reply.fragment = { index: apsFrame.groupId & 0xff, total: 0, bitmap: apsFrame.groupId >>> 8 };
    return { status: SEND_STATUS[ncp.stack.fragmentAck(sender, reply)] };
  }),
  on(commands.sendManyToOneRouteRequest, (_request, ncp) => {
    ncp.ram.routeRecorded.clear();
    return { status: ncp.ram.state === "up" ? Status.OK : Status.NETWORK_DOWN };
  }),
  on(commands.lookupNodeIdByEui64, ({ eui64 }, ncp) => {
    const nodeId = ncp.ram.state === "up" ? ncp.stack.nodeIdOf(eui64) : undefined;
    return { status: nodeId === undefined ? Status.NOT_FOUND : Status.OK, nodeId: nodeId ?? NO_NODE };
  }),
  on(commands.lookupEui64ByNodeId, ({ nodeId }, ncp) => {
    const eui64 = ncp.ram.state === "up" ? ncp.stack.eui64Of(nodeId) : undefined;
    return { status: eui64 === undefined ? Status.FAIL : Status.OK, eui64: eui64 ?? NO_EUI };
  }),
  ...addressTable(),
  on(commands.getMulticastTableEntry, ({ index }, ncp) => ({
    status: index < ncp.ram.size(Config.MULTICAST_TABLE_SIZE) ? Status.OK : Status.INVALID_INDEX,
    entry: ncp.ram.multicasts[index] ?? { multicastId: 0, endpoint: 0, networkIndex: 0 },
  })),
  on(commands.setMulticastTableEntry, ({ index, entry }, ncp) => {
    if (index >= ncp.ram.size(Config.MULTICAST_TABLE_SIZE)) return { status: Status.INVALID_INDEX };
    ncp.ram.multicasts[index] = entry;
    return { status: Status.OK };
  }),
];

function addressTable(): Handler[] {
  const inRange = (index: number, ncp: NcpCore) => index < ncp.ram.size(Config.ADDRESS_TABLE_SIZE);
  const store = (index: number, eui64: Eui64, nodeId: number, ncp: NcpCore) => {
    if (!inRange(index, ncp)) return { status: Status.INVALID_INDEX };
    ncp.ram.addresses[index] = { eui64, nodeId, extendedTimeout: false };
    return { status: Status.OK };
  };
  const known = (eui64: Eui64, ncp: NcpCore) => ncp.ram.addresses.find((entry) => entry?.eui64 === eui64);
  return [
    on(commands.setAddressTableInfo, ({ index, eui64, nodeId }, ncp) => store(index, eui64, nodeId, ncp)),
    on(commands.getAddressTableInfo, ({ index }, ncp) => {
      const entry = ncp.ram.addresses[index];
      return {
        status: inRange(index, ncp) ? Status.OK : Status.INVALID_INDEX,
        nodeId: entry?.nodeId ?? NO_NODE,
        eui64: entry?.eui64 ?? NULL_EUI,
      };
    }),
    on(commands.setAddressTableRemoteEui64, ({ index, eui64 }, ncp) =>
      store(index, eui64, ncp.stack.nodeIdOf(eui64) ?? UNKNOWN_NODE, ncp),
    ),
    on(commands.setAddressTableRemoteNodeId, ({ index, nodeId }, ncp) => {
      const entry = ncp.ram.addresses[index];
      if (entry) entry.nodeId = nodeId;
      return {};
    }),
    on(commands.getAddressTableRemoteEui64, ({ index }, ncp) => ({
      eui64: ncp.ram.addresses[index]?.eui64 ?? NULL_EUI,
    })),
    on(commands.getAddressTableRemoteNodeId, ({ index }, ncp) => ({
      nodeId: ncp.ram.addresses[index]?.nodeId ?? NO_NODE,
    })),
    on(commands.addressTableEntryIsActive, ({ index }, ncp) => ({
      active: [...ncp.ram.sending.values()].some(
        (each) => each.type === OutgoingType.VIA_ADDRESS_TABLE && each.indexOrDestination === index,
      )
        ? 1
        : 0,
    })),
    on(commands.replaceAddressTableEntry, (request, ncp) => {
      const old = ncp.ram.addresses[request.index];
      const ok = inRange(request.index, ncp);
      if (ok)
        ncp.ram.addresses[request.index] = {
          eui64: request.newEui64,
          nodeId: request.newNodeId,
          extendedTimeout: request.newExtendedTimeout !== 0,
        };
      return {
        status: ok ? Status.OK : Status.INVALID_INDEX,
        oldEui64: old?.eui64 ?? NULL_EUI,
        oldNodeId: old?.nodeId ?? NO_NODE,
        oldExtendedTimeout: old?.extendedTimeout ? 1 : 0,
      };
    }),
    on(commands.setExtendedTimeout, ({ eui64, extendedTimeout }, ncp) => {
      const entry = known(eui64, ncp);
      if (entry) entry.extendedTimeout = extendedTimeout !== 0;
      return { status: entry ? Status.OK : Status.NOT_FOUND };
    }),
    on(commands.getExtendedTimeout, ({ eui64 }, ncp) => {
      const extended = known(eui64, ncp)?.extendedTimeout ?? false;
      return { extendedTimeout: extended ? 1 : 0, status: extended ? Status.OK : Status.FAIL };
    }),
  ];
}
