import { Eui64 } from "../../../base/eui64.ts";
import { commands } from "../../ezsp/commands.ts";
import { Status } from "../../ezsp/status.ts";
import { type Handler, type NcpCore, on } from "../core.ts";
import { Config } from "../profile.ts";
import { NO_NODE } from "../ram.ts";

const NO_EUI = Eui64("0000000000000000");
const NodeType = { END_DEVICE: 3, SLEEPY_END_DEVICE: 4 } as const;

const childTimeout = (ncp: NcpCore) => ncp.ram.size(Config.END_DEVICE_POLL_TIMEOUT);

/** Who is near and by which way: children are real, a star has no other neighbours and no routes. */
export const neighbourHandlers: readonly Handler[] = [
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
