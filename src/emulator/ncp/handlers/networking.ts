import { ByteWriter } from "../../../base/bytes.ts";
import { Eui64 } from "../../../base/eui64.ts";
import { callbacks } from "../../ezsp/callbacks.ts";
import type { ValueOf } from "../../ezsp/codec.ts";
import { commands } from "../../ezsp/commands.ts";
import { Status } from "../../ezsp/status.ts";
import type { networkParameters } from "../../ezsp/structures.ts";
import type { ApsMessage } from "../../stack/coordinator.ts";
import { type Handler, type NcpCore, on } from "../core.ts";
import { Config } from "../profile.ts";
import { NO_NODE } from "../ram.ts";

const OK = { status: Status.OK };
const INVALID_CALL = { status: Status.INVALID_STATE };
const NO_EUI = Eui64("0000000000000000");

const NodeType = { UNKNOWN: 0, COORDINATOR: 1, END_DEVICE: 3, SLEEPY_END_DEVICE: 4 } as const;
const NetworkState = { down: 0, starting: 1, up: 2 } as const;
const ENERGY_SCAN = 0;
const ACTIVE_SCAN = 1;
const ALL_CHANNELS = 0x07ff_f800;
const MTORR_INTERVAL_MS = 10_000;
const MGMT_NWK_UPDATE = 0x0038;
const FIRST_BROADCAST_ADDRESS = 0xfffc;

type Parameters = ValueOf<typeof networkParameters>;

const noParameters: Parameters = {
  extendedPanId: NO_EUI,
  panId: 0xffff,
  radioTxPower: 0,
  radioChannel: 0,
  joinMethod: 0,
  networkManagerId: 0,
  networkUpdateId: 0,
  channels: 0,
};

function parameters(ncp: NcpCore): Parameters | undefined {
  const network = ncp.ram.state === "up" ? ncp.stack.network() : undefined;
  if (!network) return undefined;
  const formation = ncp.flash.formation;
  return {
    extendedPanId: network.extendedPanId,
    panId: network.panId,
    radioTxPower: ncp.ram.txPower ?? network.txPower,
    radioChannel: network.channel,
    joinMethod: formation?.joinMethod ?? 0,
    networkManagerId: formation?.networkManagerId ?? 0,
    networkUpdateId: formation?.networkUpdateId ?? 0,
    channels: formation?.channels ?? ALL_CHANNELS,
  };
}

function generatedExtendedPanId(ncp: NcpCore): Eui64 {
  return Eui64(Buffer.from(ncp.random.bytes(8)).toString("hex"));
}

function form(request: { parameters: Parameters }, ncp: NcpCore): { status: number } {
  const { ram, stack, flash } = ncp;
  const asked = request.parameters;
  if (ram.state !== "down") return INVALID_CALL;
  if (!ram.initialSecurity) return { status: Status.SECURITY_STATE_NOT_SET };
  if (asked.radioChannel < 11 || asked.radioChannel > 26) return { status: Status.INVALID_PARAMETER };
  flash.formation = {
    joinMethod: asked.joinMethod,
    networkManagerId: asked.networkManagerId,
    networkUpdateId: asked.networkUpdateId,
    channels: asked.channels,
  };
  flash.securityBitmask = ram.securityBitmask;
  ram.state = "starting";
  const frameCounter = ram.frameCounter;
  stack.form(
    {
      extendedPanId: asked.extendedPanId === NO_EUI ? generatedExtendedPanId(ncp) : asked.extendedPanId,
      panId: asked.panId,
      channel: asked.radioChannel,
      txPower: asked.radioTxPower,
    },
    { ...ram.initialSecurity, ...(frameCounter === undefined ? {} : { frameCounter }) },
  );
  ncp.flashChanged();
  return OK;
}

function init(ncp: NcpCore): { status: number } {
  const { ram, stack } = ncp;
  if (ram.state !== "down") return INVALID_CALL;
  // The host came back without the stick having lost power: the stack below has never stopped.
  if (stack.network()) {
    ram.state = "up";
    ncp.emit(callbacks.stackStatus, { status: Status.NETWORK_UP });
    return OK;
  }
  if (!stack.resume()) return { status: Status.NOT_JOINED };
  ram.state = "starting";
  return OK;
}

/** Results one channel after the other, upwards, between -90 and -68 dBm as a quiet flat shows them. */
function scan(scanType: number, channelMask: number, ncp: NcpCore): { status: number } {
  if (scanType !== ENERGY_SCAN && scanType !== ACTIVE_SCAN) return { status: Status.INVALID_PARAMETER };
  for (let channel = 11; channel <= 26 && scanType === ENERGY_SCAN; channel++) {
    if ((channelMask >>> channel) & 1)
      ncp.emit(callbacks.energyScanResult, { channel, maxRssi: -90 + ncp.random.below(23) });
  }
  ncp.emit(callbacks.scanComplete, { channel: 0xff, status: Status.OK });
  return OK;
}

/** Mgmt_NWK_Update_req (Zigbee 2.4.3.3.9), sent by the NCP itself; its answers come in as messages. */
function requestScan(
  request: { target: number; scanChannels: number; scanDuration: number; scanCount: number },
  ncp: NcpCore,
): { status: number } {
  if (ncp.ram.state !== "up") return { status: Status.NETWORK_DOWN };
  const writer = new ByteWriter()
    .u8(ncp.random.below(128) | 128)
    .u32le(request.scanChannels)
    .u8(request.scanDuration)
    .u8(request.scanCount);
  const message: ApsMessage = {
    nodeId: request.target,
    profile: 0,
    cluster: MGMT_NWK_UPDATE,
    sourceEndpoint: 0,
    destinationEndpoint: 0,
    apsSecurity: false,
    apsAck: false,
    sequence: 0,
    payload: writer.done(),
  };
  if (request.target >= FIRST_BROADCAST_ADDRESS) ncp.stack.broadcast(message, 0);
  else ncp.stack.unicast(message);
  return OK;
}

