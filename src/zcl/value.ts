import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { type Eui64, eui64FromBytesLE, eui64ToBytesLE } from "../base/eui64.ts";
import { type DataType, dataType } from "./data-type.ts";
import { readFloat, writeFloat } from "./float.ts";
import { indexed } from "./place.ts";
import { readText, writeText } from "./text.ts";

/**
 * A decoded value. Integers, bitmaps, enumerations and UTCTime (seconds since 2000-01-01 UTC) of up to 48 bits are
 * numbers, longer ones bigints; octet strings are views into the frame; an EUI-64 is its hex text. `null` stands for
 * "not set" where the encoding has a mark of its own for it: strings, collections, booleans, parts of dates.
 */
export type ZclValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | Uint8Array
  | readonly ZclValue[]
  | { readonly [name: string]: ZclValue };

export type ZclFields = { [name: string]: ZclValue };

/** ZCL 2.6.2.16: collections may be nested to this depth. */
const MAX_DEPTH = 15;

/** Octets up to this size are numbers; above it they would lose precision. */
const NUMBER_OCTETS = 6;

/** Reads a value of one data type (ZCL 2.6.2). Throws `decode/truncated`, `decode/value` or `decode/depth`. */
export function readValue(reader: ByteReader, type: DataType, field: string, depth = 0): ZclValue {
  const { size } = type;
  switch (type.shape) {
    case "unsigned":
      return readUnsigned(reader, size, field);
    case "signed":
      return readSigned(reader, size, field);
    case "octets":
      return readOctets(reader, size, field);
    case "text":
      return readText(readOctets(reader, size, field));
    case "bool":
      return readBool(reader, field);
    case "none":
      return null;
    case "semi":
    case "single":
    case "double":
      return readFloat(reader.take(size, field));
    case "date":
      return readParts(reader.take(4, field), ["year", "month", "day", "weekday"], 1900);
    case "timeOfDay":
      return readParts(reader.take(4, field), ["hours", "minutes", "seconds", "hundredths"], 0);
    case "eui64":
      return eui64FromBytesLE(reader.take(8, field));
    case "key128":
      return reader.take(16, field);
    case "array":
      return readArray(reader, field, depth);
    case "struct":
      return readStruct(reader, field, depth);
  }
}

function readUnsigned(reader: ByteReader, size: number, field: string): number | bigint {
  switch (size) {
    case 1:
      return reader.u8(field);
    case 2:
      return reader.u16le(field);
    case 4:
      return reader.u32le(field);
    case 8:
      return reader.u64le(field);
    case 7:
      return bigFrom(reader.take(7, field));
    default:
      return reader.uintLE(size, field);
  }
}

function readSigned(reader: ByteReader, size: number, field: string): number | bigint {
  const value = readUnsigned(reader, size, field);
  if (typeof value === "bigint") return BigInt.asIntN(size * 8, value);
  return value >= 2 ** (size * 8 - 1) ? value - 2 ** (size * 8) : value;
}

