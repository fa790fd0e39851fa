import { callbacks } from "../ezsp/callbacks.ts";
import { Status } from "../ezsp/status.ts";
import type { StackEvent } from "../stack/coordinator.ts";
import type { NcpCore } from "./core.ts";
import { onIncoming } from "./incoming.ts";
import { Decision, Policy } from "./policies.ts";
import { Counter } from "./ram.ts";

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
