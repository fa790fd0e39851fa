import { type ByteReader, ByteWriter } from "../../../base/bytes.ts";
import { HanwayError } from "../../../base/error.ts";
import { NWK_MAX_PAYLOAD } from "../network/nwk-frame.ts";
import { APS_SECURITY_OVERHEAD } from "../security/security.ts";

/** A block of a fragmented message, or the acknowledgement of such blocks (Zigbee 2.2.5.1.8). */
export interface ExtendedHeader {
  first: boolean;
  /** In the first block the number of blocks; in later ones the block's index; in an ACK the window's first block. */
  block: number;
  /** Only in an ACK: bit 0 is `block`, a set bit says received. */
  bitmap?: number;
}

/** APS header (Zigbee 2.2.5.1), without auxiliary header. */
export type ApsHeader =
  | {
      type: "data" | "ack";
      delivery: "unicast" | "broadcast" | "group";
      security: boolean;
      ackRequest: boolean;
      /** Endpoint, or the group's 16-bit id. */
      destination: number;
      cluster: number;
      profile: number;
      sourceEndpoint: number;
      counter: number;
      extended?: ExtendedHeader;
    }
  | { type: "command"; security: boolean; ackRequest: boolean; counter: number };

export type DataHeader = Extract<ApsHeader, { type: "data" | "ack" }>;

const DELIVERY = ["unicast", "reserved", "broadcast", "group"] as const;
const FRAGMENT_FIRST = 1;
const FRAGMENT_LATER = 2;

/** Octets of an APS data header with one endpoint each side. */
export const APS_HEADER = 8;
const EXTENDED_HEADER = 2;

/** Octets of payload that fit into one APS data frame. */
export function maximumApsPayload(security: boolean, fragment: boolean): number {
  return (
    NWK_MAX_PAYLOAD - APS_HEADER - (security ? APS_SECURITY_OVERHEAD : 0) - (fragment ? EXTENDED_HEADER : 0)
  );
}

export function encodeApsHeader(header: ApsHeader): Uint8Array {
  const flags = (header.security ? 0x20 : 0) | (header.ackRequest ? 0x40 : 0);
  const out = new ByteWriter(16);
  if (header.type === "command")
    return out
      .u8(0x01 | flags)
      .u8(header.counter)
      .done();
  const type = header.type === "ack" ? 2 : 0;
  out.u8(type | (DELIVERY.indexOf(header.delivery) << 2) | flags | (header.extended ? 0x80 : 0));
  if (header.delivery === "group") out.u16le(header.destination);
  else out.u8(header.destination);
  out.u16le(header.cluster).u16le(header.profile).u8(header.sourceEndpoint).u8(header.counter);
  if (header.extended) {
    out.u8(header.extended.first ? FRAGMENT_FIRST : FRAGMENT_LATER).u8(header.extended.block);
    if (header.type === "ack") out.u8(header.extended.bitmap ?? 0xff);
  }
  return out.done();
}

/** Reads the header at the reader's place. Throws `decode/truncated` or `decode/value`. */
export function decodeApsHeader(reader: ByteReader): ApsHeader {
  const offset = reader.offset;
  const control = reader.u8("aps.frameControl");
  const security = (control & 0x20) !== 0;
  const ackRequest = (control & 0x40) !== 0;
  const type = control & 3;
  if (type === 1) return { type: "command", security, ackRequest, counter: reader.u8("aps.counter") };
  const delivery = DELIVERY[(control >> 2) & 3];
  if (
    type === 3 ||
    delivery === undefined ||
    delivery === "reserved" ||
    (type === 2 && (control & 0x10) !== 0)
  ) {
    throw new HanwayError("decode/value", "frame type or delivery mode not used here", {
      field: "aps.frameControl",
      offset,
    });
  }
  const destination = delivery === "group" ? reader.u16le("aps.group") : reader.u8("aps.destinationEndpoint");
  const header: ApsHeader = {
    type: type === 2 ? "ack" : "data",
    delivery,
    security,
    ackRequest,
    destination,
    cluster: reader.u16le("aps.cluster"),
    profile: reader.u16le("aps.profile"),
    sourceEndpoint: reader.u8("aps.sourceEndpoint"),
    counter: reader.u8("aps.counter"),
  };
  const extended = (control & 0x80) !== 0 ? decodeExtended(reader, type === 2) : undefined;
  return extended ? { ...header, extended } : header;
}

function decodeExtended(reader: ByteReader, ack: boolean): ExtendedHeader | undefined {
  const kind = reader.u8("aps.extendedFrameControl") & 3;
  if (kind === 0) return undefined;
  const extended: ExtendedHeader = { first: kind === FRAGMENT_FIRST, block: reader.u8("aps.blockNumber") };
  return ack ? { ...extended, bitmap: reader.u8("aps.ackBitmap") } : extended;
}
