import { ByteReader, ByteWriter } from "../../../base/bytes.ts";
import { type Eui64, eui64FromBytesLE, eui64ToBytesLE } from "../../../base/eui64.ts";
import type { EndpointDescriptor } from "../coordinator.ts";

/** ZDO cluster ids (Zigbee 2.4); a response has bit 15 set. */
export const ZDO = {
  nwkAddress: 0x0000,
  ieeeAddress: 0x0001,
  nodeDescriptor: 0x0002,
  powerDescriptor: 0x0003,
  simpleDescriptor: 0x0004,
  activeEndpoints: 0x0005,
  matchDescriptor: 0x0006,
  deviceAnnounce: 0x0013,
  managementLeave: 0x0034,
  managementPermitJoining: 0x0036,
  response: 0x8000,
} as const;

export const ZDO_STATUS = {
  success: 0x00,
  deviceNotFound: 0x81,
  invalidEndpoint: 0x82,
  notActive: 0x83,
  notSupported: 0x84,
  noMatch: 0x86,
} as const;

/** What a node tells about itself. */
export interface NodeDescription {
  nodeId: number;
  eui64: Eui64;
  logicalType: "coordinator" | "router" | "end-device";
  /** MAC capability flags. */
  capability: number;
  manufacturerCode: number;
  /** Largest message that is joined from fragments, in octets. */
  maximumTransfer: number;
  /** Bits of the server mask (Zigbee 2.3.2.3.10), stack revision included. */
  serverMask: number;
  endpoints: readonly EndpointDescriptor[];
}

export interface ZdoAnswer {
  cluster: number;
  payload: Uint8Array;
}

const LOGICAL = { coordinator: 0, router: 1, "end-device": 2 } as const;
const BAND_2400 = 0x40;
const MAXIMUM_BUFFER = 82;

/**
 * Answers one ZDO request out of a node's description; undefined for responses, announcements, and broadcasts that
 * do not concern this node. Throws `decode/truncated`.
 */
export function answerZdo(
  cluster: number,
  payload: Uint8Array,
  self: NodeDescription,
  broadcast: boolean,
): ZdoAnswer | undefined {
  if ((cluster & ZDO.response) !== 0 || cluster === ZDO.deviceAnnounce) return undefined;
  const reader = new ByteReader(payload);
  const out = new ByteWriter(64).u8(reader.u8("zdo.sequence"));
  const write = WRITERS[cluster];
  if (write === undefined) {
    if (broadcast) return undefined;
    out.u8(ZDO_STATUS.notSupported);
  } else if (!write(reader, out, self, broadcast)) return undefined;
  return { cluster: cluster | ZDO.response, payload: out.done() };
}

type Writer = (reader: ByteReader, out: ByteWriter, self: NodeDescription, broadcast: boolean) => boolean;

const WRITERS: Readonly<Record<number, Writer>> = {
  [ZDO.nwkAddress]: (reader, out, self, broadcast) =>
    addresses(out, self, broadcast, eui64FromBytesLE(reader.take(8, "zdo.ieeeAddress")) === self.eui64),
  [ZDO.ieeeAddress]: (reader, out, self, broadcast) =>
    addresses(out, self, broadcast, reader.u16le("zdo.nwkAddress") === self.nodeId),
  [ZDO.nodeDescriptor]: (reader, out, self) =>
    ofInterest(reader, out, self, () => out.bytes(nodeDescriptor(self))),
  [ZDO.powerDescriptor]: (reader, out, self) => ofInterest(reader, out, self, () => out.u16le(0xc110)),
  [ZDO.simpleDescriptor]: (reader, out, self) => simpleDescriptor(reader, out, self),
  [ZDO.activeEndpoints]: (reader, out, self) =>
    ofInterest(reader, out, self, () => {
      out.u8(self.endpoints.length);
      for (const { endpoint } of self.endpoints) out.u8(endpoint);
    }),
  [ZDO.matchDescriptor]: (reader, out, self, broadcast) => matchDescriptor(reader, out, self, broadcast),
};

function addresses(out: ByteWriter, self: NodeDescription, broadcast: boolean, mine: boolean): boolean {
  if (!mine && broadcast) return false;
  out
    .u8(mine ? ZDO_STATUS.success : ZDO_STATUS.deviceNotFound)
    .bytes(eui64ToBytesLE(self.eui64))
    .u16le(self.nodeId);
  return true;
}

/** Status, address of interest, and the body where that address is this node's. */
function ofInterest(reader: ByteReader, out: ByteWriter, self: NodeDescription, body: () => void): boolean {
  const nodeId = reader.u16le("zdo.nwkAddressOfInterest");
  const mine = nodeId === self.nodeId;
  out.u8(mine ? ZDO_STATUS.success : ZDO_STATUS.deviceNotFound).u16le(nodeId);
  if (mine) body();
  return true;
}

