import { ByteWriter } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import {
  type BitString,
  type BooleanData,
  type CompactArray,
  DATA_TAGS,
  type Data,
  FIXED_OCTETS,
  type FloatData,
  INTEGER_RANGES,
  type IntegerData,
  type LongIntegerData,
  type TextData,
  type TypeDescription,
} from "./data.ts";

/** An A-XDR length in its shortest form. */
export function writeLength(out: ByteWriter, length: number): void {
  if (length < 0x80) out.u8(length);
  else if (length < 0x100) out.u8(0x81).u8(length);
  else if (length < 0x1_0000) out.u8(0x82).u16be(length);
  else if (length < 0x100_0000) {
    out
      .u8(0x83)
      .u8(length >>> 16)
      .u16be(length & 0xffff);
  } else out.u8(0x84).u32be(length);
}

/** Refuses a value that has no encoding, by `encode/value` and the path that leads to it. */
export function refuse(field: string, detail: string): never {
  throw new HanwayError("encode/value", detail, { field });
}

/** Refuses what is no list. Trees come from JSON too, where the compiler has not looked. */
export function listOf<T>(list: readonly T[], field: string): readonly T[] {
  return Array.isArray(list) ? list : refuse(field, "a list is needed");
}

/** Refuses what is not octets, or not as many as `length` where that is given. */
export function octetsOf(octets: Uint8Array, field: string, length?: number): Uint8Array {
  if (!(octets instanceof Uint8Array)) refuse(field, "octets are needed");
  if (length !== undefined && octets.length !== length) refuse(field, `${length} octets are needed`);
  return octets;
}

/** Refuses what is no object. */
export function objectOf<T extends object>(value: T, field: string): T {
  return typeof value === "object" && value !== null ? value : refuse(field, "an object is needed");
}

/** Writes one Data. `field` names it in errors. */
export function writeData(out: ByteWriter, data: Data, field: string): void {
  objectOf(data, field);
  out.u8(DATA_TAGS[data.type] ?? refuse(field, `${String(data.type)} is not a type`));
  switch (data.type) {
    case "array":
    case "structure":
      writeLength(out, listOf(data.value, field).length);
      for (const [i, element] of data.value.entries()) writeData(out, element, `${field}[${i}]`);
      return;
    case "compact-array":
      writeCompactArray(out, data, field);
      return;
    default:
      writeSimple(out, data, field);
  }
}

type SimpleData = Exclude<Data, { type: "array" | "structure" | "compact-array" }>;

function writeSimple(out: ByteWriter, data: SimpleData, field: string): void {
  switch (data.type) {
    case "null":
    case "dont-care":
      return;
    case "boolean":
      writeBoolean(out, data, field);
      return;
    case "bit-string":
      writeBitString(out, data, field);
      return;
    case "i64":
    case "u64":
      writeLong(out, data, field);
      return;
    case "float32":
    case "float64":
      writeFloat(out, data, field);
      return;
    case "octet-string":
      writeLength(out, octetsOf(data.value, field).length);
      out.bytes(data.value);
      return;
    case "date-time":
    case "date":
    case "time":
      out.bytes(octetsOf(data.value, field, FIXED_OCTETS[data.type]));
      return;
    case "visible-string":
    case "utf8-string":
      writeText(out, data, field);
      return;
    default:
      writeInteger(out, data, field);
  }
}

function writeBoolean(out: ByteWriter, data: BooleanData, field: string): void {
  const octet = data.octet ?? (data.value ? 0xff : 0);
  if (!Number.isInteger(octet) || octet < 0 || octet > 0xff || (octet !== 0) !== data.value)
    refuse(field, `octet ${octet} does not say ${data.value}`);
  out.u8(octet);
}

function writeBitString(out: ByteWriter, data: BitString, field: string): void {
  if (octetsOf(data.value, field).length !== Math.ceil(data.bits / 8))
    refuse(field, `${data.bits} bits do not fill ${data.value.length} octets`);
  writeLength(out, data.bits);
  out.bytes(data.value);
}

