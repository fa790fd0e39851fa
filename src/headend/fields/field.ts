import { HanwayError } from "../../base/error.ts";

/** One value that a use case takes, for people to choose from. */
export interface FieldInfo {
  /** The name to give it by. */
  readonly name: string;
  /** What it has to be, in a word or two. */
  readonly type: string;
  readonly need: "needed" | "optional" | "fixed";
  /** The values that have names, or all that are allowed. */
  readonly choices?: readonly string[];
}

/** Values by name as a caller gives them; a text is turned into what the field wants. */
export type Given = Readonly<Record<string, unknown>>;

/** Gives the value of a field by its name, undefined where it is not given. */
export type Get = (name: string) => unknown;

/** A name without case, spaces and marks, so that `ieee_address` and `IEEE address` are one. */
export function bare(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

export function noSuchField(name: string, known: readonly string[]): never {
  const list = known.length === 0 ? "it takes none" : `it takes ${known.slice(0, 12).join(", ")}`;
  throw new HanwayError("headend/unknown", `the use case has no such field; ${list}`, {
    field: name.slice(0, 60),
  });
}

export function badValue(name: string, detail: string): never {
  throw new HanwayError("headend/value", detail, { field: name.slice(0, 60) });
}

/** The value of a text that is JSON. Throws `headend/value`. */
export function jsonValue(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return badValue(name, "JSON is needed");
  }
}

/** Whether a text means a JSON object or list. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text);
}

/** A whole number of a text in decimal or 0x; undefined for another text. Above 53 bits it is a bigint. */
export function wholeNumber(text: string): number | bigint | undefined {
  if (!/^-?\d{1,20}$|^0[xX][0-9a-fA-F]{1,16}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}

/** The words for yes and no; undefined for another text. */
export function truth(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (["true", "yes", "on", "1"].includes(word)) return true;
  return ["false", "no", "off", "0"].includes(word) ? false : undefined;
}

/** Octets that are text: `text:…` always, and everything where the use case carries text there. */
export function octetsText(text: string, textual: boolean): { text: string } | string {
  if (text.startsWith("text:")) return { text: text.slice(5) };
  if (text.startsWith("hex:")) return text.slice(4);
  return textual ? { text } : text;
}
