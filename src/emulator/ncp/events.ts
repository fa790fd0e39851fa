import { Eui64 } from "../../base/eui64.ts";
import { callbacks } from "../ezsp/callbacks.ts";
import { Status } from "../ezsp/status.ts";
import { type ApsFrame, ApsOption } from "../ezsp/structures.ts";
import type { ApsMessage, StackEvent } from "../stack/coordinator.ts";
import type { NcpCore } from "./core.ts";
import { OutgoingType } from "./handlers/messaging.ts";
import { Decision, Policy } from "./policies.ts";
import { Counter } from "./ram.ts";

const NO_EUI = Eui64("0000000000000000");
const NO_TABLE_ENTRY = 0xff;
const ZDO_PROFILE = 0x0000;
const DEVICE_ANNOUNCE = 0x0013;
const RX_ON_BROADCAST = 0xfffd;
/** Tag of what the NCP sends by itself. */
const OWN_TAG = 255;
/** Behind the message of a frame from another node stands one more octet, of which nobody published the meaning. */
const TRAILING = Uint8Array.of(0x02);

const IncomingType = { UNICAST: 0, MULTICAST: 2, BROADCAST: 4 } as const;
const NodeType = { END_DEVICE: 3, SLEEPY_END_DEVICE: 4 } as const;

/** EmberDeviceUpdate, EmberJoinDecision and EmberKeyStatus as UG100 numbers them. */
const DEVICE_UPDATE = { "secured-rejoin": 0, "standard-join": 1, left: 2, "unsecured-rejoin": 3 } as const;
const JOIN_DECISION = {
  "allowed-preconfigured": 0,
  "allowed-key-in-clear": 1,
  denied: 2,
  none: 3,
} as const;
const KEY_STATUS = { responded: 6, sentToRequester: 7, rejected: 17 } as const;

const NETWORK_STATUS = {
  up: Status.NETWORK_UP,
  down: Status.NETWORK_DOWN,
  opened: Status.NETWORK_OPENED,
  closed: Status.NETWORK_CLOSED,
} as const;

/** Turns what happens in the Zigbee stack into EZSP callbacks, in the order in which real sticks send them. */
export function onStackEvent(event: StackEvent, ncp: NcpCore): void {
  if (event.type === "changed") ncp.flashChanged();
  else if (event.type === "network") onNetwork(event.state, ncp);
  else if (ncp.ram.state === "up") onTraffic(event, ncp);
}

function onTraffic(event: Exclude<StackEvent, { type: "changed" | "network" }>, ncp: NcpCore): void {
  switch (event.type) {
    case "incoming":
      onIncoming(event, ncp);
      break;
    case "sent":
      ncp.messageSent(event.message, event.delivered);
      break;
    case "joined":
      onJoined(event, ncp);
      break;
    case "child":
      onChild(event, ncp);
      break;
    case "poll":
      onPoll(event, ncp);
      break;
    case "key-request":
      ncp.emit(callbacks.zigbeeKeyEstablishment, {
        partner: event.eui64,
        status: keyStatus(event.kind, ncp),
      });
  }
}

function onPoll(event: Extract<StackEvent, { type: "poll" }>, ncp: NcpCore): void {
  if (ncp.ram.policies.get(Policy.POLL_HANDLER) !== Decision.POLL_HANDLER_CALLBACK) return;
  ncp.emit(callbacks.pollHandler, { childId: event.nodeId, transmitExpected: event.expected ? 1 : 0 });
}

function onJoined(event: Extract<StackEvent, { type: "joined" }>, ncp: NcpCore): void {
  if (event.status !== "left") ncp.ram.count(Counter.JOIN_INDICATION);
  ncp.emit(callbacks.trustCenterJoin, {
    newNodeId: event.nodeId,
    newNodeEui64: event.eui64,
    status: DEVICE_UPDATE[event.status],
    policyDecision: JOIN_DECISION[event.decision],
    parentOfNewNodeId: event.parent,
  });
}

function keyStatus(kind: "trust-center" | "application", ncp: NcpCore): number {
  const policy = kind === "application" ? Policy.APP_KEY_REQUEST : Policy.TC_KEY_REQUEST;
  const decision = ncp.ram.policies.get(policy);
  if (kind === "application")
    return decision === Decision.ALLOW_APP_KEY_REQUESTS ? KEY_STATUS.sentToRequester : KEY_STATUS.rejected;
  return decision === Decision.DENY_TC_KEY_REQUESTS ? KEY_STATUS.rejected : KEY_STATUS.responded;
}

function onNetwork(state: keyof typeof NETWORK_STATUS, ncp: NcpCore): void {
  const { ram } = ncp;
  if (state === "up") {
    if (ram.state !== "starting") return;
    ram.state = "up";
  } else if (ram.state !== "up") return;
  if (state === "down") ram.state = "down";
  ncp.emit(callbacks.stackStatus, { status: NETWORK_STATUS[state] });
}

