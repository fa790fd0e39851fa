// Writes src/gbcs/catalogue/data from the fact tables beside the checkout: node scripts/catalogue.ts [folder of the tables]
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type {
  AccessItem,
  CosemAttribute,
  DeviceKind,
  DlmsTemplate,
  GbzComponent,
  GbzTemplate,
  PartyRole,
  Service,
  Shape,
  UseCase,
} from "../src/gbcs/catalogue/types.ts";
import { attributeOf, combined, parseObserved, type Row, shapeOfRows } from "./catalogue-shapes.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const tables = process.argv[2] ?? `${root}../shared/data`;
const output = `${root}src/gbcs/catalogue/data`;

interface Access {
  class: number;
  obis: string;
  index: number;
  op?: "get" | "set" | "action";
  optional?: boolean;
  rows?: number[];
  observedType?: string;
  selectiveAccess?: unknown;
}

interface Source {
  code: string;
  useCase: string;
  title: string;
  messageCode: number | null;
  target: DeviceKind[] | null;
  payloadFormat: UseCase["format"];
  kind: UseCase["kind"];
  critical: boolean | null;
  remotePartyOrHan: string | null;
  futureDatable: boolean | null;
  replayProtection: boolean | null;
  roles: PartyRole[] | null;
  gpfTapOff?: boolean;
  targetRestriction?: string;
  status?: string;
  serviceReferenceVariants: string[];
  objects: Row[];
  accessList?: Access[];
  protectedObjects?: Access[];
  alertObjects?: Access[];
  commandList?: GbzSource[];
  responseList?: GbzSource[];
  alertList?: GbzSource[];
}

type GbzSource = Omit<GbzComponent, "encrypted" | "alternative"> & {
  encrypted: boolean;
  alternative?: boolean;
};

interface DuisRow {
  serviceReference: string;
  serviceReferenceVariant: string;
  requestElement: string;
  serviceRequestName: string;
  useCase: string | null;
  critical: boolean;
  eligibleRoles: string[];
}

/** Every COSEM object of the tables, for use cases that have no rows of their own. */
interface KnownObject {
  class: number;
  obis: string;
  names: string[];
  attributes?: KnownPart[];
  methods?: KnownPart[];
}

interface KnownPart {
  index: number;
  name: string | null;
  dataType?: string;
  fields?: { path: string; name?: string; dataType: string | null; constant?: Row["constant"] }[];
}

const objects: KnownObject[] = JSON.parse(readFileSync(`${tables}/cosem-objects.json`, "utf8"));
const sources: Source[] = JSON.parse(readFileSync(`${tables}/gbcs-use-cases.json`, "utf8"));
const duis: DuisRow[] = JSON.parse(readFileSync(`${tables}/duis-to-gbcs.json`, "utf8"));

function useCase(source: Source): UseCase {
  return {
    code: source.code,
    useCase: source.useCase,
    title: source.title,
    messageCode: source.messageCode,
    targets: source.target ?? [],
    format: source.payloadFormat,
    kind: source.kind,
    critical: source.critical,
    hanOnly: source.remotePartyOrHan === "HAN Only",
    futureDatable: source.futureDatable,
    replayProtected: source.replayProtection,
    roles: source.roles,
    gpfTapOff: source.gpfTapOff ?? false,
    targetRestriction: source.targetRestriction ?? null,
    superseded: source.status !== undefined && source.code !== "GCS60a",
    services: source.serviceReferenceVariants,
  };
}

function rowsOf(source: Source, access: Access): Row[] {
  if (access.rows === undefined || access.rows.length === 0) return borrowedRows(access);
  return access.rows.flatMap((number) => {
    const row = source.objects.find(
      (one) => one.row === number && one.obis === access.obis && one.index === access.index,
    );
    return row ?? source.objects.find((one) => one.row === number) ?? [];
  });
}

/** The rows that other use cases have for the same attribute, without what they fix. */
function borrowedRows(access: Access): Row[] {
  const { class: classId, obis, index } = access;
  const object = objects.find((one) => one.class === classId && one.obis === obis);
  const objectName = object?.names[0] ?? unlisted(access);
  const parts = access.op === "action" ? object?.methods : object?.attributes;
  const part = parts?.find((one) => one.index === index);
  if (objectName === undefined) return [];
  const row = { row: 0, class: classId, obis, index, constant: null };
  const attributeName = part?.name ?? String(index);
  if (!part?.fields?.length)
    return [
      { ...row, name: `${objectName}: ${attributeName}`, attributeName, dataType: part?.dataType ?? null },
    ];
  return part.fields.map((field) => ({
    ...row,
    name: field.name ?? `${objectName}: ${attributeName}`,
    attributeName: field.path === null ? attributeName : `${attributeName}:${field.path}`,
    dataType: field.dataType,
  }));
}

