import { badValue } from "./field.ts";

/** Shorter or better known names of fields, by use case: `send CS01a --set utrn=…`. */
const ALIASES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  CS01a: { utrn: "enter" },
  ECS10: { message: "value" },
  ECS70: { from: "validity_interval_start", to: "validity_interval_end" },
};

/** Use cases whose octet-strings carry text that a person reads or types. */
const TEXTUAL: ReadonlySet<string> = new Set([
  "CS01a",
  "CS01b",
  "ECS10",
  "ECS16",
  "ECS39a",
  "ECS39b",
  "ECS50",
  "GCS07",
  "GCS36",
  "GCS41",
  "GCS44",
]);

export function isTextual(code: string): boolean {
  return TEXTUAL.has(code);
}

/** The name of the tables for a name that a person gave. */
export function withoutAlias(code: string, name: string): string {
  const known = Object.hasOwn(ALIASES, code) ? ALIASES[code] : undefined;
  return known !== undefined && Object.hasOwn(known, name.toLowerCase())
    ? (known[name.toLowerCase()] ?? name)
    : name;
}

/** The other name of a field of the tables, if it has one. */
export function aliasOf(code: string, name: string): string | undefined {
  const known = Object.hasOwn(ALIASES, code) ? ALIASES[code] : undefined;
  return Object.entries(known ?? {}).find(([, own]) => own === name)?.[0];
}

/**
 * What the tables do not say of a value and a device would only answer with silence: a Unique Transaction Reference
 * Number has 20 digits. Throws `headend/value`.
 */
export function checkText(code: string, name: string, text: string): void {
  if (code === "CS01a" && !/^\d{20}$/.test(text)) badValue(name, "a UTRN of 20 digits is needed");
}
