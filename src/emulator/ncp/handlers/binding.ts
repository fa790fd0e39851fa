import { Eui64 } from "../../../base/eui64.ts";
import { commands } from "../../ezsp/commands.ts";
import { Status } from "../../ezsp/status.ts";
import { type Handler, type NcpCore, on } from "../core.ts";
import { Config } from "../profile.ts";
import { NO_NODE } from "../ram.ts";

const UNUSED = {
  type: 0,
  local: 0,
  clusterId: 0,
  remote: 0,
  identifier: Eui64("0000000000000000"),
  networkIndex: 0,
};

const inRange = (index: number, ncp: NcpCore) => index < ncp.ram.size(Config.BINDING_TABLE_SIZE);

export const bindingHandlers: readonly Handler[] = [
  on(commands.clearBindingTable, (_request, ncp) => {
    ncp.flash.bindings = {};
    ncp.flashChanged();
    return { status: Status.OK };
  }),
  on(commands.setBinding, ({ index, entry }, ncp) => {
    if (!inRange(index, ncp)) return { status: Status.INVALID_INDEX };
    ncp.flash.bindings[String(index)] = entry;
    ncp.flashChanged();
    return { status: Status.OK };
  }),
  on(commands.getBinding, ({ index }, ncp) => ({
    status: inRange(index, ncp) ? Status.OK : Status.INVALID_INDEX,
    entry: ncp.flash.bindings[String(index)] ?? UNUSED,
  })),
  on(commands.deleteBinding, ({ index }, ncp) => {
    if (!inRange(index, ncp)) return { status: Status.INVALID_INDEX };
    delete ncp.flash.bindings[String(index)];
    ncp.flashChanged();
    return { status: Status.OK };
  }),
  on(commands.bindingIsActive, () => ({ active: 0 })),
  on(commands.getBindingRemoteNodeId, ({ index }, ncp) => {
    const bound = ncp.flash.bindings[String(index)];
    return { nodeId: (bound && ncp.stack.nodeIdOf(bound.identifier)) ?? NO_NODE };
  }),
  on(commands.setBindingRemoteNodeId, () => ({})),
];
