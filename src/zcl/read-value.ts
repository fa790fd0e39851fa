import type { ByteReader } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { eui64FromBytesLE } from "../base/eui64.ts";
import { type DataType, dataType } from "./data-type.ts";
import { readFloat } from "./float.ts";
import { indexed } from "./place.ts";
import { readText } from "./text.ts";
import { checkElement, MAX_DEPTH, type ZclFields, type ZclValue } from "./value.ts";

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

function checkDepth(depth: number, field: string, offset: number): void {
  if (depth >= MAX_DEPTH)
    throw new HanwayError("decode/depth", `more than ${MAX_DEPTH} levels`, { field, offset });
}
