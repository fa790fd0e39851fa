import fc, { type GeneratorValue } from "fast-check";
import type { CommandDefinition } from "../../src/zcl/cluster.ts";
import { DATA_TYPES, type DataType, dataType } from "../../src/zcl/data-type.ts";
import type { Condition, Field } from "../../src/zcl/layout.ts";
import type { ZclFields, ZclValue } from "../../src/zcl/value.ts";

/** Any well-formed values for the layout of a command. */
export function arbitraryFields(command: CommandDefinition): fc.Arbitrary<ZclFields> {
  return fc.gen().map((g) => fields(g, command.layout, true));
}

/** Any value of a data type. */
export function arbitraryValue(type: DataType): fc.Arbitrary<ZclValue> {
  return fc.gen().map((g) => value(g, type, 0));
}

const octet = fc.integer({ min: 0, max: 255 });
const part = fc.option(fc.integer({ min: 0, max: 254 }));

function value(g: GeneratorValue, type: DataType, depth: number): ZclValue {
  const bits = type.size * 8;
  switch (type.shape) {
    case "unsigned":
      return bits <= 48
        ? g(fc.integer, { min: 0, max: 2 ** bits - 1 })
        : g(fc.bigInt, { min: 0n, max: (1n << BigInt(bits)) - 1n });
    case "signed":
      return bits <= 48
        ? g(fc.integer, { min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
        : g(fc.bigInt, { min: -(1n << BigInt(bits - 1)), max: (1n << BigInt(bits - 1)) - 1n });
    case "bool":
      return g(() => fc.option(fc.boolean()));
    case "none":
      return null;
    case "semi":
      return g(() => fc.constantFrom(0, -0, 1, -1.5, 65504, 2 ** -24, Number.NaN, Number.NEGATIVE_INFINITY));
    case "single":
      return g(() => fc.float());
    case "double":
      return g(() => fc.double());
    case "octets":
      return g(() => fc.option(fc.uint8Array({ maxLength: 6 })));
    case "text":
      return g(() => fc.option(fc.string({ unit: "binary", maxLength: 6 })));
    case "timeOfDay":
      return {
        hours: g(() => part),
        minutes: g(() => part),
        seconds: g(() => part),
        hundredths: g(() => part),
      };
    case "date":
      return {
        year: g(() => fc.option(fc.integer({ min: 1900, max: 2154 }))),
        month: g(() => part),
        day: g(() => part),
        weekday: g(() => part),
      };
    case "eui64":
      return Buffer.from(g(fc.uint8Array, { minLength: 8, maxLength: 8 })).toString("hex");
    case "key128":
      return g(fc.uint8Array, { minLength: 16, maxLength: 16 });
    case "array":
      return array(g, depth);
    case "struct":
      return struct(g, depth);
  }
}

function array(g: GeneratorValue, depth: number): ZclValue {
  const type = anyType(g, depth);
  const count = g(fc.integer, { min: -1, max: type.shape === "none" ? 0 : 3 });
  if (count < 0) return { elementType: type.id, elements: null };
  return { elementType: type.id, elements: Array.from({ length: count }, () => value(g, type, depth + 1)) };
}

function struct(g: GeneratorValue, depth: number): ZclValue {
  const count = g(fc.integer, { min: -1, max: 3 });
  if (count < 0) return { members: null };
  const members = Array.from({ length: count }, () => {
    const type = anyType(g, depth);
    return { dataType: type.id, value: value(g, type, depth + 1) };
  });
  return { members };
}

function anyType(g: GeneratorValue, depth: number): DataType {
  const types = DATA_TYPES.filter(({ shape }) => depth < 3 || (shape !== "array" && shape !== "struct"));
  return g(() => fc.constantFrom(...types));
}

const holds = ({ field, test, operand }: Condition, values: ZclFields) => {
  const given = Number(values[field]);
  return test === "=" ? given === operand : test === "&" ? (given & operand) !== 0 : given >= operand;
};

function fields(g: GeneratorValue, layout: readonly Field[], mayEndEarly: boolean): ZclFields {
  const values: ZclFields = {};
  for (const [i, field] of layout.entries()) {
    if (!field.conditions.every((condition) => holds(condition, values))) continue;
    const analog = dataType(Number(values.dataType))?.analog ?? false;
    if (field.kind === "change" && !analog) continue;
    if (field.optional && mayEndEarly && g(fc.boolean)) break;
    const steering = steeringValues(layout, i);
    if (field.repeat !== undefined) values[field.name] = repeated(g, field, values);
    else if (steering !== undefined) values[field.name] = g(() => fc.constantFrom(...steering));
    else if (field.kind === "scalar" && field.values === "DataType") values[field.name] = anyType(g, 0).id;
    else values[field.name] = one(g, field, values);
  }
  return values;
}

/** Values worth trying for a field that decides about others: conditions, counts, chosen layouts and lengths. */
function steeringValues(layout: readonly Field[], at: number): number[] | undefined {
  const name = layout[at]?.name;
  for (const field of layout) {
    if (field.conditions.some((condition) => condition.field === name))
      return field.conditions.flatMap(({ operand }) => [0, operand, operand + 1, 0x97]);
    if (field.kind === "select" && field.field === name) return [...field.cases.keys(), 0xfe];
    if (field.kind === "raw" && field.by !== undefined && field.by.field === name)
      return [...field.by.cases.keys()];
    if (typeof field.repeat === "object" && field.repeat.count === name)
      return field.repeat.mask === 0xf ? [0x00, 0x11, 0xf2, 0x03] : [0, 1, 2, 5];
  }
  return undefined;
}

function repeated(g: GeneratorValue, field: Field, values: ZclFields): ZclValue {
  const count =
    typeof field.repeat === "object"
      ? Number(values[field.repeat.count]) & field.repeat.mask
      : g(fc.integer, { min: 0, max: 3 });
  if (field.kind === "raw") return g(fc.uint8Array, { minLength: count, maxLength: count });
  return Array.from({ length: count }, () => one(g, field, values));
}

function one(g: GeneratorValue, field: Field, values: ZclFields): ZclValue {
  switch (field.kind) {
    case "scalar":
      return value(g, field.type, 0);
    case "raw": {
      const chosen = field.by?.cases.get(Number(values[field.by?.field ?? ""]));
      const length = chosen ?? g(() => fc.constantFrom(...field.lengths));
      return g(fc.uint8Array, { minLength: length, maxLength: length });
    }
    case "typed":
    case "change": {
      const type = dataType(Number(values.dataType));
      return type ? value(g, type, 0) : null;
    }
    case "selector":
      return {
        action: g(fc.integer, { min: 0, max: 15 }),
        indexes: g(() => fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 3 })),
      };
    case "group":
      return fields(g, field.fields, false);
    case "select": {
      const chosen = field.cases.get(Number(values[field.field]));
      return chosen ? fields(g, chosen, false) : g(() => fc.uint8Array({ maxLength: 8 }));
    }
  }
}

/** Octets with a few of them changed, cut off or added. */
export function arbitraryDamage(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({ at: fc.nat(Math.max(0, bytes.length - 1)), to: octet });
  return fc
    .record({
      changes: fc.array(change, { maxLength: 3 }),
      length: fc.nat(bytes.length),
      tail: fc.uint8Array({ maxLength: 4 }),
    })
    .map(({ changes, length, tail }) => {
      const damaged = Uint8Array.from([...bytes.subarray(0, length), ...tail]);
      for (const { at, to } of changes) if (at < damaged.length) damaged[at] = to;
      return damaged;
    });
}