function writeInteger(out: ByteWriter, data: IntegerData, field: string): void {
  const range = INTEGER_RANGES[data.type] ?? refuse(field, `${String(data.type)} is not a type`);
  const [low, high, octets] = range;
  if (!Number.isInteger(data.value) || data.value < low || data.value > high)
    refuse(field, `${data.value} is not within ${low} to ${high}`);
  if (octets === 1) out.u8(data.value);
  else if (octets === 2) out.u16be(data.value);
  else out.u32be(data.value);
}

function writeLong(out: ByteWriter, data: LongIntegerData, field: string): void {
  if (typeof data.value !== "bigint") refuse(field, "a whole number of 64 bits is needed");
  const fits = data.type === "i64" ? BigInt.asIntN(64, data.value) : BigInt.asUintN(64, data.value);
  if (fits !== data.value) refuse(field, `${data.value} is not within 64 bits`);
  out.u64be(BigInt.asUintN(64, data.value));
}

function writeFloat(out: ByteWriter, data: FloatData, field: string): void {
  if (typeof data.value !== "number") refuse(field, "a number is needed");
  const octets = new Uint8Array(data.type === "float32" ? 4 : 8);
  const view = new DataView(octets.buffer);
  if (data.octets && Number.isNaN(data.value)) {
    octets.set(octetsOf(data.octets, field, octets.length));
  } else if (data.type === "float64") view.setFloat64(0, data.value);
  else if (Number.isNaN(data.value) || Math.fround(data.value) === data.value) view.setFloat32(0, data.value);
  else refuse(field, `${data.value} is not a single precision number`);
  out.bytes(octets);
}

function writeText(out: ByteWriter, data: TextData, field: string): void {
  if (typeof data.value !== "string") refuse(field, "text is needed");
  const charset = data.type === "utf8-string" ? "utf8" : "latin1";
  const octets = Buffer.from(data.value, charset);
  if (octets.toString(charset) !== data.value) refuse(field, `text does not fit a ${data.type}`);
  writeLength(out, octets.length);
  out.bytes(octets);
}

function writeCompactArray(out: ByteWriter, data: CompactArray, field: string): void {
  writeDescription(out, data.element, field);
  const packed = new ByteWriter();
  for (const [i, element] of listOf(data.value, field).entries()) {
    const before = packed.length;
    writePacked(packed, element, data.element, `${field}[${i}]`);
    if (packed.length === before) refuse(`${field}[${i}]`, "an element of no octets");
  }
  writeLength(out, packed.length);
  out.bytes(packed.done());
}

function writeDescription(out: ByteWriter, description: TypeDescription, field: string): void {
  objectOf(description, field);
  out.u8(DATA_TAGS[description.type] ?? refuse(field, `${String(description.type)} is not a type`));
  if (description.type === "array") {
    if (!Number.isInteger(description.count) || description.count < 0 || description.count > 0xffff)
      refuse(field, `${description.count} elements do not fit a type description`);
    out.u16be(description.count);
    writeDescription(out, description.element, field);
  } else if (description.type === "structure") {
    writeLength(out, listOf(description.elements, field).length);
    for (const element of description.elements) writeDescription(out, element, field);
  }
}

function writePacked(out: ByteWriter, data: Data, description: TypeDescription, field: string): void {
  objectOf(data, field);
  if (data.type === "compact-array" || data.type !== description.type)
    refuse(field, `${data.type} where ${description.type} is described`);
  if (data.type === "structure" && description.type === "structure") {
    sameCount(listOf(data.value, field).length, description.elements.length, field);
    for (const [i, element] of description.elements.entries())
      writePacked(out, data.value[i] ?? { type: "null" }, element, `${field}[${i}]`);
  } else if (data.type === "array" && description.type === "array") {
    sameCount(listOf(data.value, field).length, description.count, field);
    for (const [i, element] of data.value.entries())
      writePacked(out, element, description.element, `${field}[${i}]`);
  } else if (data.type !== "array" && data.type !== "structure") {
    writeSimple(out, data, field);
  }
}

function sameCount(given: number, described: number, field: string): void {
  if (given !== described) refuse(field, `${given} elements where ${described} are described`);
}
