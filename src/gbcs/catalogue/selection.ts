import { concatBytes } from "../../base/bytes.ts";
import { type Eui64, eui64ToBytes } from "../../base/eui64.ts";
import { type AccessRequest, type Data, parseObis, protectionParameters } from "../dlms/index.ts";
import { fromPlain } from "./from-plain.ts";
import { type Plain, toPlain } from "./plain.ts";
import type { AccessItem, Shape } from "./types.ts";

/** From when to when the entries of a log are wanted. */
export interface Period {
  readonly from: unknown;
  readonly to: unknown;
}

const SECONDS: Shape = { type: "u32", form: "utc-seconds" };
const DATE_TIME: Shape = { type: "octet-string", form: "date-time" };
/** The capture object by whose value GBCS restricts every log: the time of an entry (GBCS 9.1.5). */
const CAPTURE_TIME: Data = {
  type: "structure",
  value: [
    { type: "u16", value: 1 },
    { type: "octet-string", value: parseObis("0-0:94.44.100.255") },
    { type: "i8", value: 2 },
    { type: "u16", value: 0 },
  ],
};
const NO_COLUMNS: Data = { type: "array", value: [] };
/** Restriction types of class 30: none, and entries from one date to another. */
const UNRESTRICTED = 0;
const BY_DATE = 1;

/** Selector 1 on a profile's buffer: the range descriptor. Throws `encode/value` for what is no time. */
export function rangeDescriptor(period: Period, field: string): Data {
  return {
    type: "structure",
    value: [
      CAPTURE_TIME,
      fromPlain(period.from, SECONDS, `${field}.from`),
      fromPlain(period.to, SECONDS, `${field}.to`),
      NO_COLUMNS,
    ],
  };
}

/** The period of a range descriptor. */
export function periodOfRange(data: Data): Plain {
  const [, from, to] = data.type === "structure" ? data.value : [];
  if (!from || !to) return toPlain(data);
  return { from: toPlain(from, SECONDS), to: toPlain(to, SECONDS) };
}

/** Whom protected attributes are encrypted for, by whom, and under which counter. */
export interface ProtectionContext {
  /** Originator Counter of the Command. */
  readonly counter: bigint;
  /** The party that may read: the originator, or the supplementary remote party. */
  readonly requestingParty: Eui64;
  readonly device: Eui64;
}

/** The parameter of get_protected_attributes (class 30, GBCS 8.5). `period` restricts the entries of a log. */
export function protectedRead(
  item: AccessItem,
  period: Period | undefined,
  context: ProtectionContext,
  field: string,
): Data {
  const restriction: Data =
    period === undefined
      ? { type: "structure", value: [{ type: "enum", value: UNRESTRICTED }, { type: "null" }] }
      : { type: "structure", value: [{ type: "enum", value: BY_DATE }, dates(period, field)] };
  const objects = (item.protects ?? []).map(
    (one): Data => ({
      type: "structure",
      value: [
        { type: "u16", value: one.class },
        { type: "octet-string", value: parseObis(one.obis) },
        { type: "i8", value: one.index },
        { type: "u16", value: 0 },
        restriction,
      ],
    }),
  );
  const counter = new Uint8Array(8);
  new DataView(counter.buffer).setBigUint64(0, context.counter);
  const parameters = protectionParameters({
    transactionId: concatBytes(Uint8Array.of(4), counter),
    originator: eui64ToBytes(context.requestingParty),
    recipient: eui64ToBytes(context.device),
  });
  return { type: "structure", value: [{ type: "array", value: objects }, parameters] };
}

function dates(period: Period, field: string): Data {
  return {
    type: "structure",
    value: [
      fromPlain(period.from, DATE_TIME, `${field}.from`),
      fromPlain(period.to, DATE_TIME, `${field}.to`),
    ],
  };
}

/** The period in a get_protected_attributes parameter; undefined where it has none. */
export function periodOfProtectedRead(data: Data): Plain | undefined {
  const [objects] = members(data);
  const [object] = objects?.type === "array" ? objects.value : [];
  const restriction = members(object)[4];
  const [from, to] = members(members(restriction)[1]);
  return from && to ? { from: toPlain(from, DATE_TIME), to: toPlain(to, DATE_TIME) } : undefined;
}

function members(data: Data | undefined): readonly (Data | undefined)[] {
  return data?.type === "structure" ? data.value : [];
}

/** Whether an Access-Request's item is the one of the tables. */
export function isItem(
  item: AccessItem,
  specification: AccessRequest["specifications"][number],
  obis: string,
): boolean {
  const { operation, classId, index } = specification;
  return item.operation === operation && item.class === classId && item.index === index && item.obis === obis;
}
