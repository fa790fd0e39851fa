import { concatBytes } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";

/**
 * ASH frames (Silicon Labs UG101): what stands between two flag octets, before stuffing. Frame and
 * acknowledgement numbers run from 0 to 7.
 */
export type AshFrame =
  | { type: "data"; frameNumber: number; ackNumber: number; resent: boolean; data: Uint8Array }
  | { type: "ack"; ackNumber: number; notReady: boolean }
  | { type: "nak"; ackNumber: number; notReady: boolean }
  | { type: "rst" }
  | { type: "rstack"; version: number; code: number }
  | { type: "error"; version: number; code: number };

export const ASH_VERSION = 2;

/** Octets of EZSP that one DATA frame may carry: EZSP's own limits, legacy header up to 200 octets of parameters and more. */
export const MIN_DATA = 3;
export const MAX_DATA = 220;
/** Control octet, data and CRC. */
export const MAX_CONTENT = 1 + MAX_DATA + 2;

/** Reset and error codes as RSTACK and ERROR carry them (UG101 section 3.7). */
export const RESET_SOFTWARE = 0x0b;
export const ERROR_UNACKNOWLEDGED = 0x51;

const FLAG = 0x7e;
const ESCAPE = 0x7d;
const RESERVED: ReadonlySet<number> = new Set([FLAG, ESCAPE, 0x11, 0x13, 0x18, 0x1a]);

/** CRC-CCITT: polynomial 0x1021, initial 0xFFFF, most significant bit first ("123456789" gives 0x29B1). */
export function crcCcitt(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const octet of bytes) {
    crc ^= octet << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}

/** XORs the data field with the pseudo-random sequence of UG101 section 4.3; its own inverse. */
export function randomize(data: Uint8Array): Uint8Array {
  let mask = 0x42;
  return data.map((octet) => {
    const out = octet ^ mask;
    mask = mask & 1 ? (mask >>> 1) ^ 0xb8 : mask >>> 1;
    return out;
  });
}

function content(frame: AshFrame): Uint8Array {
  switch (frame.type) {
    case "data": {
      if (frame.data.length < MIN_DATA || frame.data.length > MAX_DATA)
        throw new HanwayError("encode/value", `${frame.data.length} octets of data`, { field: "ash.data" });
      const control = ((frame.frameNumber & 7) << 4) | (frame.resent ? 8 : 0) | (frame.ackNumber & 7);
      return concatBytes(Uint8Array.of(control), randomize(frame.data));
    }
    case "ack":
      return Uint8Array.of(0x80 | (frame.notReady ? 8 : 0) | (frame.ackNumber & 7));
    case "nak":
      return Uint8Array.of(0xa0 | (frame.notReady ? 8 : 0) | (frame.ackNumber & 7));
    case "rst":
      return Uint8Array.of(0xc0);
    case "rstack":
      return Uint8Array.of(0xc1, frame.version, frame.code);
    case "error":
      return Uint8Array.of(0xc2, frame.version, frame.code);
  }
}

/** The frame as it goes onto the line: stuffed, with its CRC and the closing flag. Throws `encode/value` for a data field outside 3..220 octets. */
export function encodeAsh(frame: AshFrame): Uint8Array {
  const body = content(frame);
  const crc = crcCcitt(body);
  const out: number[] = [];
  for (const octet of concatBytes(body, Uint8Array.of(crc >>> 8, crc & 0xff))) {
    if (RESERVED.has(octet)) out.push(ESCAPE, octet ^ 0x20);
    else out.push(octet);
  }
  out.push(FLAG);
  return Uint8Array.from(out);
}

function fixed(body: Uint8Array, length: number): void {
  if (body.length !== length)
    throw new HanwayError("decode/length", `${body.length} octets, ${length} expected`, {
      field: "ash",
      offset: 0,
    });
}

/**
 * Reads one unstuffed frame with its CRC, without the flag. Throws `decode/truncated`, `decode/size`,
 * `decode/checksum`, `decode/length` or `decode/value`; the receiver then answers with NAK.
 */
export function decodeAsh(bytes: Uint8Array): AshFrame {
  if (bytes.length < 3)
    throw new HanwayError("decode/truncated", `${bytes.length} octets, 3 at least`, {
      field: "ash",
      offset: bytes.length,
    });
  if (bytes.length > MAX_CONTENT)
    throw new HanwayError("decode/size", `${bytes.length} octets, ${MAX_CONTENT} at most`, {
      field: "ash",
      offset: MAX_CONTENT,
    });
  const at = bytes.length - 2;
  const body = bytes.subarray(0, at);
  if (crcCcitt(body) !== (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)))
    throw new HanwayError("decode/checksum", "CRC does not fit", { field: "ash.crc", offset: at });
  const control = body[0] ?? 0;
  const ackNumber = control & 7;
  if (control < 0x80) {
    if (body.length < 1 + MIN_DATA)
      throw new HanwayError("decode/length", `${body.length - 1} octets of data, ${MIN_DATA} at least`, {
        field: "ash.data",
        offset: 1,
      });
    const data = randomize(body.subarray(1));
    return { type: "data", frameNumber: control >>> 4, ackNumber, resent: (control & 8) !== 0, data };
  }
  const notReady = (control & 8) !== 0;
  // Bit 4 of ACK and NAK is reserved and must be ignored by the receiver.
  if ((control & 0xe0) === 0x80) {
    fixed(body, 1);
    return { type: "ack", ackNumber, notReady };
  }
  if ((control & 0xe0) === 0xa0) {
    fixed(body, 1);
    return { type: "nak", ackNumber, notReady };
  }
  if (control === 0xc0) {
    fixed(body, 1);
    return { type: "rst" };
  }
  if (control === 0xc1 || control === 0xc2) {
    fixed(body, 3);
    const type = control === 0xc1 ? "rstack" : "error";
    return { type, version: body[1] ?? 0, code: body[2] ?? 0 };
  }
  throw new HanwayError("decode/value", `control octet 0x${control.toString(16)}`, {
    field: "ash.control",
    offset: 0,
  });
}
