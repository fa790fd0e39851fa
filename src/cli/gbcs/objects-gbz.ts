import { alertName } from "../../gbcs/catalogue/index.ts";
import type { DecryptedPart } from "../../gbcs/decrypt.ts";
import { componentsOf, type Gbz, type GbzComponent } from "../../gbcs/gbz/index.ts";
import {
  type AttributeDefinition,
  attribute,
  cluster,
  STATUS_NAMES,
  valueNames,
  type ZclFields,
} from "../../zcl/index.ts";

/** One attribute or command of a cluster. */
export interface ZclObject {
  /** Name of the attribute, or of the command; null where the tables have none. */
  readonly name: string | null;
  /** Where it stands in the payload. */
  readonly field: string;
  /** Cluster, and attribute id or command. */
  readonly object: string;
  readonly operation: string;
  readonly value?: unknown;
  /** The value with its multiplier and divisor, in `unit`. */
  readonly scaled?: number;
  readonly unit?: string;
  /** Status in words, where there is one. */
  readonly result?: string;
  /** What the value says, where it is a code. */
  readonly meaning?: string;
}

/** The attributes and commands of a GBZ payload, encrypted components included where they could be opened. */
export function gbzObjects(gbz: Gbz, decrypted: readonly DecryptedPart[]): ZclObject[] {
  const objects = gbz.kind === "alert" ? [alertObject(gbz.alertCode)] : [];
  componentsOf(gbz).forEach((component, i) => {
    const field = `components[${i}]`;
    objects.push(...componentObjects(component, field, fieldsOf(component, decrypted, field)));
  });
  return objects;
}

function alertObject(code: number): ZclObject {
  const meaning = alertName(code);
  return {
    name: "alertCode",
    field: "alertCode",
    object: "alert",
    operation: "report",
    value: code,
    ...(meaning === undefined ? {} : { meaning }),
  };
}

function fieldsOf(
  component: GbzComponent,
  decrypted: readonly DecryptedPart[],
  field: string,
): ZclFields | undefined {
  if ("fields" in component) return component.fields;
  const part = decrypted.find((one) => one.field === field);
  return part?.outcome === "decrypted" && "fields" in part ? part.fields : undefined;
}

function componentObjects(
  component: GbzComponent,
  field: string,
  fields: ZclFields | undefined,
): ZclObject[] {
  const { name } = component;
  const object = `${clusterName(component.cluster)} ${name ?? `command ${component.header.command}`}`;
  const operation = name ?? "command";
  if (fields === undefined) return [{ field, name: null, object, operation, result: "encrypted" }];
  if (Array.isArray(fields.records)) return recordObjects(component, field, fields.records);
  if (name === "ReadAttributes" && Array.isArray(fields.attributeIds)) {
    return fields.attributeIds.map((id, i) => ({
      ...attributeText(component, id),
      field: `${field}.attributeIds[${i}]`,
      operation: "read",
    }));
  }
  return [{ field, name: name ?? null, object, operation, value: fields }];
}

function clusterName(id: number): string {
  return cluster(id)?.name ?? `cluster 0x${id.toString(16).padStart(4, "0")}`;
}

/** Side of the cluster that has the attribute: that of the one who is asked, or who answers. */
function definitionOf(
  { cluster: id, header }: GbzComponent,
  attributeId: unknown,
): AttributeDefinition | undefined {
  const asked = header.direction === "clientToServer" ? "server" : "client";
  const answering = header.direction === "clientToServer" ? "client" : "server";
  const side = ANSWERS.has(header.command) ? answering : asked;
  return typeof attributeId === "number" ? attribute(id, attributeId, side) : undefined;
}

/** General commands that report on the sender's own attributes: Read and Write Attributes Response. */
const ANSWERS = new Set([0x01, 0x04]);

function attributeText(component: GbzComponent, id: unknown): { name: string | null; object: string } {
  const hex = typeof id === "number" ? `0x${id.toString(16).padStart(4, "0")}` : "?";
  return {
    name: definitionOf(component, id)?.name ?? null,
    object: `${clusterName(component.cluster)} attribute ${hex}`,
  };
}

/** Records of Read Attributes Response and Write Attributes, with unit and scale where the same answer gives them. */
function recordObjects(component: GbzComponent, field: string, records: readonly unknown[]): ZclObject[] {
  const list = records.filter(
    (one): one is Record<string, unknown> => typeof one === "object" && one !== null,
  );
  const numbers = new Map(list.map(({ attributeId, value }) => [attributeId, value]));
  return list.map(({ attributeId, status, value }, i) => ({
    ...attributeText(component, attributeId),
    field: `${field}.records[${i}]`,
    operation: status === undefined ? "write" : "answer",
    ...(value === undefined ? {} : { value, ...meaningOf(component, attributeId, value) }),
    ...gasScale(component, attributeId, value, numbers),
    ...(typeof status === "number" ? { result: STATUS_NAMES.get(status) ?? `status ${status}` } : {}),
  }));
}

/** The name of the value where it is one of an enumeration. */
function meaningOf(component: GbzComponent, id: unknown, value: unknown): { meaning?: string } {
  const definition = definitionOf(component, id);
  if (definition?.values === undefined || typeof value !== "number") return {};
  const names = valueNames(component.cluster, definition.values);
  const meaning = names?.kind === "enum" ? names.names.get(value) : undefined;
  return meaning === undefined ? {} : { meaning };
}

const METERING = 0x0702;
const CURRENT_SUMMATION = 0x0000;
const UNIT_OF_MEASURE = 0x0300;
const MULTIPLIER = 0x0301;
const DIVISOR = 0x0302;
/** Unit of Measure of Metering (SE D.3.2.2.4.1), as far as meters here use them. */
const UNITS: Readonly<Record<number, string>> = { 0: "kWh", 1: "m³" };

/** CurrentSummationDelivered times multiplier by divisor (SE D.3.2.2.4). */
function gasScale(
  component: GbzComponent,
  id: unknown,
  value: unknown,
  numbers: ReadonlyMap<unknown, unknown>,
): { scaled?: number; unit?: string } {
  const multiplier = numbers.get(MULTIPLIER);
  const divisor = numbers.get(DIVISOR);
  const unit = numbers.get(UNIT_OF_MEASURE);
  if (component.cluster !== METERING || id !== CURRENT_SUMMATION || typeof value !== "number") return {};
  if (typeof multiplier !== "number" || typeof divisor !== "number" || divisor === 0) return {};
  const text = typeof unit === "number" ? UNITS[unit & 0x7f] : undefined;
  return { scaled: (value * multiplier) / divisor, ...(text === undefined ? {} : { unit: text }) };
}
