import { refuse } from "../dlms/encoder.ts";
import { type Data, encodeData, INTEGER_RANGES, type IntegerType } from "../dlms/index.ts";
import { bitsOfText, isData, octetsOfText, secondsOfText } from "./plain.ts";
import type { Shape } from "./types.ts";

/**
 * The data of a plain value for a shape. What the tables fix may be left out: `undefined` stands for it. Typed data as
 * the codec has it is taken as it is. Throws `encode/value` with the field's path for what does not fit or is missing.
 */
export function fromPlain(value: unknown, shape: Shape, field: string): Data {
  if (isData(value)) return checked(value, field);
  switch (shape.type) {
    case "structure":
      return structure(value, shape, field);
    case "array":
    case "compact-array":
      return array(value, shape, field);
    default:
      return leaf(value ?? shape.constant ?? missing(shape, field), shape, field);
  }
}

/** Refuses typed data that has no encoding, under the name of its field. */
function checked(data: Data, field: string): Data {
  encodeData(data, field);
  return data;
}

function missing(shape: Shape, field: string): unknown {
  return shape.type === "null" ? null : refuse(field, `a ${shape.type} is missing`);
}

function structure(value: unknown, shape: Shape, field: string): Data {
  const members = shape.members ?? refuse(field, "the tables do not describe it: give typed data");
  if (Array.isArray(value)) {
    if (value.length !== members.length)
      refuse(field, `${value.length} values for ${members.length} members`);
    return { type: "structure", value: members.map((one, i) => fromPlain(value[i], one, `${field}[${i}]`)) };
  }
  if (value !== undefined && (typeof value !== "object" || value === null))
    refuse(field, "an object or an array is needed");
  const given = new Map<string, unknown>(Object.entries(value ?? {}));
  const data = members.map((one, i) => {
    const name = one.name ?? String(i);
    const part = given.get(name);
    given.delete(name);
    return fromPlain(part, one, `${field}.${name}`);
  });
  const [unknown] = given.keys();
  if (unknown !== undefined) refuse(`${field}.${unknown}`, "no such member");
  return { type: "structure", value: data };
}

function array(value: unknown, shape: Shape, field: string): Data {
  if (!Array.isArray(value)) return refuse(field, "an array is needed");
  const { element } = shape;
  if (element === undefined && value.length > 0)
    return refuse(field, "the tables do not describe its elements: give typed data");
  return {
    type: "array",
    value: value.map((one, i) => fromPlain(one, element ?? { type: "null" }, `${field}[${i}]`)),
  };
}

function leaf(value: unknown, shape: Shape, field: string): Data {
  const data = leafOf(value, shape) ?? refuse(field, `not a ${shape.form ?? shape.type}`);
  return checked(data, field);
}

function leafOf(value: unknown, shape: Shape): Data | undefined {
  const { type } = shape;
  if (value === null) return { type: "null" };
  switch (type) {
    case "boolean":
      if (typeof value === "boolean") return { type, value };
      return value === 0 || value === 1 ? { type, value: value === 1 } : undefined;
    case "bit-string":
      return typeof value === "string" ? bitsOfText(value) : undefined;
    case "octet-string":
      return octetString(value, shape);
    case "visible-string":
    case "utf8-string":
      return typeof value === "string" ? { type, value } : undefined;
    case "i64":
    case "u64":
      return typeof value === "bigint" ? { type, value } : undefined;
    default:
      return isIntegerType(type) ? integer(value, type, shape) : undefined;
  }
}

function octetString(value: unknown, shape: Shape): Data | undefined {
  if (value instanceof Uint8Array) return { type: "octet-string", value };
  if (typeof value === "string") {
    const octets = octetsOfText(value, shape);
    return octets && { type: "octet-string", value: octets };
  }
  if (typeof value === "object" && value !== null && "text" in value && typeof value.text === "string")
    return { type: "octet-string", value: new TextEncoder().encode(value.text) };
  return undefined;
}

function integer(value: unknown, type: IntegerType, shape: Shape): Data | undefined {
  if (typeof value === "number") return { type, value };
  if (typeof value !== "string") return undefined;
  if (shape.form === "utc-seconds") {
    const seconds = secondsOfText(value);
    return seconds === undefined ? undefined : { type, value: seconds };
  }
  const label = Object.entries(shape.values ?? {}).find(
    ([, name]) => name.toLowerCase().replaceAll(" ", "") === value.toLowerCase().replaceAll(" ", ""),
  );
  return label && { type, value: Number(label[0]) };
}

function isIntegerType(type: string): type is IntegerType {
  return Object.hasOwn(INTEGER_RANGES, type);
}
