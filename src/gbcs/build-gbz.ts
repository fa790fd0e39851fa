import { UTC_EPOCH_UNIX_SECONDS } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import { definitionOf } from "../zcl/frame.ts";
import type { ZclFields, ZclHeader, ZclValue } from "../zcl/index.ts";
import {
  type Fields,
  type GbzField,
  gbzTemplate,
  type GbzComponent as Template,
  type UseCase,
} from "./catalogue/index.ts";
import type { Gbz, GbzComponent } from "./gbz/index.ts";

const FROM_DATE_TIME = 0x10;
const READ_ATTRIBUTES = 0x00;

/**
 * The components of a GBZ use case from plain fields, with what the tables fix filled in.
 *
 * Fields are named after the ZCL commands (`GetSnapshot`), each an object of the command's fields (`latestEndTime`), or
 * a list of them where the use case sends the command several times; times are seconds since 2000-01-01 or ISO 8601.
 * Reads of attributes need none. `{components: […]}` gives every component as the codec has it. Throws `encode/value`.
 */
export function buildGbzCommand(useCase: UseCase, fields: Fields): Gbz {
  if (Array.isArray(fields.components)) return { kind: "command", components: fields.components };
  const templates = gbzTemplate(useCase.code)?.commands;
  if (templates === undefined)
    refuse("useCase", `the tables do not describe the components of ${useCase.code}`);
  const names = templates.map((template) => nameOf(template));
  for (const name of Object.keys(fields))
    if (!names.includes(name)) refuse(name, "the use case has no such command");
  const components: GbzComponent[] = [];
  const left = new Map(Object.entries(fields));
  templates.forEach((template, i) => {
    const name = names[i] ?? template.name;
    const value = left.get(name);
    const isLast = !names.includes(name, i + 1);
    // A list goes round the places where the use case sends this command; the last one takes what is left.
    const taken = Array.isArray(value) && !isLast ? value.slice(0, leastOf(template)) : value;
    if (Array.isArray(value) && !isLast) left.set(name, value.slice(leastOf(template)));
    for (const [index, part] of partsOf(template, taken, name).entries()) {
      const header = { ...headerOf(template), sequence: components.length };
      components.push(component(template, header, part, index, name));
    }
  });
  return { kind: "command", components };
}

/** Name of the command in its cluster. */
function nameOf(template: Template): string {
  return definitionOf({ ...headerOf(template), sequence: 0 }, template.cluster)?.name ?? template.name;
}

/** How often the command is sent at least. */
function leastOf({ min }: Template): number {
  return typeof min === "number" ? min : 1;
}

/** Frame control of the tables as a header; commands of a server (Price, Messaging, Device Management) have 09. */
function headerOf(template: Template): Omit<ZclHeader, "sequence"> {
  const control = template.frameControl ?? (template.clusterSpecific ? 0x01 : 0x00);
  return {
    frameType: control & 0x01 ? "cluster" : "global",
    direction: control & 0x08 ? "serverToClient" : "clientToServer",
    disableDefaultResponse: (control & 0x10) !== 0,
    command: template.command,
  };
}

/** What was given for a command, once for each time that it is sent; nothing where it is optional and not given. */
function partsOf(template: Template, value: unknown, name: string): Record<string, unknown>[] {
  const least = leastOf(template);
  if (Array.isArray(value)) return value.map((one, i) => objectOf(one, `${name}[${i}]`));
  if (value === undefined && least === 0) return [];
  const part = value === undefined ? {} : objectOf(value, name);
  return Array.from({ length: Math.max(1, least) }, () => part);
}

function objectOf(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    refuse(field, "an object is needed");
  return Object.fromEntries(Object.entries(value));
}

function component(
  template: Template,
  header: ZclHeader,
  given: Record<string, unknown>,
  index: number,
  name: string,
): GbzComponent {
  const { fromDateTime, ...rest } = given;
  const withStart = template.control?.some((control) => (control & FROM_DATE_TIME) !== 0) === true;
  const start = withStart ? { fromDateTime: seconds(fromDateTime, `${name}.fromDateTime`) } : {};
  const { cluster } = template;
  if (header.frameType === "global" && header.command === READ_ATTRIBUTES) {
    return { cluster, header, fields: { attributeIds: template.attributes ?? [] } };
  }
  return { cluster, ...start, header, fields: fieldsOf(template, header, rest, index, name) };
}

/** The fields in the order of the standard: what is given, else what the tables fix. */
function fieldsOf(
  template: Template,
  header: ZclHeader,
  given: Record<string, unknown>,
  index: number,
  name: string,
): ZclFields {
  const byName = new Map((template.fields ?? []).map((field) => [plainName(field.name), field]));
  const fields: ZclFields = {};
  for (const { name: fieldName } of definitionOf(header, template.cluster)?.layout ?? []) {
    const known = byName.get(plainName(fieldName));
    const value = given[fieldName] ?? fixedValue(known, template, index);
    if (value !== undefined) fields[fieldName] = zclValue(value, known, `${name}.${fieldName}`);
  }
  for (const other of Object.keys(given))
    if (!Object.hasOwn(fields, other)) refuse(`${name}.${other}`, "the command has no such field");
  return fields;
}

/** Tables and clusters write names differently: `Latest End Time`, `latestEndTime`. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** A constant of the tables; the offset that counts the repetitions of a command. */
function fixedValue(field: GbzField | undefined, template: Template, index: number): number | undefined {
  if (field?.value !== undefined) {
    const value = Number(field.value);
    return Number.isNaN(value) ? undefined : value;
  }
  const counts = field?.range?.startsWith("0-") && leastOf(template) > 1;
  return counts ? index : undefined;
}

function zclValue(value: unknown, field: GbzField | undefined, name: string): ZclValue {
  if (typeof value === "string" && /utc/i.test(field?.type ?? "")) return seconds(value, name);
  if (!isZclValue(value)) refuse(name, "not a value of a ZCL field");
  return value;
}

function isZclValue(value: unknown): value is ZclValue {
  if (value === null || value instanceof Uint8Array) return true;
  if (Array.isArray(value)) return value.every(isZclValue);
  if (typeof value === "object") return Object.values(value).every(isZclValue);
  return ["number", "bigint", "boolean", "string"].includes(typeof value);
}

/** Seconds since 2000-01-01 of a number or an ISO 8601 time. */
function seconds(value: unknown, field: string): number {
  if (typeof value === "number") return value;
  const unixMs = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(unixMs)) refuse(field, "a time is needed");
  return Math.floor(unixMs / 1000) - UTC_EPOCH_UNIX_SECONDS;
}

function refuse(field: string, detail: string): never {
  throw new HanwayError("encode/value", detail, { field });
}
