import { existsSync, readFileSync } from "node:fs";
import { type DataType, dataTypeNamed } from "./data-type.ts";

/** An attribute as the tables have it. */
export interface AttributeDefinition {
  /** Attribute id, 16 bits. */
  readonly id: number;
  readonly name: string;
  readonly side: "server" | "client";
  readonly type: DataType;
  /** Most octets of a string. */
  readonly most: number | undefined;
  /** Name of its enumeration or bitmap in {@link valueNames}. */
  readonly values: string | undefined;
  readonly writable: boolean;
}

/** Names of an enumeration's values or of a bitmap's fields. */
export interface ValueNames {
  readonly kind: "enum" | "bits";
  readonly name: string;
  /** The bits of the octet that an enumeration within a bitmap takes, else undefined. */
  readonly mask: number | undefined;
  /** Name by value, or by mask for `bits`. */
  readonly names: ReadonlyMap<number, string>;
}

/** Attributes that every cluster has on both sides (ZCL 2.3). */
const GLOBAL = `s FFFD uint16 r ClusterRevision
s FFFE enum8:AttributeReportingStatus r AttributeReportingStatus
c FFFD uint16 r ClusterRevision
c FFFE enum8:AttributeReportingStatus r AttributeReportingStatus`;

const GLOBAL_VALUES = "enum AttributeReportingStatus : 00 Pending, 01 Complete";

const attributesOf = new Map<number, ReadonlyMap<string, AttributeDefinition>>();
const valuesOf = new Map<number, ReadonlyMap<string, ValueNames>>();

/** A cluster's table, read from the disk once; empty where the cluster has none. */
function table(folder: "attributes" | "values", cluster: number): string {
  const file = new URL(`./data/${folder}/${cluster.toString(16).padStart(4, "0")}.txt`, import.meta.url);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

const ATTRIBUTE = /^([sc]) ([0-9A-F]{4}) (\w+)(?:<=(\d+))?(?::(\w+))? (rw?) (\w+)$/gm;

function attributeTable(cluster: number): ReadonlyMap<string, AttributeDefinition> {
  const known = attributesOf.get(cluster);
  if (known) return known;
  const made = new Map<string, AttributeDefinition>();
  for (const match of `${table("attributes", cluster)}${GLOBAL}`.matchAll(ATTRIBUTE)) {
    const [, side, id = "", typeName = "", most, values, access, name = ""] = match;
    const type = dataTypeNamed(typeName);
    if (!type) continue;
    const definition: AttributeDefinition = {
      id: Number.parseInt(id, 16),
      name,
      side: side === "s" ? "server" : "client",
      type,
      most: most === undefined ? undefined : Number(most),
      values,
      writable: access === "rw",
    };
    made.set(`${definition.side} ${definition.id}`, definition);
  }
  attributesOf.set(cluster, made);
  return made;
}

/** An attribute of a cluster's server (or client) side by its id; undefined where the tables have none. */
export function attribute(
  cluster: number,
  id: number,
  side: "server" | "client" = "server",
): AttributeDefinition | undefined {
  return attributeTable(cluster).get(`${side} ${id}`);
}

/** An attribute by its name. */
export function attributeNamed(
  cluster: number,
  name: string,
  side: "server" | "client" = "server",
): AttributeDefinition | undefined {
  return attributes(cluster).find((one) => one.name === name && one.side === side);
}

/** All attributes of a cluster, server side first as in the tables, then the global ones. */
export function attributes(cluster: number): AttributeDefinition[] {
  return [...attributeTable(cluster).values()];
}

const VALUES = /^(enum|bits) (\w+)(?:&([0-9A-F]+))? : (.*)$/gm;

function valueTable(cluster: number): ReadonlyMap<string, ValueNames> {
  const known = valuesOf.get(cluster);
  if (known) return known;
  const made = new Map<string, ValueNames>();
  for (const match of `${table("values", cluster)}${GLOBAL_VALUES}`.matchAll(VALUES)) {
    const [, kind, name = "", mask, list = ""] = match;
    const names = list.split(", ").map((entry): [number, string] => {
      const space = entry.indexOf(" ");
      return [Number.parseInt(entry.slice(0, space), 16), entry.slice(space + 1)];
    });
    made.set(name, {
      kind: kind === "enum" ? "enum" : "bits",
      name,
      mask: mask === undefined ? undefined : Number.parseInt(mask, 16),
      names: new Map(names),
    });
  }
  valuesOf.set(cluster, made);
  return made;
}

/** The names behind an enumeration or bitmap of a cluster; undefined where the tables have none. */
export function valueNames(cluster: number, name: string): ValueNames | undefined {
  return valueTable(cluster).get(name);
}
