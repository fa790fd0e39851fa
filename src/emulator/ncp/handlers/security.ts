import { Eui64 } from "../../../base/eui64.ts";
import { callbacks } from "../../ezsp/callbacks.ts";
import { commands } from "../../ezsp/commands.ts";
import { Status } from "../../ezsp/status.ts";
import { type Handler, type NcpCore, on } from "../core.ts";

const OK = { status: Status.OK };
const NO_EUI = Eui64("0000000000000000");

/** To everyone or to one. A key of zeros asks the NCP to make one up. */
function nextNetworkKey(key: Uint8Array, ncp: NcpCore, only?: Eui64): { status: number } {
  const current = ncp.stack.networkKey();
  if (ncp.ram.state !== "up" || !current) return { status: Status.NETWORK_DOWN };
  const made = key.every((octet) => octet === 0) ? ncp.random.bytes(16) : Uint8Array.from(key);
  ncp.stack.distributeNetworkKey(made, (current.sequence + 1) & 0xff, only);
  return OK;
}

function switchKey(ncp: NcpCore): { status: number } {
  if (ncp.ram.state !== "up") return { status: Status.NETWORK_DOWN };
  const next = ncp.stack.snapshot().networkKeys.find((each) => !each.active);
  if (!next) return { status: Status.INVALID_STATE };
  ncp.stack.switchNetworkKey();
  ncp.emit(callbacks.switchNetworkKey, { sequence: next.sequence });
  return OK;
}

/** The network key, and what the Trust Centre does with it. */
export const securityHandlers: readonly Handler[] = [
  on(commands.setInitialSecurityState, (state, ncp) => {
    if (ncp.ram.state !== "down") return { status: Status.INVALID_STATE };
    ncp.ram.securityBitmask = state.bitmask;
    ncp.ram.initialSecurity = {
      networkKey: Uint8Array.from(state.networkKey),
      sequence: state.networkKeySequence,
      trustCenterKey: Uint8Array.from(state.preconfiguredKey),
    };
    return OK;
  }),
  on(commands.getCurrentSecurityState, (_request, ncp) => ({
    status: ncp.ram.state === "up" ? Status.OK : Status.NOT_JOINED,
    bitmask: ncp.flash.securityBitmask,
    trustCenterEui64: ncp.ram.state === "up" ? ncp.stack.eui64 : NO_EUI,
  })),
  on(commands.getNetworkKeyInfo, (_request, ncp) => {
    const current = ncp.stack.networkKey();
    const other = ncp.stack.snapshot().networkKeys.find((each) => !each.active);
    return {
      status: Status.OK,
      info: {
        networkKeySet: current ? 1 : 0,
        alternateNetworkKeySet: other ? 1 : 0,
        networkKeySequence: current?.sequence ?? 0,
        alternateNetworkKeySequence: other?.sequence ?? 0,
        networkKeyFrameCounter: current?.frameCounter ?? 0,
      },
    };
  }),
  on(commands.broadcastNextNetworkKey, ({ key }, ncp) => nextNetworkKey(key, ncp)),
  on(commands.unicastNwkKeyUpdate, ({ destinationLong, key }, ncp) =>
    nextNetworkKey(key, ncp, destinationLong),
  ),
  on(commands.broadcastNetworkKeySwitch, (_request, ncp) => switchKey(ncp)),
  on(commands.removeDevice, ({ targetLong }, ncp) => {
    if (ncp.ram.state !== "up") return { status: Status.NETWORK_DOWN };
    ncp.stack.removeDevice(targetLong);
    return OK;
  }),
];
