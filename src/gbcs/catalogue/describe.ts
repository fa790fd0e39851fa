import {
  type AccessRequest,
  type AccessResponse,
  accessResultName,
  type Data,
  type DataNotification,
  type DlmsApdu,
  type OpenedData,
  obisText,
} from "../dlms/index.ts";
import { alertName } from "./alerts.ts";
import { type Plain, toPlain } from "./plain.ts";
import { isItem, periodOfProtectedRead, periodOfRange } from "./selection.ts";
import { dlmsTemplate } from "./tables.ts";
import type { AccessItem, CosemAttribute, DlmsTemplate, UseCase } from "./types.ts";
import { unitName } from "./units.ts";

/** One object of a decoded APDU, named from the catalogue. */
export interface NamedValue {
  readonly name: string;
  readonly class?: number;
  readonly obis?: string;
  /** COSEM name of the attribute or method, or its number where the tables have none. */
  readonly attribute?: string;
  readonly operation?: "get" | "set" | "action";
  readonly value: Plain;
  readonly unit?: string;
  /** Name of the result, in a Response. */
  readonly result?: string;
  /** What the value says, where it is a code. */
  readonly meaning?: string;
  /** It came encrypted. */
  readonly protected?: true;
}

export interface DescribeContext {
  /** The Command that a Response answers: makes items certain where some are optional. */
  readonly request?: AccessRequest;
  /** What is in the ciphertexts, as far as they could be opened. */
  readonly opened?: readonly OpenedData[];
}

/** An item of the tables, or what is known of one that they do not have. */
type SomeItem = Pick<AccessItem, "operation" | "name" | "attribute"> & Partial<AccessItem>;

/** The objects of an APDU by name. Without a use case, or where the tables do not say, logical names stand alone. */
export function describeDlms(
  apdu: DlmsApdu,
  useCase: UseCase | undefined,
  context: DescribeContext = {},
): NamedValue[] {
  const template = useCase && dlmsTemplate(useCase.code);
  if (apdu.type === "access-request") return describeRequest(apdu, template?.access ?? []);
  if (apdu.type === "access-response") return describeResponse(apdu, template?.access ?? [], context);
  return describeNotification(apdu, template ?? {}, context);
}

function describeRequest(request: AccessRequest, items: readonly AccessItem[]): NamedValue[] {
  return request.specifications.map((asked, i) => {
    const item = findItem(items, asked);
    const data = request.data[i];
    const period = asked.selection && periodOfRange(asked.selection.parameters);
    const value = period ?? (data === undefined ? null : requestValue(item, data));
    const known = item ?? unknownItem(asked);
    return named(known, value, { operation: asked.operation });
  });
}

function requestValue(item: AccessItem | undefined, data: Data): Plain {
  if (item?.protects) return periodOfProtectedRead(data) ?? null;
  return toPlain(data, item?.shape);
}

function describeResponse(
  response: AccessResponse,
  items: readonly AccessItem[],
  context: DescribeContext,
): NamedValue[] {
  const answered = answeredItems(response, items, context.request);
  return response.results.flatMap(({ operation, result }, i) => {
    const item: SomeItem = answered[i] ?? { operation, name: `item ${i + 1}`, attribute: "" };
    const extra = { operation, result: accessResultName(result) };
    const opened = context.opened?.find((part) => part.field.startsWith(`data[${i}]`));
    if (opened) return describeOpened(item, opened, extra);
    const data: Data = response.data[i] ?? { type: "null" };
    const shape = operation === "get" ? item.shape : item.returns;
    return [named(item, toPlain(data, shape), extra)];
  });
}

/** Which item each result answers: by the Command; else by the list, when all or only the needed items fit. */
function answeredItems(
  response: AccessResponse,
  items: readonly AccessItem[],
  request: AccessRequest | undefined,
): readonly (SomeItem | undefined)[] {
  if (request) return request.specifications.map((asked) => findItem(items, asked) ?? unknownItem(asked));
  const count = response.results.length;
  const needed = items.filter((item) => !item.optional);
  const fitting = items.length === count ? items : needed.length === count ? needed : [];
  return response.results.map(({ operation }, i) => {
    const item = fitting[i];
    return item?.operation === operation ? item : undefined;
  });
}

function describeOpened(item: SomeItem, opened: OpenedData, extra: Partial<NamedValue>): NamedValue[] {
  return opened.attributes.map((data, i) => {
    const attribute = item.protects?.[i] ?? item;
    return named(attribute, toPlain(data, attribute.shape), { ...extra, protected: true });
  });
}

function describeNotification(
  notification: DataNotification,
  template: DlmsTemplate,
  context: DescribeContext,
): NamedValue[] {
  const { body } = notification;
  const shapes = template.alert ?? [];
  const [code, time, ...rest] = body.type === "structure" ? body.value : [];
  if (code?.type !== "u16" || time === undefined) return [{ name: "body", value: toPlain(body) }];
  const meaning = alertName(code.value);
  const head: NamedValue[] = [
    { name: "alertCode", value: code.value, ...(meaning === undefined ? {} : { meaning }) },
    { name: "alertTime", value: toPlain(time, { type: "octet-string", form: "date-time" }) },
  ];
  const [opened] = context.opened ?? [];
  if (opened) {
    const item = { operation: "action", name: "attribute", attribute: "", ...template } as const;
    return [...head, ...describeOpened(item, opened, {})];
  }
  const parts = rest.map((data, i): NamedValue => {
    const shape = shapes.length === rest.length ? shapes[i] : undefined;
    return { name: shape?.name ?? `value${i + 1}`, value: toPlain(data, shape) };
  });
  return [...head, ...parts];
}

function findItem(
  items: readonly AccessItem[],
  asked: AccessRequest["specifications"][number],
): AccessItem | undefined {
  const obis = obisText(asked.obis);
  return items.find((item) => isItem(item, asked, obis));
}

function unknownItem(asked: AccessRequest["specifications"][number]): SomeItem {
  const { operation, classId, index } = asked;
  const obis = obisText(asked.obis);
  return {
    operation,
    name: `${classId}/${obis}/${index}`,
    attribute: String(index),
    class: classId,
    obis,
  };
}

function named(
  item: Pick<CosemAttribute, "name" | "attribute"> & Partial<CosemAttribute>,
  value: Plain,
  extra: Partial<NamedValue>,
): NamedValue {
  const unit = item.unit === undefined ? undefined : unitName(item.unit);
  return {
    name: item.name,
    ...(item.class === undefined ? {} : { class: item.class }),
    ...(item.obis === undefined ? {} : { obis: item.obis }),
    ...(item.attribute === "" ? {} : { attribute: item.attribute }),
    ...extra,
    value,
    ...(unit === undefined || value === null ? {} : { unit }),
  };
}
