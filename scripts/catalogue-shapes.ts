import type { Shape } from "../src/gbcs/catalogue/types.ts";
import type { DataType } from "../src/gbcs/dlms/index.ts";

/** One row of the tables, as far as shapes go. */
export interface Row {
  readonly row: number;
  readonly name: string;
  readonly class: number;
  readonly obis: string;
  readonly index: number;
  readonly attributeName: string | null;
  readonly dataType: string | null;
  readonly constant: number | string | { oneOf: string[] } | null;
  readonly values?: Record<string, string>;
  readonly notes?: string;
  readonly twinElementOnly?: boolean;
}

const TYPES: Readonly<Record<string, DataType>> = {
  null: "null",
  "null (contrary to COSEM)": "null",
  boolean: "boolean",
  "bit-string": "bit-string",
  "double-long": "i32",
  "double-long-unsigned": "u32",
  "octet-string": "octet-string",
  "visible-string": "visible-string",
  "utf8-string": "utf8-string",
  integer: "i8",
  long: "i16",
  unsigned: "u8",
  "long-unsigned": "u16",
  enum: "enum",
};

type Mutable = { -readonly [K in keyof Shape]: Shape[K] };

/** The shape of `{octet-string(8),array(2)[{unsigned}|{long}]}` and the like; of alternatives, the first. */
export function parseObserved(text: string): Shape {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const match = pattern.exec(text.slice(at));
    at += match?.[0].length ?? 0;
    return match;
  };
  const shape = (): Shape => {
    if (take(/^\{/)) {
      const members: Shape[] = [];
      while (!take(/^\}/)) {
        members.push(shape());
        take(/^,/);
      }
      return { type: "structure", members };
    }
    if (take(/^array\(\d+\)\[/)) {
      if (take(/^\]/)) return { type: "array" };
      const element = shape();
      while (take(/^\|/)) shape();
      if (!take(/^\]/)) throw new Error(`"]" wanted at ${at} of ${text}`);
      return { type: "array", element };
    }
    const name = take(/^([a-z0-9-]+)(?:\(\d+\))?/)?.[1] ?? "";
    const type = TYPES[name];
    if (type === undefined) throw new Error(`no type at ${at} of ${text}`);
    return { type };
  };
  const result = shape();
  if (at !== text.length) throw new Error(`"${text.slice(at)}" is left of ${text}`);
  return result;
}

/** The name of the attribute: what stands before the colon of its path. */
export function attributeOf(row: Row): string {
  return row.attributeName?.split(":")[0] ?? "";
}

/**
 * The shape that the paths of rows describe, such as `a:a[1..9].entry.x` and `a:a[1..9].entry.y` for an array of
 * structures; undefined where they describe none.
 */
export function shapeOfRows(rows: readonly Row[]): Shape | undefined {
  const paths = rows.map(pathOf);
  const members = rows.filter((_, i) => (paths[i]?.length ?? 0) > 1);
  const [only] = rows;
  if (members.length === 0) return only === undefined ? undefined : leaf(only);
  const memberPaths = paths.filter((path) => path.length > 1);
  return nested(members, memberPaths);
}

/** The names behind the colon, outermost first, bounds of arrays left out. */
function pathOf(row: Row): string[] {
  const [, path] = (row.attributeName ?? "").split(":");
  return path?.replace(/\[[^\]]*\]/g, "[]").split(".") ?? [];
}

function nested(rows: readonly Row[], paths: readonly string[][]): Shape | undefined {
  const [row] = rows;
  const [path] = paths;
  if (row === undefined || path === undefined) return undefined;
  const isArray = path[0]?.endsWith("[]");
  const rest = paths.map((one) => one.slice(1));
  if (isArray) {
    const element = rest[0]?.length === 1 ? leaf(row) : nested(rows, rest);
    return element === undefined ? { type: "array" } : { type: "array", element: element };
  }
  const members: Shape[] = [];
  for (let i = 0; i < rows.length; ) {
    const name = rest[i]?.[0] ?? "";
    let end = i + 1;
    while (end < rows.length && rest[end]?.[0] === name) end++;
    const first = rows[i];
    const inner =
      rest[i]?.length === 1 ? first && leaf(first) : nested(rows.slice(i, end), rest.slice(i, end));
    const twin = rows.slice(i, end).every((one) => one.twinElementOnly) ? { twinOnly: true as const } : {};
    if (inner !== undefined) members.push({ ...inner, name: name.replace(/\[.*/, ""), ...twin });
    i = rest[i]?.length === 1 ? i + 1 : end;
  }
  return { type: "structure", members };
}

function leaf(row: Row): Shape {
  const base = /^[a-z0-9-]+(?: \(contrary to COSEM\))?/.exec(row.dataType ?? "")?.[0] ?? "";
  const type = TYPES[base];
  const shape: Mutable = { type: type ?? (base === "structure" || base === "array" ? base : "null") };
  const constant = constantOf(row, shape.type);
  if (constant !== undefined) shape.constant = constant;
  if (row.values) shape.values = row.values;
  const form = formOf(row);
  if (form !== undefined) shape.form = form;
  return shape;
}

function constantOf(row: Row, type: DataType): number | string | undefined {
  const { constant } = row;
  if (typeof constant === "number") return constant;
  if (typeof constant !== "string") return undefined;
  if (constant.startsWith("0b")) {
    const bits = Number(/\((\d+)\)/.exec(row.dataType ?? "")?.[1] ?? constant.length - 2);
    return constant.slice(2, 2 + bits);
  }
  if (type === "octet-string" || type === "bit-string") return constant.slice(2).toLowerCase();
  return Number(constant);
}

function formOf(row: Row): Shape["form"] | undefined {
  const last = row.attributeName?.split(/[:.]/).at(-1) ?? "";
  if (row.dataType === "octet-string(12)") return "date-time";
  if (row.dataType === "double-long-unsigned" && (last === "timestamp" || row.notes === "GBCS 9.1.5 (time)"))
    return "utc-seconds";
  return undefined;
}

/** The types seen in messages with the names, constants and forms that the rows give, where the two agree. */
export function combined(observed: Shape | undefined, rows: Shape | undefined): Shape | undefined {
  if (observed === undefined || rows === undefined) return observed ?? rows;
  if (observed.type !== rows.type) return observed;
  const { members: seen, element: seenElement } = observed;
  if (seen !== undefined) {
    const named = rows.members;
    if (named === undefined || named.length !== seen.length) return observed;
    return {
      type: observed.type,
      members: seen.map((one, i) => {
        const name = named[i]?.name;
        const both = combined(one, named[i]) ?? one;
        return name === undefined ? both : { ...both, name };
      }),
    };
  }
  if (observed.type === "array") {
    const element = combined(seenElement, rows.element);
    return element === undefined ? observed : { type: "array", element };
  }
  return rows;
}