/** Objects of withdrawn use cases that no table names. */
function unlisted({ class: classId, obis }: Access): string | undefined {
  if (classId === 1 && obis === "0-0:96.1.1.255") return "DeviceIdentifier";
  const controller = /^0-([1-5]):96\.3\.10\.255$/.exec(obis)?.[1];
  return classId === 70 && controller !== undefined ? `AuxiliaryLoadControlSwitch[${controller}]` : undefined;
}

/** What the names of an item's rows have in common, up to a separator; the row of a method itself decides alone. */
function itemName(rows: readonly Row[], access: Access): string {
  const names = rows.map((row) => row.name.replace(/\[\d+\.\.[^\]]*\]/g, "").trim());
  const [first, ...others] = names;
  if (first === undefined) return `${access.class}/${access.obis}/${access.index}`;
  const isMethod = !rows[0]?.attributeName?.includes(":") || /(?:read|readLog|addEntry)$/.test(first);
  if (others.length === 0 || isMethod) return first;
  let common = first;
  for (const name of others) while (!name.startsWith(common)) common = common.slice(0, -1);
  return common.replace(/[^:.]*$/, "").replace(/[:.\s]+$/, "") || first;
}

function attribute(source: Source, access: Access): CosemAttribute {
  const rows = rowsOf(source, access);
  const unit = unitOf(source, access.obis);
  const shape = combined(
    access.observedType === undefined ? undefined : parseObserved(access.observedType),
    shapeOfRows(rows),
  );
  return {
    class: access.class,
    obis: access.obis,
    index: access.index,
    name: itemName(rows, access),
    attribute: rows[0] === undefined ? "" : attributeOf(rows[0]),
    ...(shape === undefined ? {} : { shape }),
    ...(unit === undefined || access.index !== 2 ? {} : { unit }),
  };
}

/** The unit of a register or extended register whose scaler_unit is fixed in the same use case. */
function unitOf(source: Source, obis: string): number | undefined {
  const row = source.objects.find(
    (one) => one.obis === obis && one.attributeName?.endsWith("scal_unit_type.unit"),
  );
  return row?.class === 3 && typeof row.constant === "number" ? row.constant : undefined;
}

