import { toHex } from "../../base/bytes.ts";
import { printable } from "../io.ts";

/**
 * A decoded value as indented lines: one name and value a line, octets as hex, whole numbers above 53 bits in full. A
 * list or an object begins a level; empty ones are left out.
 */
export function treeLines(value: unknown, indent = ""): string[] {
  if (!isBranch(value)) return [`${indent}${leafText(value)}`];
  return children(value).flatMap(([name, part]) => {
    if (!isBranch(part)) return part === undefined ? [] : [`${indent}${name}: ${leafText(part)}`];
    const lines = treeLines(part, `${indent}  `);
    return lines.length === 0 ? [] : [`${indent}${name}`, ...lines];
  });
}

function isBranch(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array);
}

function children(value: object): [string, unknown][] {
  if (Array.isArray(value)) return value.map((part, i) => [`[${i}]`, part]);
  return Object.entries(value);
}

function leafText(value: unknown): string {
  if (value instanceof Uint8Array) return value.length === 0 ? "(no octets)" : toHex(value);
  if (typeof value === "string") return value === "" ? '""' : printable(value);
  return String(value);
}
