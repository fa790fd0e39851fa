import {
  CELL_USAGE,
  DEVICE_TYPE,
  KEY_USAGE,
  nameOf,
  REMOTE_PARTY_ROLE,
  STATUS_CODE,
} from "../../gbcs/asn1/index.ts";

/** Numbers of ASN.1 payloads that stand for a word, by the name of their field. */
const WORDS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  role: REMOTE_PARTY_ROLE,
  keyUsage: KEY_USAGE,
  cellUsage: CELL_USAGE,
  deviceType: DEVICE_TYPE,
  otherDeviceType: DEVICE_TYPE,
};

/** Fields that hold a time, as Unix seconds. */
const TIMES: ReadonlySet<string> = new Set(["time", "deviceTime", "backupTime", "executionTime"]);

/** Message codes whose `status` is a TAMP status: CS02a, CS02f, CS02b and CS02g. */
function hasTampStatus(messageCode: number): boolean {
  return messageCode === 0x0008 || messageCode === 0x011b || (messageCode >= 0x0100 && messageCode <= 0x0126);
}

/** An ASN.1 payload with the words for its numbers, for people: `role: supplier (2)`. */
export function inWords(value: unknown, messageCode: number): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((one) => inWords(one, messageCode));
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, wordFor(name, part, messageCode)]),
  );
}

function wordFor(name: string, value: unknown, messageCode: number): unknown {
  if (typeof value !== "number") return inWords(value, messageCode);
  if (TIMES.has(name)) return new Date(value * 1000).toISOString().replace(".000Z", "Z");
  const status = name === "status" && hasTampStatus(messageCode) ? STATUS_CODE : undefined;
  const table = status ?? (Object.hasOwn(WORDS, name) ? WORDS[name] : undefined);
  const word = table && nameOf(table, value);
  return word === undefined ? value : `${word} (${value})`;
}
