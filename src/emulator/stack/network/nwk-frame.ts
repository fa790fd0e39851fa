import { type ByteReader, ByteWriter } from "../../../base/bytes.ts";
import { HanwayError } from "../../../base/error.ts";
import { type Eui64, eui64FromBytesLE, eui64ToBytesLE } from "../../../base/eui64.ts";

/** NWK header (Zigbee 3.3.1), without auxiliary header. */
export interface NwkHeader {
  type: "data" | "command";
  security: boolean;
  destination: number;
  source: number;
  radius: number;
  sequence: number;
  destinationIeee?: Eui64;
  sourceIeee?: Eui64;
}

export const NWK_COMMAND = { leave: 0x04, rejoinRequest: 0x06, rejoinResponse: 0x07 } as const;

/** Options of a leave command (Zigbee 3.4.4.3). */
export const LEAVE_REQUEST = 0x40;
export const LEAVE_REJOIN = 0x20;

/** Octets of NWK payload in one frame: 127 less MAC (11), NWK header (8), auxiliary header (14) and MIC (4). */
export const NWK_MAX_PAYLOAD = 90;

export const BROADCAST_ALL = 0xffff;
export const BROADCAST_RX_ON = 0xfffd;
export const BROADCAST_ROUTERS = 0xfffc;
export const isBroadcast = (address: number): boolean => address >= 0xfff8;

const PROTOCOL_VERSION = 2;

export function encodeNwkHeader(header: NwkHeader): Uint8Array {
  const control =
    (header.type === "command" ? 1 : 0) |
    (PROTOCOL_VERSION << 2) |
    (header.security ? 0x200 : 0) |
    (header.destinationIeee === undefined ? 0 : 0x800) |
    (header.sourceIeee === undefined ? 0 : 0x1000);
  const out = new ByteWriter(24)
    .u16le(control)
    .u16le(header.destination)
    .u16le(header.source)
    .u8(header.radius)
    .u8(header.sequence);
  if (header.destinationIeee !== undefined) out.bytes(eui64ToBytesLE(header.destinationIeee));
  if (header.sourceIeee !== undefined) out.bytes(eui64ToBytesLE(header.sourceIeee));
  return out.done();
}

/** Reads the header at the reader's place. Throws `decode/truncated` or `decode/value`. */
export function decodeNwkHeader(reader: ByteReader): NwkHeader {
  const offset = reader.offset;
  const control = reader.u16le("nwk.frameControl");
  if ((control & 3) > 1 || ((control >> 2) & 15) !== PROTOCOL_VERSION || (control & 0x100) !== 0) {
    throw new HanwayError("decode/value", "not a Zigbee PRO data or command frame", {
      field: "nwk.frameControl",
      offset,
    });
  }
  const header: NwkHeader = {
    type: (control & 3) === 1 ? "command" : "data",
    security: (control & 0x200) !== 0,
    destination: reader.u16le("nwk.destination"),
    source: reader.u16le("nwk.source"),
    radius: reader.u8("nwk.radius"),
    sequence: reader.u8("nwk.sequence"),
  };
  if ((control & 0x800) !== 0)
    header.destinationIeee = eui64FromBytesLE(reader.take(8, "nwk.destinationIeee"));
  if ((control & 0x1000) !== 0) header.sourceIeee = eui64FromBytesLE(reader.take(8, "nwk.sourceIeee"));
  if ((control & 0x400) !== 0) {
    const relays = reader.u8("nwk.relayCount");
    reader.u8("nwk.relayIndex");
    reader.take(relays * 2, "nwk.relays");
  }
  return header;
}
