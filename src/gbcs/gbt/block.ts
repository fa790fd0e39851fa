import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { type Eui64, eui64ToBytes } from "../../base/eui64.ts";
import { readAddress } from "../address.ts";
import { writeLength } from "../dlms/encoder.ts";
import { refusalError } from "../envelope/decode.ts";
import { MAX_BLOCK_OCTETS } from "./settings.ts";

/** Which message a block belongs to: the fields of its Grouping Header. */
export interface TransferHeader {
  /** 1 Command, 2 Response, 3 Alert. */
  readonly cra: 1 | 2 | 3;
  /** Originator Counter, 64 bits. */
  readonly counter: bigint;
  readonly originator: Eui64;
  readonly target: Eui64;
  readonly messageCode: number;
}

/** One block of a large message, or a confirmation, which has no data (GBCS 7.2.11; DLMS general-block-transfer). */
export interface GbtBlock extends TransferHeader {
  readonly securityControl: number;
  readonly invocationCounter: number;
  /** No block of the message comes after this one. */
  readonly last: boolean;
  /** More blocks follow before a confirmation is wanted. */
  readonly streaming: boolean;
  /** Blocks that the sender of this one can take at a time, 0 to 63. */
  readonly window: number;
  /** From 1, counted by the sender of this block. */
  readonly number: number;
  /** The highest block from the other end up to which none is missing; 0 for none. */
  readonly confirmed: number;
  /** Empty in a confirmation. */
  readonly data: Uint8Array;
}

const GENERAL_CIPHERING = 0xdd;
const GENERAL_BLOCK_TRANSFER = 0xe0;
const LAST = 0x80;
const STREAMING = 0x40;
const WINDOW = 0x3f;
/** Where the length of the ciphered service stands: tag, transaction id, parties, date-time, message code, key-info. */
const SERVICE_AT = 34;
/** Security control, invocation counter, tag, block control, number and confirmed number. */
const SERVICE_HEAD = 11;

/** Whether octets are a block (second octet 09) and not a message with a MAC header (second octet 00). */
export function isBlock(octets: Uint8Array): boolean {
  return octets[0] === GENERAL_CIPHERING && octets[1] === 9;
}

/** The values of one block; `data` is a view into `octets`. Throws HanwayError `decode/*` with field and offset. */
export function decodeBlock(octets: Uint8Array): GbtBlock {
  const address = readAddress(octets);
  if ("refused" in address) throw refusalError(address);
  if (address.form !== "block")
    throw new HanwayError("decode/value", "a whole message, not a block", { field: "block", offset: 1 });
  const { cra, counter, originator, target, messageCode } = address;
  const reader = new ByteReader(octets, SERVICE_AT);
  readLength(reader, "block.length");
  const securityControl = reader.u8("securityControl");
  const invocationCounter = reader.u32be("invocationCounter");
  const tagAt = reader.offset;
  if (reader.u8("tag") !== GENERAL_BLOCK_TRANSFER)
    throw new HanwayError("decode/value", "not general-block-transfer", { field: "tag", offset: tagAt });
  const control = reader.u8("blockControl");
  const number = reader.u16be("number");
  const confirmed = reader.u16be("confirmed");
  const dataAt = reader.offset;
  const length = readLength(reader, "data");
  if (length > MAX_BLOCK_OCTETS)
    throw new HanwayError("decode/size", `${length} octets; a block has at most ${MAX_BLOCK_OCTETS}`, {
      field: "data",
      offset: dataAt,
    });
  const data = reader.take(length, "data");
  reader.finish("block");
  return {
    ...{ cra, counter, originator, target, messageCode, securityControl, invocationCounter },
    last: (control & LAST) !== 0,
    streaming: (control & STREAMING) !== 0,
    window: control & WINDOW,
    ...{ number, confirmed, data },
  };
}

/** The octets of one block. Throws `encode/value` with the field's name. */
export function encodeBlock(block: GbtBlock): Uint8Array {
  const { data } = block;
  const size = lengthOctets(data.length);
  const out = new ByteWriter(SERVICE_AT + 3 + SERVICE_HEAD + size + data.length);
  out
    .u8(GENERAL_CIPHERING)
    .u8(9)
    .u8(within(block.cra, 1, 3, "cra"))
    .u64be(counter(block.counter));
  out.u8(8).bytes(eui64ToBytes(block.originator)).u8(8).bytes(eui64ToBytes(block.target));
  out
    .u8(0)
    .u8(2)
    .u16be(within(block.messageCode, 0, 0xffff, "messageCode"))
    .u8(0);
  writeLength(out, SERVICE_HEAD + size + within(data.length, 0, MAX_BLOCK_OCTETS, "data"));
  out.u8(within(block.securityControl, 0, 0xff, "securityControl"));
  out.u32be(within(block.invocationCounter, 0, 0xffff_ffff, "invocationCounter"));
  const flags = (block.last ? LAST : 0) | (block.streaming ? STREAMING : 0);
  out.u8(GENERAL_BLOCK_TRANSFER).u8(flags | within(block.window, 0, WINDOW, "window"));
  out.u16be(within(block.number, 0, 0xffff, "number")).u16be(within(block.confirmed, 0, 0xffff, "confirmed"));
  writeLength(out, data.length);
  return out.bytes(data).done();
}

/** Whether two blocks belong to one transfer, in either direction. */
export function sameTransfer(a: TransferHeader, b: TransferHeader): boolean {
  if (a.cra !== b.cra || a.counter !== b.counter || a.messageCode !== b.messageCode) return false;
  return (
    (a.originator === b.originator && a.target === b.target) ||
    (a.originator === b.target && a.target === b.originator)
  );
}

/** A length in its shortest form (1, 2 or 3 octets here). */
function readLength(reader: ByteReader, field: string): number {
  const offset = reader.offset;
  const first = reader.u8(field);
  if (first < 0x80) return first;
  const length = first === 0x81 ? reader.u8(field) : first === 0x82 ? reader.u16be(field) : -1;
  if (length < (first === 0x81 ? 0x80 : 0x100))
    throw new HanwayError("decode/length", "length not in its shortest form, or too long", { field, offset });
  return length;
}

function lengthOctets(length: number): number {
  return length < 0x80 ? 1 : length < 0x100 ? 2 : 3;
}

function counter(value: bigint): bigint {
  if (value >= 0n && value <= 0xffff_ffff_ffff_ffffn) return value;
  throw new HanwayError("encode/value", "more than 64 bits", { field: "counter" });
}

function within(value: number, low: number, high: number, field: string): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new HanwayError("encode/value", `${value} is not within ${low} to ${high}`, { field });
}
