import { fromHex, toHex } from "../../base/bytes.ts";
import { UTC_EPOCH_UNIX_SECONDS } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Field } from "../../zcl/layout.ts";
import { valueNames } from "../../zcl/names.ts";
import type { ZclFields, ZclValue } from "../../zcl/value.ts";

/** From here on a UTCTime says "no limit" or "with the tariff", not a day in 2136. */
const FIRST_SPECIAL_TIME = 0xffff_fffe;
const UTC_TIME = 0xe2;

export function refuse(field: string, detail: string): never {
  throw new HanwayError("encode/value", detail, { field });
}

/** A name without case, spaces and marks, so that `issuerEventId` and `Issuer Event ID` are one. */
export function bareName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/**
 * The value of a field from what a person or a form gives: times also as ISO 8601, octets also as hex or `{text}`,
 * enumerations also by name, dates also as `2026-01-31`. The codec checks kind and range of everything else.
 */
export function fromPlain(value: unknown, field: Field, cluster: number, place: string): ZclValue {
  const list = Array.isArray(value);
  if (field.repeat !== undefined && field.kind !== "raw") {
    if (!list) return refuse(place, "a list is needed");
    return value.map((one, i) => fromPlainOne(one, field, cluster, `${place}[${i}]`));
  }
  return fromPlainOne(value, field, cluster, place);
}

function fromPlainOne(value: unknown, field: Field, cluster: number, place: string): ZclValue {
  switch (field.kind) {
    case "scalar":
      return fromPlainScalar(value, field, cluster, place);
    case "raw":
      return octets(value, place);
    case "group":
      return fromPlainGroup(value, field.fields, cluster, place);
    case "select": {
      const layouts = [...field.cases.values()];
      const names = Object.keys(object(value, place));
      const fitting = layouts.find((layout) =>
        names.every((name) => layout.some((one) => one.name === name)),
      );
      return fromPlainGroup(value, fitting ?? [], cluster, place);
    }
    default:
      return refuse(place, "cannot be given by name");
  }
}

function fromPlainGroup(value: unknown, layout: readonly Field[], cluster: number, place: string): ZclFields {
  const fields: ZclFields = {};
  for (const [name, part] of Object.entries(object(value, place))) {
    const field = layout.find((one) => bareName(one.name) === bareName(name));
    if (field === undefined) return refuse(`${place}.${name}`, "no such field");
    fields[field.name] = fromPlain(part, field, cluster, `${place}.${name}`);
  }
  return fields;
}

function object(value: unknown, place: string): object {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array)
    return refuse(place, "named fields are needed");
  return value;
}

type Scalar = Extract<Field, { kind: "scalar" }>;

function fromPlainScalar(value: unknown, field: Scalar, cluster: number, place: string): ZclValue {
  const { type } = field;
  switch (type.shape) {
    case "octets":
      return value === null ? null : octets(value, place);
    case "date":
      return typeof value === "string" ? date(value, place) : parts(value, place);
    case "timeOfDay":
      return parts(value, place);
    default:
      break;
  }
  if (typeof value === "string" && type.id === UTC_TIME) return seconds(value, place);
  if (typeof value === "string" && type.shape === "unsigned") return named(value, field, cluster, place);
  if (value === null || ["number", "bigint", "boolean", "string"].includes(typeof value))
    return value as ZclValue;
  return refuse(place, `not a ${type.name}`);
}

function octets(value: unknown, place: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string" && /^(?:[0-9a-fA-F]{2})*$/.test(value)) return fromHex(value);
  if (typeof value === "object" && value !== null && "text" in value && typeof value.text === "string")
    return new TextEncoder().encode(value.text);
  return refuse(place, "octets as hex, or {text}, are needed");
}

/** UTCTime of an ISO 8601 time. Throws `encode/value`. */
export function seconds(text: string, place: string): number {
  const value = Date.parse(text) / 1000 - UTC_EPOCH_UNIX_SECONDS;
  return Number.isInteger(value) ? value : refuse(place, "an ISO 8601 time of whole seconds is needed");
}

function named(text: string, field: Scalar, cluster: number, place: string): number {
  const names = field.values === undefined ? undefined : valueNames(cluster, field.values);
  for (const [value, name] of names?.names ?? []) if (bareName(name) === bareName(text)) return value;
  return refuse(place, `no value of this name`);
}

function date(text: string, place: string): ZclFields {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!match) return refuse(place, "a date as 2026-01-31 is needed");
  return { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]), weekday: null };
}

function parts(value: unknown, place: string): ZclFields {
  const fields: ZclFields = {};
  for (const [name, part] of Object.entries(object(value, place))) {
    if (part !== null && typeof part !== "number")
      return refuse(`${place}.${name}`, "a number or null is needed");
    fields[name] = part;
  }
  return fields;
}

/** The plain form of a field's value: UTCTime as ISO 8601, octets as hex, everything else as it is. */
export function toPlain(value: ZclValue, field: Field): unknown {
  if (field.repeat !== undefined && Array.isArray(value))
    return value.map((one: ZclValue) => toPlainOne(one, field));
  return toPlainOne(value, field);
}

function toPlainOne(value: ZclValue, field: Field): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (field.kind === "scalar" && field.type.shape === "date") return plainDate(value);
  if (field.kind === "scalar" && field.type.id === UTC_TIME && typeof value === "number")
    return plainTime(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const layouts =
    field.kind === "group" ? [field.fields] : field.kind === "select" ? [...field.cases.values()] : [];
  const entries = Object.entries(value).map(([name, part]) => {
    const inner = layouts.flat().find((one) => one.name === name);
    return [name, inner === undefined ? part : toPlain(part, inner)];
  });
  return Object.fromEntries(entries);
}

/** A whole date as `2026-01-31`; one with wildcards stays in its parts. */
function plainDate(value: ZclValue): unknown {
  if (typeof value !== "object" || value === null || !("year" in value)) return value;
  const { year, month, day, weekday } = value;
  const whole = typeof month === "number" && month <= 12 && typeof day === "number" && day <= 31;
  if (typeof year !== "number" || !whole || weekday !== null) return value;
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** ISO 8601 of a UTCTime; the values that are no time (0 for now, no limit, with the tariff) stay numbers. */
export function plainTime(value: number): string | number {
  if (value === 0 || value >= FIRST_SPECIAL_TIME) return value;
  return new Date((value + UTC_EPOCH_UNIX_SECONDS) * 1000).toISOString().replace(".000Z", "Z");
}
