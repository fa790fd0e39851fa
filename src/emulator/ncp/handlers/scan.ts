import { ByteWriter } from "../../../base/bytes.ts";
import { callbacks } from "../../ezsp/callbacks.ts";
import { commands } from "../../ezsp/commands.ts";
import { Status } from "../../ezsp/status.ts";
import type { ApsMessage } from "../../stack/coordinator.ts";
import { type Handler, type NcpCore, on } from "../core.ts";

const OK = { status: Status.OK };
const ENERGY_SCAN = 0;
const ACTIVE_SCAN = 1;
const MGMT_NWK_UPDATE = 0x0038;
const FIRST_BROADCAST_ADDRESS = 0xfffc;

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

export const scanHandlers: readonly Handler[] = [
  on(commands.startScan, ({ scanType, channelMask }, ncp) => scan(scanType, channelMask, ncp)),
  on(commands.stopScan, () => OK),
  on(commands.energyScanRequest, requestScan),
];
