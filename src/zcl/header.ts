import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";

/** Which side of the cluster a frame comes from: direction bit 0 client to server, 1 server to client. */
export type Direction = "clientToServer" | "serverToClient";

/** The ZCL header (ZCL 2.4.1). */
export interface ZclHeader {
  /** `global` for the general (foundation) commands, `cluster` for those of the cluster. */
  readonly frameType: "global" | "cluster";
  readonly direction: Direction;
  /** True asks the receiver not to answer with a Default Response of status SUCCESS. */
  readonly disableDefaultResponse: boolean;
  /** Present in manufacturer specific frames only, 16 bits. */
  readonly manufacturerCode?: number;
  /** Transaction sequence number, 8 bits. */
  readonly sequence: number;
  /** Command id, 8 bits. */
  readonly command: number;
}

const CLUSTER = 0x01;
const MANUFACTURER = 0x04;
const TO_CLIENT = 0x08;
const DISABLE_DEFAULT_RESPONSE = 0x10;
/** Frame types 2 and 3 and bits 5 to 7. */
const RESERVED = 0xe2;

/** Reads the 3 or 5 octets of a header. Throws `decode/truncated`, or `decode/value` where reserved bits are set. */
export function readHeader(reader: ByteReader): ZclHeader {
  const at = reader.offset;
  const control = reader.u8("frameControl");
  if ((control & RESERVED) !== 0) {
    throw new HanwayError("decode/value", "reserved frame type or reserved bits set", {
      field: "frameControl",
      offset: at,
    });
  }
  const frameType = control & CLUSTER ? "cluster" : "global";
  const direction = control & TO_CLIENT ? "serverToClient" : "clientToServer";
  const disableDefaultResponse = (control & DISABLE_DEFAULT_RESPONSE) !== 0;
  if (control & MANUFACTURER) {
    const manufacturerCode = reader.u16le("manufacturerCode");
    const sequence = reader.u8("sequence");
    const command = reader.u8("command");
    return { frameType, direction, disableDefaultResponse, manufacturerCode, sequence, command };
  }
  const sequence = reader.u8("sequence");
  const command = reader.u8("command");
  return { frameType, direction, disableDefaultResponse, sequence, command };
}

/** Writes the 3 or 5 octets of a header. Throws `encode/value` where a number does not fit. */
export function writeHeader(writer: ByteWriter, header: ZclHeader): void {
  const { manufacturerCode } = header;
  writer.u8(
    choice(header.frameType, "global", "cluster", CLUSTER, "frameType") |
      (manufacturerCode === undefined ? 0 : MANUFACTURER) |
      choice(header.direction, "clientToServer", "serverToClient", TO_CLIENT, "direction") |
      choice(header.disableDefaultResponse, false, true, DISABLE_DEFAULT_RESPONSE, "disableDefaultResponse"),
  );
  if (manufacturerCode !== undefined) writer.u16le(unsigned(manufacturerCode, 0xffff, "manufacturerCode"));
  writer.u8(unsigned(header.sequence, 0xff, "sequence")).u8(unsigned(header.command, 0xff, "command"));
}

/** `bit` for the second of two values, 0 for the first; throws `encode/value` for a third. */
function choice<T>(value: T, first: T, second: T, bit: number, field: string): number {
  if (value === second) return bit;
  if (value === first) return 0;
  throw new HanwayError("encode/value", `neither ${String(first)} nor ${String(second)}`, { field });
}

/** The number itself where it is whole and within 0 to `most`; throws `encode/value` otherwise. */
export function unsigned(value: number, most: number, field: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new HanwayError("encode/value", `a whole number from 0 to ${most} is needed`, { field });
}
