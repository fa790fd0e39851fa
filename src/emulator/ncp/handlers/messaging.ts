import { commands } from "../../ezsp/commands.ts";
import { Status } from "../../ezsp/status.ts";
import { ApsOption } from "../../ezsp/structures.ts";
import { type Handler, on } from "../core.ts";
import { toMessage } from "../message.ts";
import { FIRST_BROADCAST_ADDRESS, OutgoingType, SEND_STATUS, sendUnicast, spread } from "../outgoing.ts";

/** Largest APS payload with network security (127 octets of PHY less the headers). */
const MAXIMUM_PAYLOAD = 82;

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
];
