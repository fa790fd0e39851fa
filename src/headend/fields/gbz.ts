import type { Fields, UseCase } from "../../gbcs/catalogue/index.ts";
import { commandTemplate, type TemplateComponent, type TemplateField } from "../../gbcs/gbz/template.ts";
import {
  badValue,
  bare,
  type FieldInfo,
  type Given,
  jsonValue,
  looksLikeJson,
  noSuchField,
  octetsText,
  truth,
  wholeNumber,
} from "./field.ts";
import { isTextual } from "./words.ts";

/** A time before which the log is not wanted, beside the fields of the ZCL command. */
const FROM_DATE_TIME = "fromDateTime";

/** What a GBZ use case takes. A field of several components is listed once: it goes into all of them. */
export function gbzFieldInfo(useCase: UseCase): FieldInfo[] {
  const template = commandTemplate(useCase);
  const found = new Map<string, FieldInfo>();
  for (const part of template) {
    if (part.min === 0) {
      const name = part.definition.name;
      found.set(name, { name, type: "true, false or a list", need: "optional" });
    }
    if (part.fromDateTime !== "none") {
      const need = part.fromDateTime === "needed" ? "needed" : "optional";
      found.set(FROM_DATE_TIME, { name: FROM_DATE_TIME, type: "time", need });
    }
    for (const field of part.fields) {
      if (isFixed(field) || found.has(field.field.name)) continue;
      found.set(field.field.name, infoOf(field, part, useCase.code));
    }
  }
  return [...found.values()];
}

/** The fields for the builder of GBZ Commands. Throws `headend/unknown` and `headend/value` with the name given. */
export function gbzFieldsOf(useCase: UseCase, given: Given): Fields {
  const template = commandTemplate(useCase);
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (name === "components") fields[name] = typeof value === "string" ? jsonValue(value, name) : value;
    else place(fields, template, name, value, useCase);
  }
  return fields;
}

function place(
  fields: Record<string, unknown>,
  template: readonly TemplateComponent[],
  name: string,
  value: unknown,
  useCase: UseCase,
): void {
  const [command = "", ...rest] = name.split(".");
  const parts = template.filter(({ definition }) => bare(definition.name) === bare(command));
  if (parts.length > 0 && rest.length === 0) {
    fields[command] = typeof value === "string" ? (truth(value) ?? jsonValue(value, name)) : value;
    return;
  }
  const inner = parts.length > 0 ? rest.join(".") : name;
  const field = findField(parts.length > 0 ? parts : template, inner);
  if (field === undefined) {
    noSuchField(
      name,
      gbzFieldInfo(useCase).map((one) => one.name),
    );
  }
  const own = typeof value === "string" ? valueOfText(value, field, name, useCase.code) : value;
  if (parts.length === 0) fields[inner] = own;
  else fields[command] = { ...objectOf(fields[command], name), [inner]: own };
}

function objectOf(value: unknown, name: string): object {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return badValue(name, "the command is given as a whole already");
  return value;
}

function findField(parts: readonly TemplateComponent[], name: string): TemplateField | "time" | undefined {
  for (const { fields } of parts)
    for (const field of fields) if (field.names.some((one) => bare(one) === bare(name))) return field;
  const dated = parts.some(({ fromDateTime }) => fromDateTime !== "none");
  return dated && bare(name) === bare(FROM_DATE_TIME) ? "time" : undefined;
}

function valueOfText(text: string, field: TemplateField | "time", name: string, code: string): unknown {
  if (field === "time") return wholeNumber(text) ?? text;
  const definition = field.field;
  if (looksLikeJson(text)) return jsonValue(text, name);
  if (definition.kind !== "scalar" || definition.repeat !== undefined) {
    return definition.kind === "raw" ? octetsText(text, false) : jsonValue(text, name);
  }
  const { shape } = definition.type;
  if (shape === "octets") return octetsText(text, isTextual(code));
  if (shape === "bool") return truth(text) ?? badValue(name, "true or false is needed");
  if (shape === "text" || shape === "eui64") return text;
  return wholeNumber(text) ?? text;
}

function isFixed({ attributeIds, countsFrom, allowed }: TemplateField): boolean {
  return attributeIds !== undefined || countsFrom !== undefined || allowed?.length === 1;
}

function infoOf(field: TemplateField, part: TemplateComponent, code: string): FieldInfo {
  const { field: definition, allowed } = field;
  const type =
    definition.kind === "scalar"
      ? definition.type.shape === "octets" && isTextual(code)
        ? "text"
        : definition.type.name
      : definition.kind === "raw"
        ? "octets as hex"
        : "JSON";
  const choices = allowed && allowed.length > 1 ? allowed.map(String) : undefined;
  const need =
    definition.optional || definition.conditions.length > 0 || part.min === 0 ? "optional" : "needed";
  return { name: definition.name, type, need, ...(choices === undefined ? {} : { choices }) };
}
