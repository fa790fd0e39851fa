import { Eui64 } from "../../base/eui64.ts";
import { changed, eui64, i8, listOf, payload, record, since, u8, u16, u32 } from "./codec.ts";
import { callback } from "./command.ts";
import { status } from "./status.ts";
import { apsFrame, foundNetwork } from "./structures.ts";

const NO_EUI = Eui64("0000000000000000");
const messageTag = changed(14, u8, u16);

/** What the NCP says unasked (UG100: the handlers). */
export const callbacks = {
  noCallbacks: callback("noCallbacks", 0x0007, {}),
  stackTokenChanged: callback("stackTokenChanged", 0x000d, { tokenAddress: u16 }),
  stackStatus: callback("stackStatus", 0x0019, { status }),
  networkFound: callback("networkFound", 0x001b, { network: foundNetwork, lastHopLqi: u8, lastHopRssi: i8 }),
  scanComplete: callback("scanComplete", 0x001c, { channel: u8, status }),
  childJoin: callback("childJoin", 0x0023, {
    index: u8,
    joining: u8,
    childId: u16,
    childEui64: eui64,
    childType: u8,
  }),
  trustCenterJoin: callback("trustCenterJoin", 0x0024, {
    newNodeId: u16,
    newNodeEui64: eui64,
    status: u8,
    policyDecision: u8,
    parentOfNewNodeId: u16,
  }),
  messageSent: callback(
    "messageSent",
    0x003f,
    { status, type: u8, indexOrDestination: u16, apsFrame, messageTag, message: payload },
    { before14: ["type", "indexOrDestination", "apsFrame", "messageTag", "status", "message"] },
  ),
  pollHandler: callback("poll", 0x0044, { childId: u16, transmitExpected: u8 }),
  /** A frame from another node has one more octet behind the message, which is kept as trailing. */
  incomingMessage: callback(
    "incomingMessage",
    0x0045,
    {
      type: u8,
      apsFrame,
      sender: u16,
      senderEui64: since(14, eui64, NO_EUI),
      bindingIndex: u8,
      addressIndex: u8,
      lastHopLqi: u8,
      lastHopRssi: i8,
      lastHopTimestamp: since(14, u32, 0),
      message: payload,
    },
    {
      before14: [
        "type",
        "apsFrame",
        "lastHopLqi",
        "lastHopRssi",
        "sender",
        "bindingIndex",
        "addressIndex",
        "message",
        "senderEui64",
        "lastHopTimestamp",
      ],
    },
  ),
  energyScanResult: callback("energyScanResult", 0x0048, { channel: u8, maxRssi: i8 }),
  dutyCycle: callback("dutyCycle", 0x004d, {
    channelPage: u8,
    channel: u8,
    state: u8,
    totalDevices: u8,
    devices: listOf(record({ nodeId: u16, consumed: u16 })),
  }),
  incomingRouteRecord: callback("incomingRouteRecord", 0x0059, {
    source: u16,
    sourceEui64: eui64,
    lastHopLqi: u8,
    lastHopRssi: i8,
    relays: listOf(u16),
  }),
  incomingSenderEui64: callback("incomingSenderEui64", 0x0062, { senderEui64: eui64 }, { until: 13 }),
  switchNetworkKey: callback("switchNetworkKey", 0x006e, { sequence: u8 }),
  idConflict: callback("idConflict", 0x007c, { id: u16 }),
  incomingManyToOneRouteRequest: callback("incomingManyToOneRouteRequest", 0x007d, {
    source: u16,
    longId: eui64,
    cost: u8,
  }),
  incomingRouteError: callback("incomingRouteError", 0x0080, { status, target: u16 }),
  zigbeeKeyEstablishment: callback("zigbeeKeyEstablishment", 0x009b, { partner: eui64, status: u8 }),
  incomingNetworkStatus: callback("incomingNetworkStatus", 0x00c4, { errorCode: u8, target: u16 }),
  unusedPanIdFound: callback("unusedPanIdFound", 0x00d2, { panId: u16, channel: u8 }),
};
