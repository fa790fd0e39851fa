import { alertName } from "../../gbcs/catalogue/index.ts";
import type { DecryptedPart } from "../../gbcs/decrypt.ts";
import { type DescribedComponent, describeGbz } from "../../gbcs/gbz/describe.ts";
import type { Gbz } from "../../gbcs/gbz/index.ts";
import type { ScaledField } from "../../gbcs/gbz/scale.ts";

/** One attribute, command or field of a command. */
export interface ZclObject {
  /** Name of the attribute, field or command; null where the tables have none. */
  readonly name: string | null;
  /** Where it stands in the payload. */
  readonly field: string;
  /** Cluster, and attribute id or command. */
  readonly object: string;
  readonly operation: string;
  readonly value?: unknown;
  /** The value with its multiplier and divisor, or its trailing digits, in `unit`. */
  readonly scaled?: number;
  readonly unit?: string;
  /** Status in words, where there is one. */
  readonly result?: string;
  /** What the value says, where it is a code, a time, a set of bits or text. */
  readonly meaning?: string;
}

/** The attributes and commands of a GBZ payload, encrypted components included where they could be opened. */
export function gbzObjects(gbz: Gbz, decrypted: readonly DecryptedPart[]): ZclObject[] {
  const objects = gbz.kind === "alert" ? [alertObject(gbz.alertCode)] : [];
  const described = describeGbz(gbz, (field) => {
    const part = decrypted.find((one) => one.field === field);
    return part?.outcome === "decrypted" && "fields" in part ? part.fields : undefined;
  });
  return [...objects, ...described.flatMap(componentObjects)];
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

/** What the general commands do with each attribute that they name. */
const OPERATIONS: Readonly<Record<string, string>> = {
  ReadAttributes: "read",
  ReadAttributesResponse: "answer",
  WriteAttributes: "write",
  WriteAttributesResponse: "answer",
  ReportAttributes: "report",
};

function componentObjects(component: DescribedComponent): ZclObject[] {
  const { field, cluster, command, encrypted, fields } = component;
  const object = `${cluster} ${command}`;
  if (encrypted && fields.length === 0)
    return [{ name: null, field, object, operation: command, result: "encrypted" }];
  const operation = OPERATIONS[command];
  if (operation !== undefined) {
    const list = command === "ReadAttributes" ? "attributeIds" : "records";
    return fields.map((one, i) => attributeObject(cluster, one, operation, `${field}.${list}[${i}]`));
  }
  const head = { name: command, field, object, operation: "command" };
  return [head, ...fields.map((one) => fieldObject(component, one, object))];
}

function attributeObject(cluster: string, one: ScaledField, operation: string, field: string): ZclObject {
  const { attribute, status, name, ...rest } = one;
  const id =
    attribute === undefined ? "attributes" : `attribute 0x${attribute.toString(16).padStart(4, "0")}`;
  return {
    name,
    field,
    object: `${cluster} ${id}`,
    operation,
    ...rest,
    ...(status === undefined ? {} : { result: status }),
  };
}

function fieldObject({ field }: DescribedComponent, one: ScaledField, object: string): ZclObject {
  const { name, value, meaning, unit, scaled } = one;
  return {
    name,
    field: `${field}.${name}`,
    object,
    operation: "field",
    value,
    ...(scaled === undefined ? {} : { scaled }),
    ...(unit === undefined ? {} : { unit }),
    ...(meaning === undefined ? {} : { meaning }),
  };
}
