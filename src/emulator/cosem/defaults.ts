import { fromHex } from "../../base/bytes.ts";
import type { Shape } from "../../gbcs/catalogue/types.ts";
import type { Data } from "../../gbcs/dlms/index.ts";

/** A COSEM date-time in which nothing is specified. */
const NO_TIME = fromHex("ffffffffffffffffff8000ff");

/** The value that an attribute has before anybody has written it: what the tables fix, else zero or empty. */
export function defaultData(shape: Shape | undefined): Data {
  if (shape === undefined) return { type: "null" };
  const { type, constant } = shape;
  const number = typeof constant === "number" ? constant : 0;
  switch (type) {
    case "structure":
      return {
        type,
        value: (shape.members ?? []).filter(({ twinOnly }) => !twinOnly).map((one) => defaultData(one)),
      };
    case "array":
    case "compact-array":
      return { type: "array", value: [] };
    case "octet-string":
      if (typeof constant === "string") return { type, value: fromHex(constant) };
      return { type, value: shape.form === "date-time" ? NO_TIME.slice() : new Uint8Array(0) };
    case "bit-string":
      return { type, bits: 0, value: new Uint8Array(0) };
    case "visible-string":
    case "utf8-string":
      return { type, value: "" };
    case "boolean":
      return { type, value: false };
    case "i8":
    case "u8":
    case "i16":
    case "u16":
    case "i32":
    case "u32":
    case "enum":
      return { type, value: number };
    default:
      return { type: "null" };
  }
}
