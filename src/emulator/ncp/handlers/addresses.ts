import { Eui64 } from "../../../base/eui64.ts";
import { commands } from "../../ezsp/commands.ts";
import { Status } from "../../ezsp/status.ts";
import { type Handler, type NcpCore, on } from "../core.ts";
import { OutgoingType } from "../outgoing.ts";
import { Config } from "../profile.ts";
import { NO_NODE } from "../ram.ts";

const NO_EUI = Eui64("0000000000000000");
const NULL_EUI = Eui64("ffffffffffffffff");
const UNKNOWN_NODE = 0xfffd;

const inRange = (index: number, ncp: NcpCore) => index < ncp.ram.size(Config.ADDRESS_TABLE_SIZE);
const store = (index: number, eui64: Eui64, nodeId: number, ncp: NcpCore) => {
  if (!inRange(index, ncp)) return { status: Status.INVALID_INDEX };
  ncp.ram.addresses[index] = { eui64, nodeId, extendedTimeout: false };
  return { status: Status.OK };
};
const known = (eui64: Eui64, ncp: NcpCore) => ncp.ram.addresses.find((entry) => entry?.eui64 === eui64);

/** Who has which address: what the stack knows, and the tables of addresses and groups that the host fills. */
export const addressHandlers: readonly Handler[] = [
  on(commands.lookupNodeIdByEui64, ({ eui64 }, ncp) => {
    const nodeId = ncp.ram.state === "up" ? ncp.stack.nodeIdOf(eui64) : undefined;
    return { status: nodeId === undefined ? Status.NOT_FOUND : Status.OK, nodeId: nodeId ?? NO_NODE };
  }),
  on(commands.lookupEui64ByNodeId, ({ nodeId }, ncp) => {
    const eui64 = ncp.ram.state === "up" ? ncp.stack.eui64Of(nodeId) : undefined;
    return { status: eui64 === undefined ? Status.FAIL : Status.OK, eui64: eui64 ?? NO_EUI };
  }),
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
