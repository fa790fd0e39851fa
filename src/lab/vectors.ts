import { readFileSync } from "node:fs";
import { fromHex } from "../base/bytes.ts";
import { ERROR_CODES, HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import { readAddress } from "../gbcs/address.ts";

/** One line of a vector file: a recorded GBCS message under its published name. */
export interface VectorRecord {
  name: string;
  useCase: string;
  kind: "PRECOMMAND" | "COMMAND" | "RESPONSE" | "ALERT";
  bytes: Uint8Array;
}

/** A recorded Command and what the device answered to it. */
export interface VectorPair {
  name: string;
  useCase: string;
  target: Eui64;
  command: Uint8Array;
  response: Uint8Array | undefined;
}

const KINDS = new Set(["PRECOMMAND", "COMMAND", "RESPONSE", "ALERT"]);

/**
 * Reads a JSON-lines vector file (`name`, `kind`, `hex`, `useCase`); what else a line holds is not looked at. Throws
 * `config/unreadable` with the line, also where a Command, Response or Alert is no GBCS message.
 */
export function readVectors(path: string): VectorRecord[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new HanwayError("config/unreadable", `vector file ${path} cannot be read`, { cause });
  }
  const records: VectorRecord[] = [];
  // Some editors put a byte order mark in front.
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  lines.forEach((line, i) => {
    if (line.trim() !== "") records.push(parseLine(line, `${path} line ${i + 1}`));
  });
  return records;
}

function parseLine(line: string, where: string): VectorRecord {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch (cause) {
    throw new HanwayError("config/unreadable", `${where} is not JSON`, { cause });
  }
  if (typeof raw !== "object" || raw === null)
    throw new HanwayError("config/unreadable", `${where} is no object`);
  const { name, kind, hex, useCase } = raw as Record<string, unknown>;
  if (typeof name !== "string" || typeof hex !== "string" || typeof kind !== "string" || !KINDS.has(kind)) {
    throw new HanwayError("config/unreadable", `${where} needs name, kind and hex`);
  }
  const bytes = octets(hex, where);
  // A pre-command is not yet what a device would get.
  if (kind !== "PRECOMMAND") requireMessage(bytes, `${where}: ${name}`);
  return {
    name,
    kind: kind as VectorRecord["kind"],
    useCase: typeof useCase === "string" ? useCase : "",
    bytes,
  };
}

function requireMessage(bytes: Uint8Array, where: string): void {
  const address = readAddress(bytes);
  if (!("refused" in address)) return;
  const { refused, field, offset } = address;
  const why = `${ERROR_CODES[refused]} in ${field} at octet ${offset}`;
  throw new HanwayError("config/unreadable", `${where} is no GBCS message (${why})`);
}

function octets(hex: string, where: string): Uint8Array {
  try {
    return fromHex(hex.trim());
  } catch (cause) {
    throw new HanwayError("config/unreadable", `${where}: hex is not hex digits in pairs`, { cause });
  }
}

/**
 * Commands with their Responses, in file order. Two records belong together when their names are equal but for
 * COMMAND / RESPONSE, and by nothing else: counters repeat. A Response without a Command is left out.
 */
export function pairVectors(records: readonly VectorRecord[]): VectorPair[] {
  const responses = new Map<string, Uint8Array>();
  for (const { kind, name, bytes } of records)
    if (kind === "RESPONSE") responses.set(pairKey(name, kind), bytes);
  const pairs: VectorPair[] = [];
  for (const { kind, name, useCase, bytes } of records) {
    if (kind !== "COMMAND") continue;
    const address = readAddress(bytes);
    if ("refused" in address) {
      throw new HanwayError("decode/value", `vector ${name} is not a GBCS message: ${address.refused}`);
    }
    pairs.push({
      name,
      useCase,
      target: address.target,
      command: bytes,
      response: responses.get(pairKey(name, kind)),
    });
  }
  return pairs;
}

/** The name of a record without the word that its kind is in it. */
export function pairKey(name: string, kind: string): string {
  const at = name.toUpperCase().lastIndexOf(kind);
  return at < 0 ? name : `${name.slice(0, at)}*${name.slice(at + kind.length)}`;
}