function bigFrom(octets: Uint8Array): bigint {
  let value = 0n;
  for (let i = octets.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(octets[i] ?? 0);
  return value;
}

function readOctets(reader: ByteReader, lengthOctets: number, field: string): Uint8Array | null {
  const length = lengthOctets === 1 ? reader.u8(field) : reader.u16le(field);
  if (length === (lengthOctets === 1 ? 0xff : 0xffff)) return null;
  return reader.take(length, field);
}

function readBool(reader: ByteReader, field: string): boolean | null {
  const offset = reader.offset;
  const octet = reader.u8(field);
  if (octet <= 1) return octet === 1;
  if (octet === 0xff) return null;
  throw new HanwayError("decode/value", "neither 0, 1 nor 0xFF", { field, offset });
}

function readParts(octets: Uint8Array, names: readonly string[], yearBase: number): ZclFields {
  const parts: ZclFields = {};
  names.forEach((name, i) => {
    const octet = octets[i] ?? 0xff;
    parts[name] = octet === 0xff ? null : octet + (i === 0 ? yearBase : 0);
  });
  return parts;
}

/** The type that an id on the wire stands for. Throws `decode/value` where there is none. */
export function readType(id: number, field: string, offset: number): DataType {
  const type = dataType(id);
  if (type) return type;
  throw new HanwayError("decode/value", `no data type 0x${id.toString(16).padStart(2, "0")}`, {
    field,
    offset,
  });
}

function readArray(reader: ByteReader, field: string, depth: number): ZclFields {
  const offset = reader.offset;
  const elementType = reader.u8(field);
  const count = reader.u16le(field);
  if (count === 0xffff) return { elementType, elements: null };
  const type = readType(elementType, field, offset);
  checkElement(type, count, "decode/value", field, offset);
  checkDepth(depth, field, offset);
  const elements: ZclValue[] = [];
  try {
    while (elements.length < count) elements.push(readValue(reader, type, field, depth + 1));
  } catch (error) {
    throw indexed(error, field, elements.length);
  }
  return { elementType, elements };
}

function readStruct(reader: ByteReader, field: string, depth: number): ZclFields {
  const offset = reader.offset;
  const count = reader.u16le(field);
  if (count === 0xffff) return { members: null };
  checkDepth(depth, field, offset);
  const members: ZclFields[] = [];
  try {
    while (members.length < count) {
      const at = reader.offset;
      const id = reader.u8(field);
      const type = readType(id, field, at);
      members.push({ dataType: id, value: readValue(reader, type, field, depth + 1) });
    }
  } catch (error) {
    throw indexed(error, field, members.length);
  }
  return { members };
}

/** Elements without octets could number 65,534 in a frame of seven octets. */
function checkElement(
  type: DataType,
  count: number,
  code: "decode/value" | "encode/value",
  field: string,
  offset?: number,
): void {
  if (type.shape !== "none" || count === 0) return;
  throw new HanwayError(code, `elements of type ${type.name} have no octets`, {
    field,
    ...(offset === undefined ? {} : { offset }),
  });
}

function checkDepth(depth: number, field: string, offset: number): void {
  if (depth >= MAX_DEPTH)
    throw new HanwayError("decode/depth", `more than ${MAX_DEPTH} levels`, { field, offset });
}

/** Writes a value of one data type. Throws `encode/value` where the value is of another kind or does not fit. */
export function writeValue(
  writer: ByteWriter,
  type: DataType,
  value: ZclValue | undefined,
  field: string,
  depth = 0,
): void {
  const { size } = type;
  switch (type.shape) {
    case "unsigned":
      writeInteger(writer, value, size, 0n, field);
      return;
    case "signed":
      writeInteger(writer, value, size, 1n << BigInt(size * 8 - 1), field);
      return;
    case "octets":
      writeOctets(writer, value === null ? null : octets(value, field), size, field);
      return;
    case "text":
      writeOctets(writer, writeText(value, field), size, field);
      return;
    case "bool":
      if (typeof value !== "boolean" && value !== null) refuse("true, false or null", field);
      writer.u8(value === null ? 0xff : value ? 1 : 0);
      return;
    case "none":
      if (value !== null) refuse("null", field);
      return;
    case "semi":
    case "single":
    case "double":
      writer.bytes(writeFloat(value, size, field));
      return;
    case "date":
      writeParts(writer, value, ["year", "month", "day", "weekday"], 1900, field);
      return;
    case "timeOfDay":
      writeParts(writer, value, ["hours", "minutes", "seconds", "hundredths"], 0, field);
      return;
    case "eui64":
      if (typeof value !== "string" || !/^[0-9a-f]{16}$/.test(value))
        refuse("16 lower-case hex digits", field);
      writer.bytes(eui64ToBytesLE(value as Eui64));
      return;
    case "key128": {
      const key = octets(value, field);
      if (key.length !== 16) refuse("16 octets", field);
      writer.bytes(key);
      return;
    }
    case "array":
      writeArray(writer, value, field, depth);
      return;
    case "struct":
      writeStruct(writer, value, field, depth);
      return;
  }
}

export function refuse(wanted: string, field: string): never {
  throw new HanwayError("encode/value", `${wanted} wanted`, { field });
}

/** `half` is 0 for unsigned integers, else the magnitude of the lowest number. */
function writeInteger(
  writer: ByteWriter,
  value: ZclValue | undefined,
  size: number,
  half: bigint,
  field: string,
): void {
  if (size <= NUMBER_OCTETS) {
    const lowest = -Number(half);
    const highest = 2 ** (size * 8) + lowest - 1;
    if (typeof value !== "number" || !Number.isInteger(value) || value < lowest || value > highest)
      refuse(`a whole number from ${lowest} to ${highest}`, field);
    writer.uintLE(value, size);
    return;
  }
  const highest = (1n << BigInt(size * 8)) - half - 1n;
  if (typeof value !== "bigint" || value < -half || value > highest)
    refuse(`a bigint from ${-half} to ${highest}`, field);
  let left = BigInt.asUintN(size * 8, value);
  for (let i = 0; i < size; i++, left >>= 8n) writer.u8(Number(left & 0xffn));
}

function octets(value: ZclValue | undefined, field: string): Uint8Array {
  return value instanceof Uint8Array ? value : refuse("octets", field);
}

function writeOctets(
  writer: ByteWriter,
  content: Uint8Array | null,
  lengthOctets: number,
  field: string,
): void {
  const unset = lengthOctets === 1 ? 0xff : 0xffff;
  if (content !== null && content.length >= unset) refuse(`at most ${unset - 1} octets`, field);
  writer.uintLE(content === null ? unset : content.length, lengthOctets);
  if (content !== null) writer.bytes(content);
}

/** The value as a set of named fields. Throws `encode/value` where it is none. */
export function fieldsOf(value: ZclValue | undefined, field: string): { readonly [name: string]: ZclValue } {
  if (typeof value === "object" && value !== null && !isList(value) && !(value instanceof Uint8Array))
    return value;
  return refuse("named fields", field);
}

/** The value as a list. Throws `encode/value` where it is none. */
export function listOf(value: ZclValue | undefined, field: string): readonly ZclValue[] {
  return isList(value) ? value : refuse("a list", field);
}

function isList(value: ZclValue | undefined): value is readonly ZclValue[] {
  return Array.isArray(value);
}

function writeParts(
  writer: ByteWriter,
  value: ZclValue | undefined,
  names: readonly string[],
  yearBase: number,
  field: string,
): void {
  const parts = fieldsOf(value, field);
  names.forEach((name, i) => {
    const part = parts[name];
    const base = i === 0 ? yearBase : 0;
    if (part === null) writer.u8(0xff);
    else if (typeof part === "number" && Number.isInteger(part) && part >= base && part < base + 0xff)
      writer.u8(part - base);
    else refuse(`null or a whole number from ${base} to ${base + 0xfe}`, `${field}.${name}`);
  });
}

function typeToWrite(id: ZclValue | undefined, field: string): DataType {
  const type = typeof id === "number" ? dataType(id) : undefined;
  return type ?? refuse("the id of a data type", field);
}

function writeArray(writer: ByteWriter, value: ZclValue | undefined, field: string, depth: number): void {
  const { elementType, elements } = fieldsOf(value, field);
  if (elements === null) {
    // Nothing of the element type is used, so any id is kept.
    writeInteger(writer, elementType, 1, 0n, `${field}.elementType`);
    writer.u16le(0xffff);
    return;
  }
  const type = typeToWrite(elementType, `${field}.elementType`);
  const list = listOf(elements, `${field}.elements`);
  checkCollection(list, depth, field);
  checkElement(type, list.length, "encode/value", field);
  writer.u8(type.id).u16le(list.length);
  list.forEach((element, i) => {
    writeValue(writer, type, element, `${field}[${i}]`, depth + 1);
  });
}

function writeStruct(writer: ByteWriter, value: ZclValue | undefined, field: string, depth: number): void {
  const { members } = fieldsOf(value, field);
  if (members === null) {
    writer.u16le(0xffff);
    return;
  }
  const list = listOf(members, `${field}.members`);
  checkCollection(list, depth, field);
  writer.u16le(list.length);
  list.forEach((member, i) => {
    const name = `${field}[${i}]`;
    const { dataType: id, value: inner } = fieldsOf(member, name);
    const type = typeToWrite(id, `${name}.dataType`);
    writer.u8(type.id);
    writeValue(writer, type, inner, name, depth + 1);
  });
}

function checkCollection(list: readonly ZclValue[], depth: number, field: string): void {
  if (list.length >= 0xffff) refuse("at most 65534 elements", field);
  if (depth >= MAX_DEPTH) refuse(`at most ${MAX_DEPTH} levels`, field);
}
