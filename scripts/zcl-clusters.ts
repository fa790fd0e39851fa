// Writes the Smart Energy cluster tables of src/zcl/data from the shared fact table:
//   node scripts/zcl-clusters.ts ../shared/data/zcl-se-clusters.json
// commands.ts holds the cluster list and every command, types.ts the same as types; attributes/ and values/ are read
// when names are asked for.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

interface SourceField {
  name: string;
  type: string;
  length?: number | number[] | { field: string; cases: Record<string, number> };
  enum?: string;
  bitmap?: string;
  optional?: boolean;
  condition?: { field: string; mask?: number; equals?: number; min?: number };
  repeat?: "rest" | { count: string; mask?: number };
  select?: { field: string; cases: { values: number[]; fields: SourceField[] }[] };
  fields?: SourceField[];
}
interface SourceCommand {
  id: number;
  name: string;
  direction: "clientToServer" | "serverToClient";
  fields: SourceField[];
  response?: string;
}
interface SourceAttribute {
  id: number;
  name: string;
  side: "server" | "client";
  type: string;
  length?: number;
  access: string;
  enum?: string;
  bitmap?: string;
}
interface SourceValues {
  name: string;
  mask?: number;
  values?: Record<string, number>;
  masks?: Record<string, number>;
}
interface SourceCluster {
  id: number;
  name: string;
  security: "aps" | "network";
  attributes: SourceAttribute[];
  commands: SourceCommand[];
  enums: SourceValues[];
  bitmaps: SourceValues[];
}
interface Source {
  clusters: SourceCluster[];
  deviceTypes: { id: number; name: string }[];
  statusCodes: { id: number; name: string }[];
}

const SHORT: Record<string, string> = {
  UTC: "utc",
  date: "date",
  bool: "bool",
  EUI64: "eui64",
  octstr: "oct",
  string: "str",
};

function shortType(type: string): string {
  const match = /^(uint|int|enum|map)(\d+)$/.exec(type);
  if (match) return `${(match[1] ?? "").charAt(0)}${match[2]}`;
  const short = SHORT[type];
  if (short === undefined) throw new Error(`no notation for type ${type}`);
  return short;
}

function rawType(length: SourceField["length"]): string {
  if (length === undefined) return "raw";
  if (typeof length === "number") return `raw${length}`;
  if (Array.isArray(length)) return `raw${length.join("/")}`;
  const cases = Object.entries(length.cases).map(([value, octets]) => `${value}:${octets}`);
  return `raw{${length.field} ${cases.join(" ")}}`;
}

function fieldText(field: SourceField): string {
  // A group of one field is a plain list of its values.
  const only = field.fields?.length === 1 && field.repeat !== undefined ? field.fields[0] : undefined;
  const type = only ? typeText(only) : typeText(field);
  const { condition, repeat } = field;
  const test =
    condition === undefined
      ? ""
      : condition.equals !== undefined
        ? `=${condition.equals}`
        : condition.mask !== undefined
          ? `&${condition.mask}`
          : `>=${condition.min}`;
  const times =
    repeat === undefined
      ? ""
      : repeat === "rest"
        ? "*"
        : `*${repeat.count}${repeat.mask === undefined ? "" : `&${repeat.mask}`}`;
  return `${type} ${field.name}${times}${condition ? `{${condition.field}${test}}` : ""}${field.optional ? "?" : ""}`;
}

function typeText(field: SourceField): string {
  if (field.select) {
    const cases = field.select.cases.map(
      (one) => `${one.values.join(",")}: ${one.fields.map(fieldText).join(", ")};`,
    );
    return `(${field.select.field} ${cases.join(" ")})`;
  }
  if (field.type === "record") return `[${(field.fields ?? []).map(fieldText).join(", ")}]`;
  if (field.type === "octets") return field.repeat === undefined ? rawType(field.length) : "raw";
  const values = field.enum ?? field.bitmap;
  const most = typeof field.length === "number" ? field.length : "";
  return `${shortType(field.type)}${most}${values === undefined ? "" : `:${values}`}`;
}

/** TypeScript type of a field's decoded value. */
function valueType(field: SourceField): string {
  const only = field.fields?.length === 1 && field.repeat !== undefined ? field.fields[0] : undefined;
  const one = only ? scalarType(only) : scalarType(field);
  return field.repeat === undefined || field.type === "octets" ? one : `readonly ${bracket(one)}[]`;
}

const bracket = (type: string) => (type.includes("|") ? `(${type})` : type);

function scalarType(field: SourceField): string {
  if (field.select) {
    const cases = field.select.cases.map(({ fields }) => fieldsType(fields));
    return [...new Set([...cases, "Uint8Array"])].join(" | ");
  }
  if (field.type === "record") return fieldsType(field.fields ?? []);
  switch (field.type) {
    case "octets":
      return "Uint8Array";
    case "octstr":
      return "Uint8Array | null";
    case "string":
      return "string | Uint8Array | null";
    case "bool":
      return "boolean | null";
    case "EUI64":
      return "string";
    case "date":
      return "ZclDate";
    default:
      return "number";
  }
}

/** A count may be left out when encoding, because it follows from its list. */
function fieldsType(fields: SourceField[]): string {
  const counts = new Set(
    fields.map(({ repeat }) =>
      typeof repeat === "object" && repeat.mask === undefined ? repeat.count : undefined,
    ),
  );
  const parts = fields.map((field) => {
    const mayLack = field.optional || field.condition !== undefined || counts.has(field.name);
    return `${field.name}${mayLack ? "?" : ""}: ${valueType(field)}`;
  });
  return parts.length === 0 ? "Record<never, never>" : `{ ${parts.join("; ")} }`;
}