function onChild(event: Extract<StackEvent, { type: "child" }>, ncp: NcpCore): void {
  const index = ncp.stack.children().findIndex((child) => child.eui64 === event.eui64);
  if (!event.joining) ncp.ram.count(Counter.CHILD_REMOVED);
  ncp.emit(callbacks.childJoin, {
    index: Math.max(0, index),
    joining: event.joining ? 1 : 0,
    childId: event.nodeId,
    childEui64: event.eui64,
    childType: event.sleepy ? NodeType.SLEEPY_END_DEVICE : NodeType.END_DEVICE,
  });
}

/** The APS frame as EZSP shows it: a fragment's number and, in the first, the count of blocks stand in the group. */
function apsFrameOf(message: ApsMessage): ApsFrame {
  const { fragment } = message;
  return {
    profileId: message.profile,
    clusterId: message.cluster,
    sourceEndpoint: message.sourceEndpoint,
    destinationEndpoint: message.destinationEndpoint,
    options:
      (message.apsSecurity ? ApsOption.ENCRYPTION : 0) |
      (message.apsAck ? ApsOption.RETRY : 0) |
      (fragment ? ApsOption.FRAGMENT : 0),
    groupId: fragment
      ? (fragment.index & 0xff) | (fragment.index === 0 ? (fragment.total & 0xff) << 8 : 0)
      : (message.group ?? 0),
    sequence: message.sequence & 0xff,
  };
}

function isSleepyChild(nodeId: number, ncp: NcpCore): boolean {
  return ncp.stack.children().some((child) => child.nodeId === nodeId && child.sleepy);
}

function onIncoming(event: Extract<StackEvent, { type: "incoming" }>, ncp: NcpCore): void {
  const { message, kind, lqi, rssi } = event;
  const { ram } = ncp;
  if (kind === "multicast" && !ram.multicasts.some((entry) => entry?.multicastId === message.group)) return;
  ram.count(kind === "unicast" ? Counter.APS_RX_UNICAST : Counter.APS_RX_BROADCAST);
  const fromSelf = message.nodeId === 0;
  if (kind === "unicast" && !fromSelf) recordRoute(message.nodeId, lqi, rssi, ncp);
  ncp.emit(
    callbacks.incomingMessage,
    {
      type:
        kind === "unicast"
          ? IncomingType.UNICAST
          : kind === "multicast"
            ? IncomingType.MULTICAST
            : IncomingType.BROADCAST,
      apsFrame: apsFrameOf(message),
      sender: message.nodeId,
      senderEui64: NO_EUI,
      bindingIndex: NO_TABLE_ENTRY,
      addressIndex: addressIndex(message.nodeId, ncp),
      lastHopLqi: Math.max(0, Math.min(255, Math.round(lqi))),
      lastHopRssi: Math.max(-128, Math.min(127, Math.round(rssi))),
      lastHopTimestamp: Math.floor(ncp.clock.elapsed()) % 0x1_0000_0000,
      message: message.payload,
    },
    fromSelf ? undefined : TRAILING,
  );
  if (message.profile === ZDO_PROFILE && message.cluster === DEVICE_ANNOUNCE) announceForChild(message, ncp);
}

function addressIndex(nodeId: number, ncp: NcpCore): number {
  const index = ncp.ram.addresses.findIndex((entry) => entry?.nodeId === nodeId);
  return index < 0 ? NO_TABLE_ENTRY : index;
}

/** A node that is no child sends its route to a concentrator ahead of its first message. */
function recordRoute(nodeId: number, lqi: number, rssi: number, ncp: NcpCore): void {
  const { ram, stack } = ncp;
  if (!ram.concentrator || ram.routeRecorded.has(nodeId)) return;
  if (stack.children().some((child) => child.nodeId === nodeId)) return;
  ram.routeRecorded.add(nodeId);
  ncp.emit(callbacks.incomingRouteRecord, {
    source: nodeId,
    sourceEui64: stack.eui64Of(nodeId) ?? NO_EUI,
    lastHopLqi: Math.max(0, Math.min(255, Math.round(lqi))),
    lastHopRssi: Math.max(-128, Math.min(127, Math.round(rssi))),
    relays: [],
  });
}

/** A parent repeats the announcement of its sleeping child to the others (Zigbee 2.4.3.1.11). */
function announceForChild(message: ApsMessage, ncp: NcpCore): void {
  if (!isSleepyChild(message.nodeId, ncp)) return;
  const copy: ApsMessage = { ...message, nodeId: RX_ON_BROADCAST, apsAck: false, tag: OWN_TAG };
  delete copy.group;
  ncp.ram.spreading.set(copy, {
    type: OutgoingType.BROADCAST,
    indexOrDestination: RX_ON_BROADCAST,
    apsFrame: apsFrameOf(copy),
    tag: OWN_TAG,
  });
  ncp.stack.broadcast(copy, 0);
}

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
