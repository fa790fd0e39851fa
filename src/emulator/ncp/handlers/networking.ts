import { Eui64 } from "../../../base/eui64.ts";
import { callbacks } from "../../ezsp/callbacks.ts";
import type { ValueOf } from "../../ezsp/codec.ts";
import { commands } from "../../ezsp/commands.ts";
import { Status } from "../../ezsp/status.ts";
import type { networkParameters } from "../../ezsp/structures.ts";
import { type Handler, type NcpCore, on } from "../core.ts";

const OK = { status: Status.OK };
const INVALID_CALL = { status: Status.INVALID_STATE };
const NO_EUI = Eui64("0000000000000000");

const NodeType = { UNKNOWN: 0, COORDINATOR: 1 } as const;
const NetworkState = { down: 0, starting: 1, up: 2 } as const;
const ALL_CHANNELS = 0x07ff_f800;
const MTORR_INTERVAL_MS = 10_000;

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
  stack.form(
    {
      extendedPanId: asked.extendedPanId === NO_EUI ? generatedExtendedPanId(ncp) : asked.extendedPanId,
      panId: asked.panId,
      channel: asked.radioChannel,
      txPower: asked.radioTxPower,
    },
    ram.initialSecurity,
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

/** The network as a whole: up, down, open, and its radio. */
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
];
