import { UTC_EPOCH_UNIX_SECONDS } from "../base/clock.ts";
import { clusterCommand } from "./cluster.ts";
import { STATUS_NAMES } from "./data/names.ts";
import { type DataType, dataType } from "./data-type.ts";
import { definitionOf, type ZclFrame } from "./frame.ts";
import type { Field } from "./layout.ts";
import { type AttributeDefinition, attribute, type ValueNames, valueNames } from "./names.ts";
import type { ZclValue } from "./value.ts";

/** One field of a command, or one attribute, in words. */
export interface DescribedField {
  /** Name of the field, within a list with its index (`events[0].eventId`), or of the attribute. */
  readonly name: string;
  /** Attribute id, where it is an attribute. */
  readonly attribute?: number;
  /** Status of an attribute's record by name. */
  readonly status?: string;
  readonly value?: ZclValue;
  /** What the value says: a name of an enumeration, the set bits, a time, text. */
  readonly meaning?: string;
  readonly unit?: string;
}

/** What a description needs of a frame. */
export type Describable = Pick<ZclFrame, "cluster" | "fields"> & Parameters<typeof definitionOf>[0];

/** General commands that speak of the sender's own attributes; the others of the receiver's. */
const OF_THE_SENDER: ReadonlySet<number> = new Set([0x01, 0x04, 0x07, 0x09, 0x0a, 0x0d, 0x10, 0x16]);

/** Units of fields that always have the same one. */
const UNITS: Readonly<Record<string, string>> = {
  durationInMinutes: "min",
  reportingInterval: "s",
  sampleRequestInterval: "s",
  minimumReportingInterval: "s",
  maximumReportingInterval: "s",
  timeoutPeriod: "s",
  identifyTime: "s",
  minimumBlockPeriod: "ms",
  responseSpacing: "ms",
  maximumDataSize: "octets",
  pageSize: "octets",
  imageSize: "octets",
  fileOffset: "octets",
  maximumIncomingTransferSize: "octets",
};

/** The fields of a decoded frame in order, with the names of attributes, enumerations, bits and status codes. */
export function describeFields(frame: Describable): DescribedField[] {
  const definition = definitionOf(frame, frame.cluster);
  if (definition === undefined) return Object.entries(frame.fields).map(([name, value]) => ({ name, value }));
  if (frame.frameType === "global") return describeGeneral(frame);
  return describeLayout(frame.fields, definition.layout, frame.cluster, "");
}

function describeLayout(
  fields: { readonly [name: string]: ZclValue },
  layout: readonly Field[],
  cluster: number,
  prefix: string,
): DescribedField[] {
  return layout.flatMap((field) => {
    const value = fields[field.name];
    if (value === undefined) return [];
    return describeValue(value, field, cluster, `${prefix}${field.name}`);
  });
}

function describeValue(value: ZclValue, field: Field, cluster: number, name: string): DescribedField[] {
  if (field.kind === "group" && Array.isArray(value)) {
    return value.flatMap((one: ZclValue, i) =>
      describeLayout(asFields(one), field.fields, cluster, `${name}[${i}].`),
    );
  }
  if (field.kind === "select" && !(value instanceof Uint8Array)) {
    const parts = asFields(value);
    const layout = [...field.cases.values()].find((one) =>
      Object.keys(parts).every((part) => one.some((inner) => inner.name === part)),
    );
    return describeLayout(parts, layout ?? [], cluster, `${name}.`);
  }
  if (field.kind !== "scalar") return [{ name, value }];
  const unit = UNITS[field.name];
  const meaning = meaningOf(value, field.type, field.values, cluster);
  return [
    { name, value, ...(meaning === undefined ? {} : { meaning }), ...(unit === undefined ? {} : { unit }) },
  ];
}

/** The fields of a group; none for anything else. */
function asFields(value: ZclValue): { readonly [name: string]: ZclValue } {
  const isGroup =
    typeof value === "object" && value !== null && !isList(value) && !(value instanceof Uint8Array);
  return isGroup ? value : {};
}

function isList(value: ZclValue): value is readonly ZclValue[] {
  return Array.isArray(value);
}

