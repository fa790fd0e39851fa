/**
 * The COSEM `Data` choice (DLMS UA, A-XDR) as plain values. Each decoded node holds what a person would call its
 * value and nothing of its encoding, so that encoding it again gives the same octets.
 *
 * Octet leaves of a decoded tree are views into the decoded message.
 */
export type Data =
  | NullData
  | ArrayData
  | StructureData
  | BooleanData
  | BitString
  | IntegerData
  | LongIntegerData
  | FloatData
  | OctetData
  | TextData
  | CompactArray;

export interface NullData {
  /** `dont-care` is the null of a type description (tag 255). */
  readonly type: "null" | "dont-care";
}
export interface ArrayData {
  readonly type: "array";
  readonly value: readonly Data[];
}
export interface StructureData {
  readonly type: "structure";
  readonly value: readonly Data[];
}
export interface BooleanData {
  readonly type: "boolean";
  readonly value: boolean;
  /** The octet sent, where it is neither 00 (false) nor FF (true): A-XDR takes every other octet as true. */
  readonly octet?: number;
}
export interface BitString {
  readonly type: "bit-string";
  /** Number of bits in use, the first bit being the highest of the first octet. */
  readonly bits: number;
  /** Every octet, with the unused low bits of the last one as they were sent. */
  readonly value: Uint8Array;
}
export interface IntegerData {
  readonly type: IntegerType;
  readonly value: number;
}
export interface LongIntegerData {
  readonly type: "i64" | "u64";
  readonly value: bigint;
}
export interface FloatData {
  readonly type: "float32" | "float64";
  readonly value: number;
  /** The octets sent, where the value is not a number: there are many of those and JavaScript has one. */
  readonly octets?: Uint8Array;
}
export interface OctetData {
  readonly type: "octet-string" | FixedOctetType;
  readonly value: Uint8Array;
}
export interface TextData {
  /** A visible-string carries one character (U+0000 to U+00FF) an octet. */
  readonly type: "visible-string" | "utf8-string";
  readonly value: string;
}
export interface CompactArray {
  readonly type: "compact-array";
  readonly element: TypeDescription;
  /** The unpacked elements, each of the described type. */
  readonly value: readonly Data[];
}

export type IntegerType =
  | "i8"
  | "i16"
  | "i32"
  | "u8"
  | "u16"
  | "u32"
  | "enum"
  | "bcd"
  | "delta-i8"
  | "delta-i16"
  | "delta-i32"
  | "delta-u8"
  | "delta-u16"
  | "delta-u32";
export type FixedOctetType = "date-time" | "date" | "time";

/** What the elements of a compact array look like. */
export type TypeDescription =
  | { readonly type: "array"; readonly count: number; readonly element: TypeDescription }
  | { readonly type: "structure"; readonly elements: readonly TypeDescription[] }
  | { readonly type: SimpleType };

export type SimpleType = Exclude<DataType, "array" | "structure" | "compact-array">;
export type DataType = Data["type"];

/** Tag of each type (DLMS UA, `Data`). */
export const DATA_TAGS: Readonly<Record<DataType, number>> = {
  null: 0,
  array: 1,
  structure: 2,
  boolean: 3,
  "bit-string": 4,
  i32: 5,
  u32: 6,
  "octet-string": 9,
  "visible-string": 10,
  "utf8-string": 12,
  bcd: 13,
  i8: 15,
  i16: 16,
  u8: 17,
  u16: 18,
  "compact-array": 19,
  i64: 20,
  u64: 21,
  enum: 22,
  float32: 23,
  float64: 24,
  "date-time": 25,
  date: 26,
  time: 27,
  "delta-i8": 28,
  "delta-i16": 29,
  "delta-i32": 30,
  "delta-u8": 31,
  "delta-u16": 32,
  "delta-u32": 33,
  "dont-care": 255,
};

/** Type of each tag; undefined where the tag is not in use. */
export const TYPES_BY_TAG: readonly (DataType | undefined)[] = typesByTag();

function typesByTag(): (DataType | undefined)[] {
  const types = new Array<DataType | undefined>(256).fill(undefined);
  for (const [type, tag] of Object.entries(DATA_TAGS)) types[tag] = type as DataType;
  return types;
}

/** Inclusive range of each integer type, by which encoding refuses what does not fit. */
export const INTEGER_RANGES: Readonly<
  Record<IntegerType, readonly [low: number, high: number, octets: 1 | 2 | 4]>
> = {
  i8: [-0x80, 0x7f, 1],
  i16: [-0x8000, 0x7fff, 2],
  i32: [-0x8000_0000, 0x7fff_ffff, 4],
  u8: [0, 0xff, 1],
  u16: [0, 0xffff, 2],
  u32: [0, 0xffff_ffff, 4],
  enum: [0, 0xff, 1],
  bcd: [0, 0xff, 1],
  "delta-i8": [-0x80, 0x7f, 1],
  "delta-i16": [-0x8000, 0x7fff, 2],
  "delta-i32": [-0x8000_0000, 0x7fff_ffff, 4],
  "delta-u8": [0, 0xff, 1],
  "delta-u16": [0, 0xffff, 2],
  "delta-u32": [0, 0xffff_ffff, 4],
};

/** Octets of the types that are octets of one length. */
export const FIXED_OCTETS: Readonly<Record<FixedOctetType, number>> = { "date-time": 12, date: 5, time: 4 };

/** How far a decoder follows what it is given. */
export interface DlmsLimits {
  /** Levels of arrays and structures within one Data. The published use cases need seven. */
  readonly maxDepth: number;
  /** Nodes of one message. Only a compact array can have more of them than octets. */
  readonly maxNodes: number;
}

export const DEFAULT_DLMS_LIMITS: DlmsLimits = { maxDepth: 24, maxNodes: 131_072 };
