import type { ByteWriter } from "../base/bytes.ts";
import { type Eui64, eui64ToBytesLE } from "../base/eui64.ts";
import { type DataType, dataType } from "./data-type.ts";
import { writeFloat } from "./float.ts";
import { writeText } from "./text.ts";
import { checkElement, fieldsOf, listOf, MAX_DEPTH, refuse, type ZclValue } from "./value.ts";

/** Octets up to this size are numbers; above it they would lose precision. */
const NUMBER_OCTETS = 6;

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
