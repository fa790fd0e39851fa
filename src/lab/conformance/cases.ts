import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import { readAddress } from "../../gbcs/address.ts";
import type { VectorRecord } from "../vectors.ts";
import { pairKey } from "../vectors.ts";

/** A recorded Command and the Response that its device gave. */
export interface PairCase {
  /** Name of the Command's record. */
  readonly name: string;
  readonly useCase: string;
  readonly device: Eui64;
  readonly command: Uint8Array;
  readonly response: Uint8Array;
}

/** A recorded Alert. */
export interface AlertCase {
  readonly name: string;
  readonly useCase: string;
  readonly device: Eui64;
  readonly alert: Uint8Array;
}

/** What a file offers for a run, in the order of the file. */
export interface Cases {
  readonly pairs: readonly PairCase[];
  readonly alerts: readonly AlertCase[];
  /** Commands without a Response and Responses without a Command. */
  readonly unpaired: readonly { readonly name: string; readonly device: Eui64 }[];
}

/**
 * Sorts the records of a file. Two records are a pair when their names are equal but for COMMAND / RESPONSE, and by
 * nothing else: counters repeat. Where a name stands more than once, the first Command has the first Response, and so
 * on. Pre-commands never reach a device and are left out. Throws `config/invalid` with the name of a record that is no
 * GBCS message.
 */
export function casesOf(records: readonly VectorRecord[]): Cases {
  const pairs: PairCase[] = [];
  const alerts: AlertCase[] = [];
  const responses = new Map<string, VectorRecord[]>();
  const unpaired: { name: string; device: Eui64 }[] = [];
  for (const record of records) {
    if (record.kind !== "RESPONSE") continue;
    const key = pairKey(record.name, "RESPONSE");
    responses.set(key, [...(responses.get(key) ?? []), record]);
  }
  for (const record of records) {
    const { name, useCase, kind, bytes } = record;
    if (kind === "PRECOMMAND" || kind === "RESPONSE") continue;
    const device = deviceOf(record);
    if (kind === "ALERT") {
      alerts.push({ name, useCase, device, alert: bytes });
      continue;
    }
    const response = responses.get(pairKey(name, "COMMAND"))?.shift();
    if (response === undefined) unpaired.push({ name, device });
    else pairs.push({ name, useCase, device, command: bytes, response: response.bytes });
  }
  for (const response of [...responses.values()].flat()) {
    unpaired.push({ name: response.name, device: deviceOf(response) });
  }
  return { pairs, alerts, unpaired };
}

/** The device that executes the Command or sends the Response or Alert. */
function deviceOf({ name, kind, bytes }: VectorRecord): Eui64 {
  const address = readAddress(bytes);
  if ("refused" in address) {
    throw new HanwayError("config/invalid", `it is no GBCS message (${address.refused})`, {
      field: `vector ${name}`,
    });
  }
  return kind === "COMMAND" ? address.target : address.originator;
}
