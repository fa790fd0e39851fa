import type { NamedValue } from "../../gbcs/catalogue/index.ts";
import type { Described } from "./describe.ts";
import type { NamedObject } from "./objects.ts";
import { treeLines } from "./tree.ts";

/** A described message as lines for people. */
export function messageText(described: Described): string[] {
  const { envelope, useCase, payload, protection, objects, decrypted } = described;
  const code = `0x${envelope.messageCode.toString(16).padStart(4, "0")}`;
  const title = useCase === null ? "unknown message code" : `${useCase.code} ${useCase.title}`;
  const { kind, messageCode: _, ...addresses } = envelope;
  return [
    `${kind} ${code} ${title}`,
    "envelope",
    ...treeLines(addresses, "  "),
    "protection",
    ...treeLines(protection, "  "),
    ...(objects.length === 0 ? [] : ["objects", ...objects.flatMap(objectLines)]),
    ...(decrypted.length === 0 ? [] : ["decrypted", ...treeLines(decrypted, "  ")]),
    `payload ${payload.format}`,
    ...treeLines(payload, "  ").slice(1),
  ];
}

/** One thing that a message reads, writes, does or reports, as lines for people. */
export function objectLines(object: NamedObject): string[] {
  const { value, unit, result, meaning } = object;
  const leaf = typeof value !== "object" || value === null || value instanceof Uint8Array;
  const shown = value === undefined || value === null || !leaf ? "" : `: ${treeLines(value).join("")}`;
  const scaled = "scaled" in object && object.scaled !== undefined ? ` = ${object.scaled}` : "";
  const words = meaning === undefined ? "" : ` (${meaning})`;
  const ending = result === undefined ? "" : ` -> ${result}`;
  const line = `  ${headOf(object)}${shown}${scaled}${unit === undefined ? "" : ` ${unit}`}${words}${ending}`;
  return leaf ? [line] : [line, ...treeLines(value, "    ")];
}

function headOf(object: NamedObject): string {
  const { operation, name } = object;
  const place = "object" in object ? object.object : placeOf(object);
  return [operation, name ?? "(no name)", place === "" ? "" : `[${place}]`].filter(Boolean).join(" ");
}

function placeOf(object: NamedValue): string {
  const { class: classId, obis, attribute } = object;
  return obis === undefined ? "" : `class ${classId} ${obis} ${attribute ?? ""}`.trim();
}
