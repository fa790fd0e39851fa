import { Eui64 } from "../../base/eui64.ts";
import { callbacks } from "../ezsp/callbacks.ts";
import type { ApsMessage, StackEvent } from "../stack/coordinator.ts";
import { isSleepyChild, type NcpCore } from "./core.ts";
import { apsFrameOf } from "./message.ts";
import { OutgoingType } from "./outgoing.ts";
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

/** A message from the air, or from the stick itself, as incomingMessage. */
export function onIncoming(event: Extract<StackEvent, { type: "incoming" }>, ncp: NcpCore): void {
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
