import { HanwayError } from "../../base/error.ts";
import { type CommandDefinition, clusterCommand, generalCommand } from "../../zcl/cluster.ts";
import type { ZclHeader } from "../../zcl/header.ts";
import type { Field } from "../../zcl/layout.ts";
import { useCase as findUseCase } from "../catalogue/lookup.ts";
import { gbzTemplate } from "../catalogue/tables.ts";
import type { GbzField, GbzComponent as Row, UseCase } from "../catalogue/types.ts";
import { bareName } from "./plain.ts";

/** One component of a use case's Command: the ZCL command, how often it comes, and what the tables fix. */
export interface TemplateComponent {
  readonly cluster: number;
  readonly definition: CommandDefinition;
  /** Header but for the sequence number. */
  readonly header: Omit<ZclHeader, "sequence">;
  readonly min: number;
  readonly max: number;
  readonly fromDateTime: "needed" | "allowed" | "none";
  readonly fields: readonly TemplateField[];
}

/** A field of the ZCL command with what the use case says of it. */
export interface TemplateField {
  readonly field: Field;
  /** Names by which it may be given. */
  readonly names: readonly string[];
  /** The only values that the use case allows; one of them alone need not be given. */
  readonly allowed: readonly number[] | undefined;
  /** First value where it counts up from one component to the next. */
  readonly countsFrom: number | undefined;
  /** The attributes that the use case reads. */
  readonly attributeIds: readonly number[] | undefined;
}

const FROM_DATE_TIME = 0x10;

/** The components of a use case's Command in order. Throws `encode/value` where it is no GBZ Command. */
export function commandTemplate(useCase: UseCase | string): readonly TemplateComponent[] {
  const found = typeof useCase === "string" ? findUseCase(useCase) : useCase;
  const rows = found === undefined ? undefined : gbzTemplate(found.code)?.commands;
  if (rows === undefined)
    throw new HanwayError("encode/value", "the tables have no such GBZ Command", { field: "useCase" });
  return rows.map(templateComponent);
}

function templateComponent(row: Row): TemplateComponent {
  const direction = row.direction === "client-server" ? "clientToServer" : "serverToClient";
  const definition = row.clusterSpecific
    ? clusterCommand(row.cluster, direction, row.command)
    : generalCommand(row.command);
  if (definition === undefined)
    throw new HanwayError("internal", `no ZCL command ${row.name}`, { field: "catalogue" });
  const controls = row.control ?? [];
  const dated = controls.filter((control) => (control & FROM_DATE_TIME) !== 0).length;
  return {
    cluster: row.cluster,
    definition,
    header: {
      frameType: row.clusterSpecific ? "cluster" : "global",
      direction,
      disableDefaultResponse: ((row.frameControl ?? 0) & 0x10) !== 0,
      command: row.command,
    },
    min: bound(row.min),
    max: bound(row.max),
    fromDateTime: dated === 0 ? "none" : dated === controls.length ? "needed" : "allowed",
    fields: templateFields(row, definition),
  };
}

const bound = (count: number | string) => (typeof count === "number" ? count : Number.POSITIVE_INFINITY);

/** The rows of the tables stand in wire order; a From-Date-Time is no field of the ZCL command. */
function templateFields(row: Row, definition: CommandDefinition): TemplateField[] {
  const rows = (row.fields ?? []).filter(({ name }) => bareName(name) !== "fromdatetime");
  if (definition.name === "ReadAttributes") {
    return definition.layout.map((field) => ({
      field,
      names: [field.name],
      allowed: undefined,
      countsFrom: undefined,
      attributeIds: row.attributes,
    }));
  }
  return definition.layout.map((field, i) => {
    const said = rows[i];
    return {
      field,
      names: said === undefined ? [field.name] : [field.name, said.name],
      allowed: said && allowedValues(said, field),
      countsFrom:
        said?.range !== undefined && bound(row.max) > 1 ? Number.parseInt(said.range, 10) : undefined,
      attributeIds: undefined,
    };
  });
}

/** Constants stand as `0x1F`, `0b11`, `41`, several with `|` between them; in two's complement where signed. */
function allowedValues({ value }: GbzField, field: Field): number[] | undefined {
  if (value === undefined || field.kind !== "scalar" || field.repeat !== undefined) return undefined;
  const half = 2 ** (field.type.size * 8 - 1);
  const numbers = String(value).split("|").map(Number);
  return field.type.shape === "signed" ? numbers.map((one) => (one >= half ? one - 2 * half : one)) : numbers;
}