/** What a value says beyond its number or octets; undefined where it says nothing more. */
export function meaningOf(
  value: ZclValue,
  type: DataType,
  values: string | undefined,
  cluster: number,
): string | undefined {
  if (type.name === "UTC" && typeof value === "number") return timeText(value);
  if (value instanceof Uint8Array) return asciiText(value);
  if (values === undefined || typeof value !== "number") return undefined;
  if (values === "DataType") return dataType(value)?.name;
  const names = valueNames(cluster, values);
  if (names === undefined) return values === "Status" ? STATUS_NAMES.get(value) : undefined;
  return names.kind === "enum" ? enumText(value, names) : bitsText(value, names);
}

function timeText(seconds: number): string | undefined {
  if (seconds === 0 || seconds >= 0xffff_fffe) return undefined;
  return new Date((seconds + UTC_EPOCH_UNIX_SECONDS) * 1000).toISOString().replace(".000Z", "Z");
}

function asciiText(octets: Uint8Array): string | undefined {
  if (octets.length === 0 || octets.some((octet) => octet < 0x20 || octet > 0x7e)) return undefined;
  return String.fromCharCode(...octets);
}

const shiftOf = (mask: number) => 31 - Math.clz32(mask & -mask);

function enumText(value: number, { mask, names }: ValueNames): string | undefined {
  return names.get(mask === undefined ? value : (value & mask) >>> shiftOf(mask));
}

/** Single bits by name where they are set, parts of several bits with their number. */
function bitsText(value: number, { names }: ValueNames): string | undefined {
  const parts: string[] = [];
  for (const [mask, name] of names) {
    const part = (value & mask) >>> 0;
    if ((mask & (mask - 1)) !== 0) parts.push(`${name} ${part >>> shiftOf(mask)}`);
    else if (part !== 0) parts.push(name);
  }
  return parts.length === 0 ? undefined : parts.join(", ");
}

function describeGeneral(frame: Describable): DescribedField[] {
  const { fields } = frame;
  const ids = fields.attributeIds;
  if (Array.isArray(ids)) return ids.map((id: ZclValue) => describeRecord(frame, { attributeId: id }));
  const records = fields.records ?? fields.attributes;
  if (!Array.isArray(records)) return describePlainGeneral(frame);
  return records.map((record: ZclValue) => describeRecord(frame, asFields(record)));
}

function describePlainGeneral(frame: Describable): DescribedField[] {
  const layout = definitionOf(frame, frame.cluster)?.layout ?? [];
  return describeLayout(frame.fields, layout, frame.cluster, "").map((field) => {
    if (field.name !== "commandId" || typeof field.value !== "number") return field;
    // The command that is answered came from the other side.
    const other = frame.direction === "clientToServer" ? "serverToClient" : "clientToServer";
    const meaning = clusterCommand(frame.cluster, other, field.value)?.name;
    return meaning === undefined ? field : { ...field, meaning };
  });
}

/** The attribute that a record of a general command speaks of. */
export function attributeOf(frame: Describable, id: number): AttributeDefinition | undefined {
  const fromServer = frame.direction === "serverToClient";
  const ofServer = OF_THE_SENDER.has(frame.command) === fromServer;
  return attribute(frame.cluster, id, ofServer ? "server" : "client");
}

function describeRecord(frame: Describable, record: { readonly [name: string]: ZclValue }): DescribedField {
  const { attributeId, status, value } = record;
  const known = typeof attributeId === "number" ? attributeOf(frame, attributeId) : undefined;
  const type = typeof record.dataType === "number" ? dataType(record.dataType) : known?.type;
  const statusName =
    typeof status === "number" ? (STATUS_NAMES.get(status) ?? `0x${status.toString(16)}`) : undefined;
  const meaning =
    value === undefined || type === undefined
      ? undefined
      : meaningOf(value, type, known?.values, frame.cluster);
  return {
    name:
      known?.name ??
      (typeof attributeId === "number" ? `0x${attributeId.toString(16).padStart(4, "0")}` : "all"),
    ...(typeof attributeId === "number" ? { attribute: attributeId } : {}),
    ...(statusName === undefined ? {} : { status: statusName }),
    ...(value === undefined ? {} : { value }),
    ...(meaning === undefined ? {} : { meaning }),
  };
}
