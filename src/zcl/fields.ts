import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { dataType } from "./data-type.ts";
import type { Condition, Field } from "./layout.ts";
import { indexed, inside } from "./place.ts";
import { readType, readValue } from "./read-value.ts";
import { fieldsOf, listOf, refuse, type ZclFields, type ZclValue } from "./value.ts";
import { writeValue } from "./write-value.ts";

type Values = { readonly [name: string]: ZclValue };

/** Reads the fields of a layout, in order, up to the reader's end where the layout goes that far. */
export function readFields(reader: ByteReader, layout: readonly Field[]): ZclFields {
  const values: ZclFields = {};
  for (const field of layout) {
    if (field.conditions.length > 0 && !holds(field.conditions, values)) continue;
    if (field.optional && reader.left === 0) break;
    if (field.kind === "change" && !isAnalog(values.dataType)) continue;
    values[field.name] =
      field.repeat === undefined
        ? readOne(reader, field, values, field.name)
        : readAll(reader, field, values);
  }
  return values;
}

function readAll(reader: ByteReader, field: Field, values: ZclFields): ZclValue {
  const { name, repeat } = field;
  if (field.kind === "raw") {
    return repeat === "rest" ? reader.rest() : reader.take(countFor(field, values), name);
  }
  const list: ZclValue[] = [];
  const count = repeat === "rest" ? Number.POSITIVE_INFINITY : countFor(field, values);
  try {
    while (list.length < count && (repeat !== "rest" || reader.left > 0))
      list.push(readOne(reader, field, values, name));
  } catch (error) {
    throw indexed(error, name, list.length);
  }
  return list;
}

function countFor(field: Field, values: Values): number {
  if (field.repeat === undefined || field.repeat === "rest") return 0;
  const count = values[field.repeat.count];
  return typeof count === "number" ? count & field.repeat.mask : 0;
}

function readOne(reader: ByteReader, field: Field, values: ZclFields, place: string): ZclValue {
  const offset = reader.offset;
  switch (field.kind) {
    case "scalar": {
      const value = readValue(reader, field.type, place);
      const length = field.most === undefined ? 0 : lengthOf(value);
      if (field.most !== undefined && length > field.most)
        throw tooLong("decode/length", length, field.most, place, offset);
      return value;
    }
    case "raw":
      return reader.take(rawLength(field, values, reader.left, place, offset), place);
    case "typed":
    case "change":
      return readValue(reader, readType(Number(values.dataType), place, offset), place);
    case "selector":
      return readSelector(reader, place);
    case "group":
      return readGroup(reader, field.fields, place);
    case "select": {
      const chosen = field.cases.get(Number(values[field.field]));
      // A layout that the tables do not have (a newer snapshot type): the octets themselves.
      return chosen === undefined ? reader.rest() : readGroup(reader, chosen, place);
    }
  }
}

function readGroup(reader: ByteReader, layout: readonly Field[], place: string): ZclFields {
  try {
    return readFields(reader, layout);
  } catch (error) {
    throw inside(error, place);
  }
}

function lengthOf(value: ZclValue): number {
  if (typeof value === "string") return Buffer.byteLength(value, "utf8");
  return value instanceof Uint8Array ? value.length : 0;
}

function tooLong(
  code: "decode/length" | "encode/value",
  length: number,
  most: number,
  field: string,
  offset?: number,
) {
  return new HanwayError(code, `${length} octets, at most ${most} allowed`, {
    field,
    ...(offset === undefined ? {} : { offset }),
  });
}

type RawField = Extract<Field, { kind: "raw" }>;

/** Octets that a raw field takes: one fixed number, the one an earlier field chooses, or one that fits what is left. */
function rawLength(field: RawField, values: Values, left: number, place: string, offset: number): number {
  const allowed = rawLengths(field, values);
  const length = allowed.length === 1 ? allowed[0] : allowed.find((candidate) => candidate === left);
  if (length !== undefined) return length;
  throw new HanwayError("decode/length", `${left} octets, ${allowed.join(" or ")} wanted`, {
    field: place,
    offset,
  });
}

function rawLengths(field: RawField, values: Values): readonly number[] {
  if (field.by === undefined) return field.lengths;
  const chosen = field.by.cases.get(Number(values[field.by.field]));
  return chosen === undefined ? [...field.by.cases.values()] : [chosen];
}

function holds(conditions: readonly Condition[], values: Values): boolean {
  return conditions.every(({ field, test, operand }) => {
    const value = values[field];
    if (typeof value !== "number") return false;
    if (test === "=") return value === operand;
    return test === "&" ? (value & operand) !== 0 : value >= operand;
  });
}

function isAnalog(id: ZclValue | undefined): boolean {
  return typeof id === "number" && (dataType(id)?.analog ?? false);
}

/** Selector (ZCL 2.5.15): indicator octet with the number of indexes below and the action above, then u16 each. */
function readSelector(reader: ByteReader, place: string): ZclFields {
  const indicator = reader.u8(place);
  const indexes: number[] = [];
  while (indexes.length < (indicator & 0x0f)) indexes.push(reader.u16le(place));
  return { action: indicator >> 4, indexes };
}

