import type { DescribedField } from "../../zcl/describe.ts";
import type { ZclFields, ZclValue } from "../../zcl/value.ts";
import type { GbzComponent } from "./component.ts";

const PRICE = 0x0700;
const METERING = 0x0702;
const PREPAYMENT = 0x0705;
const UNIT_OF_MEASURE = 0x0300;
const MULTIPLIER = 0x0301;
const DIVISOR = 0x0302;
const CURRENCY = 0x0616;
const TRAILING_DIGIT = 0x0617;

/** Unit of Measure of Metering (ZSE D.3) as GB meters have it; bit 7 says BCD. */
const UNITS: Readonly<Record<number, string>> = { 0: "kWh", 1: "m³", 12: "MJ" };
/** ISO 4217 numbers that the use cases allow. */
const CURRENCIES: Readonly<Record<number, string>> = { 826: "GBP", 978: "EUR" };

interface Scale {
  readonly multiplier: number;
  readonly divisor: number;
  readonly unit: string | undefined;
}

/** A field with its number in `unit`, where the payload itself says how to scale it. */
export interface ScaledField extends DescribedField {
  readonly scaled?: number;
}

/** How to scale volumes and money, where a payload says so. */
export interface Scales {
  readonly volume: Scale | undefined;
  readonly money: Scale | undefined;
}

/** Collects multiplier, divisor, unit, trailing digits and currency from the attributes that a payload carries. */
export function scalesOf(parts: readonly { component: GbzComponent; fields: ZclFields }[]): Scales {
  const numbers = new Map<string, number>();
  for (const { component, fields } of parts) {
    if (component.name !== "ReadAttributesResponse" || !Array.isArray(fields.records)) continue;
    for (const record of fields.records) {
      const { attributeId, value } = record;
      if (typeof value === "number") numbers.set(`${component.cluster}/${attributeId}`, value);
    }
  }
  const multiplier = numbers.get(`${METERING}/${MULTIPLIER}`);
  const divisor = numbers.get(`${METERING}/${DIVISOR}`);
  const unit = numbers.get(`${METERING}/${UNIT_OF_MEASURE}`);
  const volume =
    multiplier === undefined || !divisor
      ? undefined
      : { multiplier, divisor, unit: unit === undefined ? undefined : UNITS[unit & 0x7f] };
  return {
    volume,
    money: moneyScale(numbers.get(`${PRICE}/${TRAILING_DIGIT}`), numbers.get(`${PRICE}/${CURRENCY}`)),
  };
}

/** The high nibble counts the digits right of the point. */
function moneyScale(trailing: ZclValue | undefined, currency: ZclValue | undefined): Scale | undefined {
  if (typeof trailing !== "number") return undefined;
  const unit = typeof currency === "number" ? CURRENCIES[currency] : undefined;
  return { multiplier: 1, divisor: 10 ** (trailing >> 4), unit };
}

/** Attributes of Metering that hold a volume: summations, delivered and received, by tier and by block. */
const isVolume = (id: number) =>
  id <= 0x0001 || (id >= 0x0100 && id <= 0x01ff) || (id >= 0x0700 && id <= 0x07ff);

/** Attributes of Prepayment that hold an amount of money: credit, emergency credit, limits, cut-off, debts and their recovery. */
const MONEY: ReadonlySet<number> = new Set([
  0x0001, 0x0002, 0x0005, 0x0006, 0x0010, 0x0011, 0x0021, 0x0022, 0x0031, 0x0040, 0x0211, 0x0217, 0x0221,
  0x0227, 0x0231,
]);

/** A field with its scaled number and unit, where one is known for it. */
export function scaleField(
  field: DescribedField,
  { cluster }: GbzComponent,
  siblings: ZclFields,
  scales: Scales,
): ScaledField {
  const { value, attribute: id } = field;
  if (typeof value !== "number") return field;
  const scale = id === undefined ? commandScale(field.name, siblings) : attributeScale(cluster, id, scales);
  if (scale === undefined) return field;
  const scaled = (value * scale.multiplier) / scale.divisor;
  return { ...field, scaled, ...(scale.unit === undefined ? {} : { unit: scale.unit }) };
}

function attributeScale(cluster: number, id: number, scales: Scales): Scale | undefined {
  if (cluster === METERING && isVolume(id)) return scales.volume;
  return cluster === PREPAYMENT && MONEY.has(id) ? scales.money : undefined;
}

/** Prices beside which their own command names digits and currency (Publish Price, Publish Tariff Information). */
function commandScale(name: string, siblings: ZclFields): Scale | undefined {
  if (name !== "price" && name !== "standingCharge") return undefined;
  const trailing = siblings.priceTrailingDigit ?? siblings.priceTrailingDigitAndPriceTier;
  return moneyScale(trailing, siblings.currency);
}
