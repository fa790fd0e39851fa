import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { type Eui64, eui64FromBytesLE, eui64ToBytesLE } from "../base/eui64.ts";

/** ZDO clusters (Zigbee 2.4.3 and 2.4.4); a response is the request with the top bit set. */
export const ZDO = {
  nwkAddressRequest: 0x0000,
  nwkAddressResponse: 0x8000,
  matchDescriptorRequest: 0x0006,
  matchDescriptorResponse: 0x8006,
  deviceAnnounce: 0x0013,
  mgmtPermitJoiningRequest: 0x0036,
} as const;

/** NWK_addr_req, single device response (Zigbee 2.4.3.1.1). */
export function encodeNwkAddressRequest(sequence: number, eui64: Eui64): Uint8Array {
  return new ByteWriter(11).u8(sequence).bytes(eui64ToBytesLE(eui64)).u8(0).u8(0).done();
}

/** Match_Desc_req for one server cluster of one profile (Zigbee 2.4.3.1.7). */
export function encodeMatchServerRequest(
  sequence: number,
  nodeId: number,
  profile: number,
  cluster: number,
): Uint8Array {
  return new ByteWriter(12).u8(sequence).u16le(nodeId).u16le(profile).u8(1).u16le(cluster).u8(0).done();
}

/** Mgmt_Permit_Joining_req, 254 s at most (Zigbee 2.4.3.3.7). */
export function encodePermitJoiningRequest(sequence: number, seconds: number): Uint8Array {
  const trustCentreSignificance = 1;
  return Uint8Array.of(sequence, seconds, trustCentreSignificance);
}

export interface MatchDescriptorResponse {
  sequence: number;
  status: number;
  nodeId: number;
  endpoints: number[];
}

/** Match_Desc_rsp (Zigbee 2.4.4.2.7). Throws a decode error on a short or overlong message. */
export function decodeMatchDescriptorResponse(payload: Uint8Array): MatchDescriptorResponse {
  const reader = new ByteReader(payload);
  const sequence = reader.u8("sequence");
  const status = reader.u8("status");
  const nodeId = reader.u16le("nodeId");
  const count = reader.left === 0 && status !== 0 ? 0 : reader.u8("matchLength");
  const endpoints = [...reader.take(count, "matchList")];
  reader.finish("matchDescriptorResponse");
  return { sequence, status, nodeId, endpoints };
}

export interface NwkAddressResponse {
  sequence: number;
  status: number;
  eui64: Eui64;
  nodeId: number;
}

/** NWK_addr_rsp (Zigbee 2.4.4.2.1); an associated-device list behind the address is not asked for and passed over. */
export function decodeNwkAddressResponse(payload: Uint8Array): NwkAddressResponse {
  const reader = new ByteReader(payload);
  const sequence = reader.u8("sequence");
  const status = reader.u8("status");
  const eui64 = eui64FromBytesLE(reader.take(8, "ieeeAddress"));
  return { sequence, status, eui64, nodeId: reader.u16le("nodeId") };
}

export const DEVICE_ANNOUNCE_OCTETS = 12;

/** Device_annce (Zigbee 2.4.3.1.11). Throws a decode error unless it has {@link DEVICE_ANNOUNCE_OCTETS}. */
export function decodeDeviceAnnounce(payload: Uint8Array): {
  nodeId: number;
  eui64: Eui64;
  capability: number;
} {
  const reader = new ByteReader(payload);
  reader.u8("sequence");
  const nodeId = reader.u16le("nodeId");
  const eui64 = eui64FromBytesLE(reader.take(8, "ieeeAddress"));
  const capability = reader.u8("capability");
  reader.finish("deviceAnnounce");
  return { nodeId, eui64, capability };
}