/**
 * Writes the fields of a layout. A count may be left out: it follows from its list. Throws `encode/value` for a
 * missing or unknown field, a count that contradicts its list, and a value that does not fit.
 */
export function writeFields(writer: ByteWriter, layout: readonly Field[], values: Values): void {
  let used = 0;
  let cutOff: string | undefined;
  for (const field of layout) {
    if (field.conditions.length > 0 && !holds(field.conditions, values)) continue;
    if (field.kind === "change" && !isAnalog(values.dataType)) continue;
    const given = values[field.name];
    if (given === undefined && field.optional) {
      cutOff ??= field.name;
      continue;
    }
    if (given !== undefined) used++;
    if (cutOff !== undefined) refuse("this field, or none of those behind it,", cutOff);
    const value = given ?? (given === null ? null : derivedCount(layout, field, values));
    if (value === undefined) refuse("a value", field.name);
    if (field.repeat === undefined) writeOne(writer, field, value, values, field.name);
    else writeAll(writer, field, value, withCount(values, field));
  }
  if (used !== Object.keys(values).length) refuseUnknown(layout, values);
}

function refuseUnknown(layout: readonly Field[], values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const field = layout.find((candidate) => candidate.name === name);
    const there =
      field !== undefined &&
      holds(field.conditions, values) &&
      (field.kind !== "change" || isAnalog(values.dataType));
    if (!there) throw new HanwayError("encode/value", "the command has no such field", { field: name });
  }
}

function derivedCount(layout: readonly Field[], field: Field, values: Values): ZclValue | undefined {
  for (const { name, repeat } of layout) {
    if (typeof repeat !== "object" || repeat.count !== field.name) continue;
    const list = values[name];
    if (Array.isArray(list) || list instanceof Uint8Array) return list.length;
  }
  return undefined;
}

/** The values with the count of a repeated field filled in from its list where it was left out. */
function withCount(values: Values, field: Field): Values {
  if (typeof field.repeat !== "object" || values[field.repeat.count] !== undefined) return values;
  const list = values[field.name];
  const count = Array.isArray(list) || list instanceof Uint8Array ? list.length : 0;
  return { ...values, [field.repeat.count]: count };
}

function writeAll(writer: ByteWriter, field: Field, value: ZclValue, values: Values): void {
  const { name } = field;
  const list = field.kind === "raw" ? value : listOf(value, name);
  if (!(list instanceof Uint8Array) && !Array.isArray(list)) refuse("octets", name);
  if (typeof field.repeat === "object" && list.length !== countFor(field, values))
    refuse(`as many elements as ${field.repeat.count} says`, name);
  if (list instanceof Uint8Array) {
    writer.bytes(list);
    return;
  }
  let written = 0;
  try {
    for (; written < list.length; written++) writeOne(writer, field, list[written], values, name);
  } catch (error) {
    throw indexed(error, name, written);
  }
}

function writeOne(writer: ByteWriter, field: Field, value: ZclValue, values: Values, place: string): void {
  switch (field.kind) {
    case "scalar": {
      const length = field.most === undefined ? 0 : lengthOf(value);
      if (field.most !== undefined && length > field.most)
        throw tooLong("encode/value", length, field.most, place);
      writeValue(writer, field.type, value, place);
      return;
    }
    case "raw": {
      const lengths = rawLengths(field, values);
      if (!(value instanceof Uint8Array) || !lengths.includes(value.length))
        refuse(`${lengths.join(" or ")} octets`, place);
      writer.bytes(value);
      return;
    }
    case "typed":
    case "change": {
      const type = dataType(Number(values.dataType)) ?? refuse("the id of a data type", "dataType");
      writeValue(writer, type, value, place);
      return;
    }
    case "selector":
      writeSelector(writer, value, place);
      return;
    case "group":
      writeGroup(writer, field.fields, value, place);
      return;
    case "select": {
      const chosen = field.cases.get(Number(values[field.field]));
      if (chosen !== undefined) {
        writeGroup(writer, chosen, value, place);
        return;
      }
      if (!(value instanceof Uint8Array)) refuse("octets", place);
      writer.bytes(value);
    }
  }
}

function writeGroup(writer: ByteWriter, layout: readonly Field[], value: ZclValue, place: string): void {
  const values = fieldsOf(value, place);
  try {
    writeFields(writer, layout, values);
  } catch (error) {
    throw inside(error, place);
  }
}

function writeSelector(writer: ByteWriter, value: ZclValue, place: string): void {
  const { action, indexes } = fieldsOf(value, place);
  const list = listOf(indexes, `${place}.indexes`);
  if (typeof action !== "number" || !(action >= 0 && action <= 15 && Number.isInteger(action)))
    refuse("0 to 15", `${place}.action`);
  if (list.length > 15) refuse("at most 15 indexes", `${place}.indexes`);
  writer.u8((action << 4) | list.length);
  for (const index of list) {
    if (typeof index !== "number" || !(index >= 0 && index <= 0xffff && Number.isInteger(index)))
      refuse("0 to 65535", `${place}.indexes`);
    writer.u16le(index);
  }
}
