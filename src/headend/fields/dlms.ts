import {
  type AccessItem,
  dlmsTemplate,
  type Fields,
  type Shape,
  type UseCase,
} from "../../gbcs/catalogue/index.ts";
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
import { aliasOf, checkText, isTextual, withoutAlias } from "./words.ts";

/** A place in the Access-Request that can be given a value: an item, or a part of its structure. */
interface Node {
  /** Name of the item, then those of the members. */
  readonly path: readonly string[];
  readonly attribute: string;
  readonly shape: Shape | undefined;
  readonly need: FieldInfo["need"];
  readonly leaf: boolean;
  /** The end of a period, of which a Command may have several that are the same. */
  readonly shared: boolean;
}

/** What a DLMS use case takes, in the order of its Access-Request. */
export function dlmsFieldInfo(useCase: UseCase): FieldInfo[] {
  const nodes = nodesOf(useCase).filter(({ leaf }) => leaf);
  const shown: Node[] = [];
  for (const node of nodes) {
    const name = shortName(node, nodes);
    if (!node.shared || !shown.some((other) => shortName(other, nodes) === name)) shown.push(node);
  }
  return shown.map((node) => {
    const name = shortName(node, nodes);
    const { shape } = node;
    const choices =
      shape?.values && Object.entries(shape.values).map(([value, label]) => `${value} ${label}`);
    return {
      name: aliasOf(useCase.code, name) ?? name,
      type: typeName(node, isTextual(useCase.code)),
      need: node.need,
      ...(choices === undefined ? {} : { choices }),
    };
  });
}

/** The fields for the builder of DLMS Commands. Throws `headend/unknown` and `headend/value` with the name given. */
export function dlmsFieldsOf(useCase: UseCase, given: Given): Fields {
  const nodes = nodesOf(useCase);
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    for (const node of named(nodes, withoutAlias(useCase.code, name), name)) {
      const own = typeof value === "string" ? valueOfText(value, node, name, useCase.code) : value;
      put(fields, node.path, own, name);
    }
  }
  return fields;
}

function nodesOf(useCase: UseCase): Node[] {
  return (dlmsTemplate(useCase.code)?.access ?? []).flatMap(itemNodes);
}

function itemNodes(item: AccessItem): Node[] {
  const { name, attribute, operation, shape } = item;
  const path = [name];
  const need = item.optional ? "optional" : "needed";
  const base = { attribute, shape: undefined, leaf: true };
  if (item.byTime || item.protectedByTime) {
    const ends = ["from", "to"].map((end) => ({ ...base, path: [name, end], need, shared: true }) as const);
    return [{ ...base, path, need, leaf: false, shared: false }, ...ends];
  }
  if (item.protects || operation === "get")
    return item.optional ? [{ ...base, path, need: "optional", shared: false }] : [];
  return shapeNodes(path, attribute, shape, need);
}

function shapeNodes(
  path: readonly string[],
  attribute: string,
  shape: Shape | undefined,
  need: FieldInfo["need"],
): Node[] {
  const members = shape?.type === "structure" ? shape.members : undefined;
  if (shape === undefined || members === undefined || members.some(({ name }) => name === undefined)) {
    const own = shape?.constant === undefined && shape?.type !== "null" ? need : "fixed";
    return [{ path, attribute, shape, need: own, leaf: true, shared: false }];
  }
  const parts = members.flatMap((member) =>
    shapeNodes([...path, member.name ?? ""], attribute, member, member.twinOnly ? "optional" : need),
  );
  return [{ path, attribute, shape, need, leaf: false, shared: false }, ...parts];
}

/** The places that a name means: a path, or the end of one where no other place ends so. */
function named(nodes: readonly Node[], name: string, shown: string): readonly Node[] {
  const wanted = bare(name);
  const whole = nodes.filter((node) => namesOf(node, node.path.length).includes(wanted));
  if (whole.length > 0) return whole;
  const ending = nodes.filter((node) =>
    node.path.some((_, i) => i > 0 && bare(node.path.slice(i).join("")) === wanted),
  );
  const leaves = ending.filter(({ need }) => need !== "fixed");
  const found = leaves.length > 0 ? leaves : ending;
  if (found.length === 0) {
    const all = nodes.filter(({ leaf, need }) => leaf && need !== "fixed");
    return noSuchField(shown, [...new Set(all.map((node) => shortName(node, nodes)))]);
  }
  if (found.length > 1 && !found.every(({ shared }) => shared))
    return noSuchField(
      shown,
      found.map(({ path }) => path.join(".")),
    );
  return found;
}

/** The whole path by the name of the item, and by its attribute. */
function namesOf(node: Node, length: number): string[] {
  const rest = node.path.slice(1, length).join("");
  return [bare(`${node.path[0]}${rest}`), bare(`${node.attribute}${rest}`)];
}

/** The shortest name that means this place alone. */
function shortName(node: Node, nodes: readonly Node[]): string {
  const { path, attribute } = node;
  const candidates = [path.slice(-1), path.slice(-2)]
    .filter((part) => part.length < path.length)
    .map((part) => part.join("."));
  if (node.shared) return path.at(-1) ?? "";
  const unique = (name: string) =>
    nodes.filter((other) => other.leaf && endings(other).includes(bare(name))).length === 1;
  const byAttribute = [attribute, ...path.slice(1)].join(".");
  return [...candidates, byAttribute].find(unique) ?? path.join(".");
}

function endings(node: Node): string[] {
  const tails = node.path.slice(1).map((_, i) => bare(node.path.slice(i + 1).join("")));
  return [...tails, ...namesOf(node, node.path.length)];
}

function put(fields: Record<string, unknown>, path: readonly string[], value: unknown, name: string): void {
  const [first = "", ...rest] = path;
  if (rest.length === 0) {
    fields[first] = value;
    return;
  }
  const held = fields[first] ?? {};
  if (typeof held !== "object" || held === null || Array.isArray(held))
    badValue(name, `${first} is given as a whole already`);
  const part: Record<string, unknown> = { ...held };
  put(part, rest, value, name);
  fields[first] = part;
}

function valueOfText(text: string, node: Node, name: string, code: string): unknown {
  const { shape } = node;
  if (node.shared) return wholeNumber(text) ?? text;
  if (shape === undefined) return truth(text) ?? jsonValue(text, name);
  if (looksLikeJson(text) || !node.leaf) return jsonValue(text, name);
  checkText(code, name, text);
  switch (shape.type) {
    case "octet-string":
      return shape.form === "date-time" ? text : octetsText(text, isTextual(code));
    case "boolean":
      return truth(text) ?? badValue(name, "true or false is needed");
    case "bit-string":
    case "visible-string":
    case "utf8-string":
      return text;
    case "structure":
    case "array":
    case "compact-array":
      return jsonValue(text, name);
    case "i64":
    case "u64":
      return /^-?\d+$/.test(text) ? BigInt(text) : badValue(name, "a whole number is needed");
    default:
      return wholeNumber(text) ?? text;
  }
}

function typeName(node: Node, textual: boolean): string {
  const { shape } = node;
  if (node.shared) return "time";
  if (shape === undefined) return node.need === "optional" ? "true or false" : "typed data as JSON";
  if (shape.form !== undefined) return "time";
  if (shape.type === "octet-string") return textual ? "text" : "octets as hex";
  if (shape.type === "array" || shape.type === "structure" || shape.type === "compact-array")
    return `${shape.type === "structure" ? "object" : "list"} as JSON`;
  return shape.type;
}