const childTimeout = (ncp: NcpCore) => ncp.ram.size(Config.END_DEVICE_POLL_TIMEOUT);

export const networkingHandlers: readonly Handler[] = [
  on(commands.networkInit, (_request, ncp) => init(ncp)),
  on(commands.networkState, (_request, ncp) => ({ state: NetworkState[ncp.ram.state] })),
  on(commands.formNetwork, form),
  on(commands.leaveNetwork, (_request, ncp) => {
    if (ncp.ram.state !== "up") return INVALID_CALL;
    ncp.stack.leave();
    delete ncp.flash.formation;
    ncp.flashChanged();
    return OK;
  }),
  on(commands.permitJoining, ({ duration }, ncp) => {
    if (ncp.ram.state !== "up") return { status: Status.NETWORK_DOWN };
    ncp.stack.permitJoining(duration);
    return OK;
  }),
  on(commands.startScan, ({ scanType, channelMask }, ncp) => scan(scanType, channelMask, ncp)),
  on(commands.stopScan, () => OK),
  on(commands.energyScanRequest, requestScan),
  on(commands.getNetworkParameters, (_request, ncp) => {
    const found = parameters(ncp);
    return found
      ? { status: Status.OK, nodeType: NodeType.COORDINATOR, parameters: found }
      : { status: Status.NOT_JOINED, nodeType: NodeType.UNKNOWN, parameters: noParameters };
  }),
  on(commands.getRadioParameters, ({ phyIndex }, ncp) => {
    const found = phyIndex === 0 ? parameters(ncp) : undefined;
    return {
      status: found ? Status.OK : phyIndex === 0 ? Status.NOT_JOINED : Status.INVALID_PARAMETER,
      parameters: {
        radioTxPower: found?.radioTxPower ?? 0,
        radioPage: 0,
        radioChannel: found?.radioChannel ?? 0,
      },
    };
  }),
  on(commands.getRadioChannel, (_request, ncp) => ({ channel: parameters(ncp)?.radioChannel ?? 0xff })),
  on(commands.setRadioPower, ({ power }, ncp) => {
    ncp.ram.txPower = power;
    return OK;
  }),
  on(commands.setRadioIeee802154CcaMode, () => OK),
  on(commands.setConcentrator, ({ on: enabled }, ncp) => {
    ncp.ram.concentrator = enabled !== 0;
    return OK;
  }),
  on(commands.setSourceRouteDiscoveryMode, ({ mode }) => ({
    remainingTimeMs: mode === 0 ? 0xffff_ffff : MTORR_INTERVAL_MS,
  })),
  on(commands.setBrokenRouteErrorCode, () => OK),
  on(commands.writeNodeData, () => OK),
  on(commands.getParentChildParameters, (_request, ncp) => ({
    childCount: ncp.stack.children().length,
    parentEui64: NO_EUI,
    parentNodeId: NO_NODE,
  })),
  on(commands.getChildData, ({ index }, ncp) => {
    const child = ncp.stack.children()[index];
    return {
      status: child ? Status.OK : Status.NOT_JOINED,
      childData: {
        eui64: child?.eui64 ?? NO_EUI,
        type: child?.sleepy ? NodeType.SLEEPY_END_DEVICE : NodeType.END_DEVICE,
        id: child?.nodeId ?? NO_NODE,
        phy: 0,
        power: 0,
        timeout: childTimeout(ncp),
        remainingTimeout: 0,
      },
    };
  }),
  on(commands.childId, ({ childIndex }, ncp) => ({
    childId: ncp.stack.children()[childIndex]?.nodeId ?? NO_NODE,
  })),
  on(commands.childIndex, ({ childId }, ncp) => {
    const index = ncp.stack.children().findIndex((child) => child.nodeId === childId);
    return { childIndex: index < 0 ? 0xff : index };
  }),
  on(commands.neighborCount, () => ({ count: 0 })),
  on(commands.getNeighbor, () => ({
    status: Status.INVALID_INDEX,
    neighbor: { shortId: NO_NODE, averageLqi: 0, inCost: 0, outCost: 0, age: 0, longId: NO_EUI },
  })),
  on(commands.getRouteTableEntry, ({ index }, ncp) => ({
    status: index < ncp.ram.size(Config.ROUTE_TABLE_SIZE) ? Status.OK : Status.INVALID_INDEX,
    entry: {
      destination: NO_NODE,
      nextHop: 0,
      status: 3,
      age: 0,
      concentratorType: 0,
      routeRecordState: 0,
    },
  })),
  on(commands.getSourceRouteTableTotalSize, (_request, ncp) => ({
    size: ncp.ram.size(Config.SOURCE_ROUTE_TABLE_SIZE),
  })),
  on(commands.getSourceRouteTableFilledSize, () => ({ size: 0 })),
  on(commands.getSourceRouteTableEntry, () => ({
    status: Status.NOT_FOUND,
    destination: NO_NODE,
    closerIndex: 0xff,
  })),
];
