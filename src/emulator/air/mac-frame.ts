import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { type Eui64, eui64FromBytesLE, eui64ToBytesLE } from "../../base/eui64.ts";

/** A 16-bit short address, an extended address, or none. */
export type MacAddress = number | Eui64 | undefined;

export const MAC_BROADCAST = 0xffff;

export type MacFrameType = "beacon" | "data" | "ack" | "command";

/** An IEEE 802.15.4-2006 MAC frame without its FCS. */
export interface MacFrame {
  type: MacFrameType;
  sequence: number;
  framePending?: boolean;
  ackRequest: boolean;
  destinationPan: number;
  destination: MacAddress;
  sourcePan: number;
  source: MacAddress;
  payload: Uint8Array;
}

/** First octet of a MAC command's payload (IEEE 802.15.4-2006 7.3). */
export const MAC_COMMAND = {
  associationRequest: 0x01,
  associationResponse: 0x02,
  dataRequest: 0x04,
  beaconRequest: 0x07,
} as const;

const TYPES: readonly MacFrameType[] = ["beacon", "data", "ack", "command"];

function addressMode(address: MacAddress): number {
  if (address === undefined) return 0;
  return typeof address === "number" ? 2 : 3;
}

function putAddress(out: ByteWriter, address: MacAddress): void {
  if (typeof address === "number") out.u16le(address);
  else if (address !== undefined) out.bytes(eui64ToBytesLE(address));
}

function takeAddress(reader: ByteReader, mode: number, field: string): MacAddress {
  if (mode === 0) return undefined;
  return mode === 2 ? reader.u16le(field) : eui64FromBytesLE(reader.take(8, field));
}

/** The PAN id is sent once where both addresses share it (IEEE 802.15.4-2006 7.2.1.1.5). */
export function encodeMac(frame: MacFrame): Uint8Array {
  const both = frame.destination !== undefined && frame.source !== undefined;
  const compress = both && frame.destinationPan === frame.sourcePan;
  const control =
    TYPES.indexOf(frame.type) |
    (frame.framePending ? 0x10 : 0) |
    (frame.ackRequest ? 0x20 : 0) |
    (compress ? 0x40 : 0) |
    (addressMode(frame.destination) << 10) |
    (addressMode(frame.source) << 14);
  const out = new ByteWriter(128).u16le(control).u8(frame.sequence);
  if (frame.destination !== undefined) out.u16le(frame.destinationPan);
  putAddress(out, frame.destination);
  if (frame.source !== undefined && !compress) out.u16le(frame.sourcePan);
  putAddress(out, frame.source);
  return out.bytes(frame.payload).done();
}

/** Throws `decode/truncated` or `decode/value`. */
export function decodeMac(bytes: Uint8Array): MacFrame {
  const reader = new ByteReader(bytes);
  const control = reader.u16le("mac.frameControl");
  const type = TYPES[control & 7];
  const destinationMode = (control >> 10) & 3;
  const sourceMode = (control >> 14) & 3;
  if (type === undefined || destinationMode === 1 || sourceMode === 1 || (control & 0x08) !== 0) {
    throw new HanwayError("decode/value", "reserved type, address mode or MAC security", {
      field: "mac.frameControl",
      offset: 0,
    });
  }
  const sequence = reader.u8("mac.sequence");
  const destinationPan = destinationMode === 0 ? MAC_BROADCAST : reader.u16le("mac.destinationPan");
  const destination = takeAddress(reader, destinationMode, "mac.destination");
  const compress = (control & 0x40) !== 0;
  const sourcePan = sourceMode === 0 || compress ? destinationPan : reader.u16le("mac.sourcePan");
  const source = takeAddress(reader, sourceMode, "mac.source");
  return {
    type,
    sequence,
    framePending: (control & 0x10) !== 0,
    ackRequest: (control & 0x20) !== 0,
    destinationPan,
    destination,
    sourcePan,
    source,
    payload: reader.rest(),
  };
}
