/** How a data type is laid out; the numbers of octets are in {@link DataType.size}. */
export type Shape =
  | "none"
  | "unsigned"
  | "signed"
  | "bool"
  | "semi"
  | "single"
  | "double"
  | "octets"
  | "text"
  | "array"
  | "struct"
  | "timeOfDay"
  | "date"
  | "eui64"
  | "key128";

export interface DataType {
  /** Data type id on the wire. */
  readonly id: number;
  /** Short name of the standard. */
  readonly name: string;
  readonly shape: Shape;
  /** Octets; for strings, arrays and structures the octets of the length or count in front. */
  readonly size: number;
  /** Analog types have a reportable change (ZCL 2.6.2). */
  readonly analog: boolean;
}

const row = (id: number, name: string, shape: Shape, size: number, analog = false): DataType => ({
  id,
  name,
  shape,
  size,
  analog,
});

/** A run of types of 1, 2, 3 … octets with consecutive ids. */
const run = (first: number, prefix: string, shape: Shape, analog = false): DataType[] =>
  [1, 2, 3, 4, 5, 6, 7, 8].map((size) => row(first + size - 1, `${prefix}${size * 8}`, shape, size, analog));

/** Every data type (ZCL 2.6.2). */
export const DATA_TYPES: readonly DataType[] = [
  row(0x00, "nodata", "none", 0),
  ...run(0x08, "data", "unsigned"),
  row(0x10, "bool", "bool", 1),
  ...run(0x18, "map", "unsigned"),
  ...run(0x20, "uint", "unsigned", true),
  ...run(0x28, "int", "signed", true),
  row(0x30, "enum8", "unsigned", 1),
  row(0x31, "enum16", "unsigned", 2),
  row(0x38, "semi", "semi", 2, true),
  row(0x39, "single", "single", 4, true),
  row(0x3a, "double", "double", 8, true),
  row(0x41, "octstr", "octets", 1),
  row(0x42, "string", "text", 1),
  row(0x43, "octstr16", "octets", 2),
  row(0x44, "string16", "text", 2),
  row(0x48, "array", "array", 2),
  row(0x4c, "struct", "struct", 2),
  row(0x50, "set", "array", 2),
  row(0x51, "bag", "array", 2),
  row(0xe0, "ToD", "timeOfDay", 4, true),
  row(0xe1, "date", "date", 4, true),
  row(0xe2, "UTC", "unsigned", 4, true),
  row(0xe8, "clusterId", "unsigned", 2),
  row(0xe9, "attribId", "unsigned", 2),
  row(0xea, "bacOID", "unsigned", 4),
  row(0xf0, "EUI64", "eui64", 8),
  row(0xf1, "key128", "key128", 16),
  row(0xff, "unk", "none", 0),
];

const BY_ID: readonly (DataType | undefined)[] = DATA_TYPES.reduce<(DataType | undefined)[]>(
  (table, type) => {
    table[type.id] = type;
    return table;
  },
  new Array<DataType | undefined>(256).fill(undefined),
);

const BY_NAME = new Map(DATA_TYPES.map((type) => [type.name, type]));

/** The data type of an id on the wire, undefined where there is none. */
export function dataType(id: number): DataType | undefined {
  return BY_ID[id];
}

/** The data type of a short name. */
export function dataTypeNamed(name: string): DataType | undefined {
  return BY_NAME.get(name);
}
