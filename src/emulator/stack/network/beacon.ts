import { ByteReader, ByteWriter } from "../../../base/bytes.ts";
import { HanwayError } from "../../../base/error.ts";
import { type Eui64, eui64FromBytesLE, eui64ToBytesLE } from "../../../base/eui64.ts";
import type { MacFrame } from "../../air/mac-frame.ts";

/** A network as a scan hears it. */
export interface Beacon {
  channel: number;
  panId: number;
  parent: number;
  extendedPanId: Eui64;
  permitsJoining: boolean;
}

/** Superframe specification of a PAN coordinator without beacon order; the top bit lets newcomers in. */
const SUPERFRAME = 0x4fff;
const PERMITS_JOINING = 0x8000;
const ZIGBEE_PROTOCOL = 0;
/** Stack profile 2 and protocol version 2; room for routers and end devices, depth 0. */
const STACK_AND_CAPACITY = 0x8422;
/** No transmission offset, as in a network without beacon order. */
const NO_OFFSET = Uint8Array.of(0xff, 0xff, 0xff);

/** Superframe, GTS and pending fields, then the Zigbee PRO beacon payload (Zigbee 3.6.7). */
export function encodeBeacon(extendedPanId: Eui64, permitsJoining: boolean): Uint8Array {
  return new ByteWriter(18)
    .u16le(SUPERFRAME | (permitsJoining ? PERMITS_JOINING : 0))
    .u8(0)
    .u8(0)
    .u8(ZIGBEE_PROTOCOL)
    .u16le(STACK_AND_CAPACITY)
    .bytes(eui64ToBytesLE(extendedPanId))
    .bytes(NO_OFFSET)
    .done();
}

/** Reads a Zigbee PRO beacon; undefined for any other. */
export function readBeacon(frame: MacFrame, channel: number): Beacon | undefined {
  if (typeof frame.source !== "number") return undefined;
  try {
    const reader = new ByteReader(frame.payload);
    const superframe = reader.u16le("beacon.superframe");
    reader.take(2, "beacon.pending");
    if (reader.u8("beacon.protocol") !== ZIGBEE_PROTOCOL) return undefined;
    reader.take(2, "beacon.stack");
    return {
      channel,
      panId: frame.sourcePan,
      parent: frame.source,
      extendedPanId: eui64FromBytesLE(reader.take(8, "beacon.extendedPanId")),
      permitsJoining: (superframe & PERMITS_JOINING) !== 0,
    };
  } catch (error) {
    if (error instanceof HanwayError) return undefined;
    throw error;
  }
}
