import { HanwayError } from "../../base/error.ts";
import { refuse } from "../dlms/encoder.ts";
import {
  type AccessRequest,
  type AccessSpecification,
  type Data,
  encodeData,
  obisText,
  parseObis,
} from "../dlms/index.ts";
import { fromPlain } from "./from-plain.ts";
import { useCase as findUseCase } from "./lookup.ts";
import { type Plain, toPlain } from "./plain.ts";
import {
  isItem,
  type Period,
  type ProtectionContext,
  periodOfProtectedRead,
  periodOfRange,
  protectedRead,
  rangeDescriptor,
} from "./selection.ts";
import { dlmsTemplate } from "./tables.ts";
import type { AccessItem, UseCase } from "./types.ts";

/** Fields of a Command by the names of its items; see {@link buildDlmsCommand}. */
export type Fields = Readonly<Record<string, unknown>>;

/** High octet of the long-invoke-id: break-on-error. The low three are those of the Originator Counter. */
const BREAK_ON_ERROR = 0x2000_0000;
const NULL: Data = { type: "null" };
const SELECTOR = 1;

/**
 * The Access-Request of a DLMS use case from plain fields, with what the tables fix filled in.
 *
 * Fields are named as the catalogue names the items ({@link AccessItem.name}), or by the COSEM attribute where only one
 * item has it. A set or an action takes its value; a log takes `{from, to}` as ISO 8601 times; an optional read is
 * asked for by `true`. Throws `encode/value` naming the field that is missing, unknown or does not fit.
 */
export function buildDlmsCommand(
  useCase: UseCase | string,
  fields: Fields,
  context: ProtectionContext,
): AccessRequest {
  const { code, items } = itemsOf(useCase);
  const given = namedByItem(items, fields);
  const specifications: AccessSpecification[] = [];
  const data: Data[] = [];
  for (const item of items) {
    const value = given.get(item.name);
    if (item.optional && (value === undefined || value === false)) continue;
    specifications.push(specification(item, value));
    data.push(item.operation === "get" ? NULL : argument(item, value, context));
  }
  if (specifications.length === 0) refuse("fields", `${code} without any of its optional items`);
  const invokeId = BREAK_ON_ERROR + Number(BigInt.asUintN(24, context.counter));
  return { type: "access-request", invokeId, dateTime: new Uint8Array(0), specifications, data };
}

function itemsOf(useCase: UseCase | string): { code: string; items: readonly AccessItem[] } {
  const found = typeof useCase === "string" ? findUseCase(useCase) : useCase;
  if (found === undefined)
    throw new HanwayError("encode/value", `no use case "${String(useCase).slice(0, 40)}"`, {
      field: "useCase",
    });
  const items = dlmsTemplate(found.code)?.access;
  if (items === undefined)
    throw new HanwayError("encode/value", `${found.code} is no DLMS Command`, { field: "useCase" });
  return { code: found.code, items };
}

/** The fields by the names of items, attribute names resolved. */
function namedByItem(items: readonly AccessItem[], fields: Fields): Map<string, unknown> {
  const byItem = new Map<string, unknown>();
  for (const [name, value] of Object.entries(fields)) {
    const exact = items.filter((item) => item.name === name);
    const named = exact.length > 0 ? exact : items.filter((item) => item.attribute === name);
    const [item, ...others] = named;
    if (item === undefined || others.length > 0)
      return refuse(name, item ? "several items have this attribute" : "the use case has no such item");
    byItem.set(item.name, value);
  }
  return byItem;
}

function specification(item: AccessItem, value: unknown): AccessSpecification {
  const head = {
    operation: item.operation,
    classId: item.class,
    obis: parseObis(item.obis),
    index: item.index,
  };
  if (!item.byTime) return head;
  const parameters = rangeDescriptor(period(value, item.name), item.name);
  return { ...head, selection: { selector: SELECTOR, parameters } };
}

function argument(item: AccessItem, value: unknown, context: ProtectionContext): Data {
  if (item.protects) {
    const wanted = item.protectedByTime ? period(value, item.name) : undefined;
    return protectedRead(item, wanted, context, item.name);
  }
  const { shape } = item;
  if (shape === undefined) return fromPlain(value, { type: "structure" }, item.name);
  return fromPlain(value, shape, item.name);
}

function period(value: unknown, field: string): Period {
  if (typeof value !== "object" || value === null || !("from" in value) || !("to" in value))
    return refuse(field, "a period {from, to} is needed");
  return { from: value.from, to: value.to };
}

/**
 * The fields by which {@link buildDlmsCommand} makes a given request again. Where the tables do not describe a value,
 * it comes as typed data. Undefined when the request is not one of the use case.
 */
export function dlmsFields(useCase: UseCase | string, request: AccessRequest): Fields | undefined {
  const { items } = itemsOf(useCase);
  const fields: Record<string, unknown> = {};
  let next = 0;
  for (const item of items) {
    const asked = request.specifications[next];
    if (asked === undefined || !isItem(item, asked, obisText(asked.obis))) {
      if (!item.optional) return undefined;
      continue;
    }
    const value = fieldOf(item, asked, request.data[next] ?? NULL);
    if (value !== undefined) fields[item.name] = value;
    next++;
  }
  return next === request.specifications.length ? fields : undefined;
}

function fieldOf(item: AccessItem, asked: AccessSpecification, data: Data): unknown {
  if (asked.selection) return periodOfRange(asked.selection.parameters);
  if (item.operation === "get") return item.optional ? true : undefined;
  if (item.protects) return periodOfProtectedRead(data);
  const plain = toPlain(data, item.shape);
  return givesBack(plain, data, item) ? plain : data;
}

function givesBack(plain: Plain, data: Data, item: AccessItem): boolean {
  if (item.shape === undefined) return false;
  try {
    const again = encodeData(fromPlain(plain, item.shape, item.name));
    return Buffer.compare(again, encodeData(data)) === 0;
  } catch (error) {
    if (error instanceof HanwayError) return false;
    throw error;
  }
}
