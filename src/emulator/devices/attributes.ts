import type { ZclValue } from "../../zcl/value.ts";

/** An attribute's ZCL data type id and its value. */
export interface AttributeValue {
  dataType: number;
  value: ZclValue;
}

/** By attribute id. */
export type Attributes = Readonly<Record<number, AttributeValue>>;

/** ZCL data types (ZCL 2.6.2). */
const TYPE = {
  bitmap8: 0x18,
  u8: 0x20,
  u16: 0x21,
  u24: 0x22,
  u48: 0x25,
  enum8: 0x30,
  enum16: 0x31,
  string: 0x42,
};

export const u16Attribute = (value: number): AttributeValue => ({ dataType: TYPE.u16, value });
export const enum16Attribute = (value: number): AttributeValue => ({ dataType: TYPE.enum16, value });

/** Basic (ZCL 3.2): ZCLVersion, ManufacturerName, ModelIdentifier, PowerSource. */
export function basicAttributes(model: string): Attributes {
  return {
    0: { dataType: TYPE.u8, value: 3 },
    4: { dataType: TYPE.string, value: "hanway" },
    5: { dataType: TYPE.string, value: model },
    7: { dataType: TYPE.enum8, value: 1 },
  };
}

/**
 * Metering (ZSE D.3.2): CurrentSummationDelivered, UnitofMeasure, Multiplier, Divisor, SummationFormatting and
 * MeteringDeviceType.
 */
function register(summation: number, unit: number, deviceType: number): Attributes {
  return {
    0: { dataType: TYPE.u48, value: summation },
    768: { dataType: TYPE.enum8, value: unit },
    769: { dataType: TYPE.u24, value: 1 },
    770: { dataType: TYPE.u24, value: 1_000 },
    771: { dataType: TYPE.bitmap8, value: 0xfb },
    774: { dataType: TYPE.bitmap8, value: deviceType },
  };
}

/** kWh. */
export const ELECTRICITY_REGISTER = register(4_217_350, 0x00, 0x00);
/** Cubic metres. */
export const GAS_REGISTER = register(1_203_456, 0x01, 0x01);