function clusterType(cluster: SourceCluster): string {
  const byName = new Map(cluster.commands.map((command) => [command.name, command]));
  const lines = [...byName.values()].map(({ name, fields }) => `    ${name}: ${fieldsType(fields)};`);
  return `  /** ${cluster.name} */\n  0x${hex(cluster.id, 4)}: {\n${lines.join("\n")}\n  };`;
}

const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");

function commandText(command: SourceCommand): string {
  const arrow = command.direction === "clientToServer" ? ">" : "<";
  const answer = command.response === undefined ? "" : ` / ${command.response}`;
  const fields = command.fields.map(fieldText).join(", ");
  return `${arrow} ${hex(command.id, 2)} ${command.name}${answer} :${fields === "" ? "" : ` ${fields}`}`;
}

function clusterText(cluster: SourceCluster): string {
  const head = `  [0x${hex(cluster.id, 4)}, "${cluster.name}", "${cluster.security}", \``;
  if (cluster.commands.length === 0) return `${head}\`],`;
  return `${head}\n${cluster.commands.map(commandText).join("\n")}\n\`],`;
}

function attributeText(attribute: SourceAttribute): string {
  const values = attribute.enum ?? attribute.bitmap;
  const type = `${attribute.type}${attribute.length === undefined ? "" : `<=${attribute.length}`}${values === undefined ? "" : `:${values}`}`;
  return `${attribute.side === "server" ? "s" : "c"} ${hex(attribute.id, 4)} ${type} ${attribute.access} ${attribute.name}`;
}

function valuesText(values: SourceValues): string {
  const entries = Object.entries(values.values ?? values.masks ?? {});
  const mask = values.mask === undefined ? "" : `&${hex(values.mask, 2)}`;
  const list = entries.map(([name, value]) => `${hex(value, 2)} ${name}`).join(", ");
  return `${values.values === undefined ? "bits" : "enum"} ${values.name}${mask} : ${list}`;
}

/** A cluster without entries has no file. */
function writeLines(path: string, lines: string[]): void {
  if (lines.length > 0) writeFileSync(path, `${lines.join("\n")}\n`);
}

const [from] = process.argv.slice(2);
if (from === undefined) throw new Error("usage: node scripts/zcl-clusters.ts FILE");
const source: Source = JSON.parse(readFileSync(from, "utf8"));
const to = join(dirname(dirname(fileURLToPath(import.meta.url))), "src/zcl/data");
for (const folder of ["attributes", "values"]) mkdirSync(join(to, folder), { recursive: true });

writeFileSync(
  join(to, "commands.ts"),
  `/**
 * The Smart Energy clusters: id, name, whether APS encryption with the link key is needed, and the commands, one a
 * line: \`>\` client to server or \`<\` server to client, id, name, the name of the answer, the fields in the notation of
 * \`layout.ts\`. Written by \`scripts/zcl-clusters.ts\`.
 */
export const CLUSTERS: readonly (readonly [
  id: number,
  name: string,
  security: "aps" | "network",
  commands: string,
])[] = [
${source.clusters.map(clusterText).join("\n")}
];
`,
);
const table = (name: string, rows: { id: number; name: string }[], digits: number, comment: string) =>
  `/** ${comment} */\nexport const ${name}: ReadonlyMap<number, string> = new Map([\n${rows
    .map((one) => `  [0x${hex(one.id, digits)}, "${one.name}"],`)
    .join("\n")}\n]);\n`;
const statusLines = source.statusCodes.map((one) => `  ${one.name}: 0x${hex(one.id, 2)},`);
writeFileSync(
  join(to, "names.ts"),
  `/** ZCL status codes (ZCL 2.6.3). Written by \`scripts/zcl-clusters.ts\`. */
export const STATUS = {
${statusLines.join("\n")}
} as const;

${table("STATUS_NAMES", source.statusCodes, 2, "Names of the ZCL status codes. Written by `scripts/zcl-clusters.ts`.")}
${table(
  "DEVICE_TYPE_NAMES",
  source.deviceTypes.filter((one, i, all) => all.findIndex((other) => other.id === one.id) === i),
  4,
  "Smart Energy device ids (ZSE 6). Written by `scripts/zcl-clusters.ts`.",
)}`,
);
writeFileSync(
  join(to, "types.ts"),
  `/**
 * The fields of every cluster command by cluster id and name, as \`decodeZcl\` gives and \`encodeCommand\` takes them: types
 * alone, nothing at run time. Written by \`scripts/zcl-clusters.ts\`.
 */
export interface ClusterCommands {
${source.clusters
  .filter(({ commands }) => commands.length > 0)
  .map(clusterType)
  .join("\n")}
}

/** A date; null is a part that may be any (ZCL 2.6.2). */
export type ZclDate = {
  year: number | null;
  month: number | null;
  day: number | null;
  /** 1 for Monday. */
  weekday: number | null;
};
`,
);
for (const cluster of source.clusters) {
  const name = `${hex(cluster.id, 4).toLowerCase()}.txt`;
  writeLines(join(to, "attributes", name), cluster.attributes.map(attributeText));
  writeLines(join(to, "values", name), [...cluster.enums, ...cluster.bitmaps].map(valuesText));
}