function nodeDescriptor(self: NodeDescription): Uint8Array {
  return new ByteWriter(13)
    .u8(LOGICAL[self.logicalType])
    .u8(BAND_2400)
    .u8(self.capability)
    .u16le(self.manufacturerCode)
    .u8(MAXIMUM_BUFFER)
    .u16le(self.maximumTransfer)
    .u16le(self.serverMask)
    .u16le(self.maximumTransfer)
    .u8(0)
    .done();
}

function simpleDescriptor(reader: ByteReader, out: ByteWriter, self: NodeDescription): boolean {
  const nodeId = reader.u16le("zdo.nwkAddressOfInterest");
  const number = reader.u8("zdo.endpoint");
  const endpoint = self.endpoints.find((each) => each.endpoint === number);
  const status =
    nodeId !== self.nodeId
      ? ZDO_STATUS.deviceNotFound
      : number === 0 || number > 0xf0
        ? ZDO_STATUS.invalidEndpoint
        : endpoint
          ? ZDO_STATUS.success
          : ZDO_STATUS.notActive;
  out.u8(status).u16le(nodeId);
  if (status !== ZDO_STATUS.success || !endpoint) {
    out.u8(0);
    return true;
  }
  const body = new ByteWriter(32)
    .u8(endpoint.endpoint)
    .u16le(endpoint.profile)
    .u16le(endpoint.deviceId)
    .u8(endpoint.deviceVersion);
  for (const list of [endpoint.inputClusters, endpoint.outputClusters]) {
    body.u8(list.length);
    for (const cluster of list) body.u16le(cluster);
  }
  out.u8(body.length).bytes(body.done());
  return true;
}

function clusterList(reader: ByteReader, field: string): number[] {
  return Array.from({ length: reader.u8(field) }, () => reader.u16le(field));
}

function matchDescriptor(
  reader: ByteReader,
  out: ByteWriter,
  self: NodeDescription,
  broadcast: boolean,
): boolean {
  const nodeId = reader.u16le("zdo.nwkAddressOfInterest");
  const profile = reader.u16le("zdo.profile");
  const inputs = clusterList(reader, "zdo.inputClusters");
  const outputs = clusterList(reader, "zdo.outputClusters");
  const matches = self.endpoints.filter(
    (each) =>
      (profile === each.profile || profile === 0xffff) &&
      (inputs.some((cluster) => each.inputClusters.includes(cluster)) ||
        outputs.some((cluster) => each.outputClusters.includes(cluster))),
  );
  if (broadcast && matches.length === 0) return false;
  const mine = broadcast || nodeId === self.nodeId;
  const found = mine ? matches : [];
  out
    .u8(mine ? (found.length > 0 ? ZDO_STATUS.success : ZDO_STATUS.noMatch) : ZDO_STATUS.deviceNotFound)
    .u16le(self.nodeId)
    .u8(found.length);
  for (const { endpoint } of found) out.u8(endpoint);
  return true;
}

/** Device_annce (Zigbee 2.4.3.1.11) with the given transaction sequence number. */
export function encodeDeviceAnnounce(
  sequence: number,
  nodeId: number,
  eui64: Eui64,
  capability: number,
): Uint8Array {
  return new ByteWriter(12).u8(sequence).u16le(nodeId).bytes(eui64ToBytesLE(eui64)).u8(capability).done();
}

/** Undefined where the octets are no announcement. */
export function decodeDeviceAnnounce(
  payload: Uint8Array,
): { nodeId: number; eui64: Eui64; capability: number } | undefined {
  if (payload.length < 12) return undefined;
  const reader = new ByteReader(payload, 1);
  return {
    nodeId: reader.u16le("zdo.nodeId"),
    eui64: eui64FromBytesLE(reader.take(8, "zdo.eui64")),
    capability: reader.u8("zdo.capability"),
  };
}

/** Mgmt_Leave_req: whom, and whether to come back. Throws `decode/truncated`. */
export function decodeManagementLeave(payload: Uint8Array): { eui64: Eui64; rejoin: boolean } {
  const reader = new ByteReader(payload, 1);
  const eui64 = eui64FromBytesLE(reader.take(8, "zdo.eui64"));
  return { eui64, rejoin: (reader.u8("zdo.leaveFlags") & 0x80) !== 0 };
}

/** NWK_addr_req for a single device. */
export function encodeAddressRequest(sequence: number, eui64: Eui64): Uint8Array {
  return new ByteWriter(11).u8(sequence).bytes(eui64ToBytesLE(eui64)).u8(0).u8(0).done();
}

/** NWK_addr_rsp or IEEE_addr_rsp; undefined where it is cut short or tells of no device. */
export function decodeAddressResponse(payload: Uint8Array): { nodeId: number; eui64: Eui64 } | undefined {
  if (payload.length < 12 || payload[1] !== ZDO_STATUS.success) return undefined;
  const reader = new ByteReader(payload, 2);
  const eui64 = eui64FromBytesLE(reader.take(8, "zdo.eui64"));
  return { eui64, nodeId: reader.u16le("zdo.nodeId") };
}