function accessItem(source: Source, access: Access): AccessItem {
  const operation = access.op ?? "get";
  const { shape, ...item } = attribute(source, access);
  const optional = access.optional ? { optional: true as const } : {};
  if (access.class === 30) {
    const protects = (source.protectedObjects ?? []).map((one) => attribute(source, one));
    const byTime = access.observedType?.includes("octet-string(12),octet-string(12)");
    return {
      operation,
      ...item,
      ...optional,
      protects,
      ...(byTime ? { protectedByTime: true as const } : {}),
    };
  }
  const rows = rowsOf(source, access);
  if (access.selectiveAccess) {
    const entries = rows.filter((row) => /^buffer:buffer\[/.test(row.attributeName ?? ""));
    const buffer = shapeOfRows(entries);
    const name = rows[0]?.name.replace(/: (?:method: )?readLog.*$/, "") ?? item.name;
    const answer = buffer === undefined ? {} : { shape: buffer };
    return { operation, ...item, name, attribute: "buffer", ...optional, byTime: true, ...answer };
  }
  if (operation === "action" && access.observedType === "null") {
    const returns = shapeOfRows(rows);
    return { operation, ...item, ...optional, shape: { type: "null" }, ...(returns ? { returns } : {}) };
  }
  return { operation, ...item, ...optional, ...(shape === undefined ? {} : { shape }) };
}

/** Two items of one use case never have the same name: the attribute, the logical name, then a number tells them apart. */
function distinct(items: readonly AccessItem[]): AccessItem[] {
  const marks = [
    (item: AccessItem) => ` (${item.attribute})`,
    (item: AccessItem) => ` ${item.obis}`,
    (_: AccessItem, i: number) => ` #${i + 1}`,
  ];
  return marks.reduce<AccessItem[]>(
    (list, mark) => {
      const count = (name: string) => list.filter((one) => one.name === name).length;
      return list.map((item, i) =>
        count(item.name) > 1 ? { ...item, name: item.name + mark(item, i) } : item,
      );
    },
    [...items],
  );
}

function dlmsTemplate(source: Source): DlmsTemplate | undefined {
  if (source.accessList?.length)
    return { access: distinct(source.accessList.map((access) => accessItem(source, access))) };
  if (source.kind !== "alert" || source.objects.length === 0) return undefined;
  const [logged] = source.objects.filter((row) => row.class === 7);
  if (logged !== undefined) return protectedAlert(source, logged);
  const lists = source.alertObjects?.length ? source.alertObjects.map((one) => rowsOf(source, one)) : [];
  const parts = lists.length > 0 ? lists : source.objects.map((row) => [row]);
  const alert = parts.flatMap((rows): Shape[] => {
    const shape = shapeOfRows(rows);
    const name = rows.length === 1 ? rows[0]?.attributeName : rows[0]?.attributeName?.split(/[:.]/)[1];
    return shape === undefined ? [] : [{ ...shape, name: name ?? "value" }];
  });
  return { alert };
}

/** An Alert that carries log entries under protection: what stands in it, and what that holds. */
function protectedAlert(source: Source, { class: classId, obis, index }: Row): DlmsTemplate {
  const rows = source.objects.filter((row) => row.class === 7).map((row) => row.row);
  return {
    alert: [
      { type: "array", name: "protectionParameters" },
      { type: "octet-string", name: "protectedAttributes" },
    ],
    protects: [attribute(source, { class: classId, obis, index, rows })],
  };
}

function component(source: GbzSource): GbzComponent {
  const { name, cluster, command, commandName, clusterSpecific, direction, frameControl, control } = source;
  const { encrypted, alternative, min, max, attributes, fields } = source;
  return {
    ...{ name, cluster, command, clusterSpecific, direction, min, max },
    ...(commandName === undefined || commandName === name ? {} : { commandName }),
    ...(frameControl === undefined ? {} : { frameControl }),
    ...(control === undefined ? {} : { control }),
    ...(encrypted ? { encrypted: true as const } : {}),
    ...(attributes === undefined ? {} : { attributes }),
    ...(fields === undefined ? {} : { fields }),
    ...(alternative ? { alternative: true as const } : {}),
  };
}

function gbzTemplate(source: Source): GbzTemplate | undefined {
  const { commandList, responseList, alertList } = source;
  if (!commandList && !responseList && !alertList) return undefined;
  return {
    ...(commandList ? { commands: commandList.map(component) } : {}),
    ...(responseList ? { responses: responseList.map(component) } : {}),
    ...(alertList ? { alerts: alertList.map(component) } : {}),
  };
}

function services(): Service[] {
  const byVariant = new Map<string, Service>();
  for (const row of duis) {
    const known = byVariant.get(row.serviceReferenceVariant);
    const useCases = new Set(known?.useCases ?? []);
    if (row.useCase !== null) useCases.add(row.useCase);
    byVariant.set(row.serviceReferenceVariant, {
      reference: row.serviceReference,
      variant: row.serviceReferenceVariant,
      name: row.serviceRequestName,
      element: row.requestElement,
      critical: row.critical,
      roles: row.eligibleRoles,
      useCases: [...useCases],
    });
  }
  const parts = (variant: string) =>
    variant
      .split(".")
      .map((part) => part.padStart(3, "0"))
      .join(".");
  return [...byVariant.values()].sort((a, b) => (parts(a.variant) < parts(b.variant) ? -1 : 1));
}

/** One record a line, so that a change of one fact is a change of one line. */
function writeList(file: string, list: readonly unknown[]): void {
  const lines = list.map((item) => JSON.stringify(item));
  writeFileSync(`${output}/${file}`, `[\n${lines.join(",\n")}\n]\n`);
}

function writeTemplates<T>(file: string, template: (source: Source) => T | undefined): void {
  const lines = sources.flatMap((source) => {
    const one = template(source);
    return one === undefined ? [] : `${JSON.stringify(source.code)}:${JSON.stringify(one)}`;
  });
  writeFileSync(`${output}/${file}`, `{\n${lines.join(",\n")}\n}\n`);
}

writeList("use-cases.json", sources.map(useCase));
writeTemplates("dlms.json", dlmsTemplate);
writeTemplates("gbz.json", gbzTemplate);
writeList("services.json", services());
