import type { SQLOutputValue } from "node:sqlite";
import { HanwayError } from "../base/error.ts";

type Row = Record<string, SQLOutputValue> | undefined;

/** The whole number in a column. Throws `store/corrupt` for anything else: the tables are STRICT. */
export function integer(row: Row, column: string): number {
  const value = row?.[column];
  if (typeof value !== "number") throw unexpected(column);
  return value;
}

export function text(row: Row, column: string): string {
  const value = row?.[column];
  if (typeof value !== "string") throw unexpected(column);
  return value;
}

export function blob(row: Row, column: string): Uint8Array {
  const value = row?.[column];
  if (!(value instanceof Uint8Array)) throw unexpected(column);
  return value;
}

function unexpected(column: string): HanwayError {
  return new HanwayError("store/corrupt", "a column holds no value of its kind", { field: column });
}
