import type { DeviceType } from "../../base/device-type.ts";
import { Eui64 } from "../../base/eui64.ts";
import { readAddress } from "../../gbcs/address.ts";
import { type DeviceKind, useCasesByCode } from "../../gbcs/catalogue/index.ts";
import { HAN_ONLY } from "../../router/judge.ts";
import type { VectorRecord } from "../vectors.ts";

/** What a device of a vector file is: one of the HAN, or one of the hub's own. */
export type Party = DeviceType | "chf" | "gpf";

/** Devices of the published test data, by the address they have in all of it. */
const PUBLISHED: ReadonlyMap<Eui64, Party> = new Map([
  [Eui64("00db1234567890a0"), "esme"],
  [Eui64("00db1234567890a1"), "gsme"],
  [Eui64("00db1234567890a2"), "chf"],
  [Eui64("00db1234567890a3"), "gpf"],
  [Eui64("00db1234567890a4"), "ppmid"],
  [Eui64("00db1234567890a5"), "hcalcs"],
  [Eui64("00db1234567890a6"), "sapc"],
]);

const PARTIES: Readonly<Record<Exclude<DeviceKind, "ANY">, Party>> = {
  ESME: "esme",
  GSME: "gsme",
  CHF: "chf",
  GPF: "gpf",
  PPMID: "ppmid",
  HCALCS: "hcalcs",
  SAPC: "sapc",
  IHD: "ihd",
  CAD: "cad",
};

/**
 * What each device of a file is. Addresses that are not those of the published data are known by what the device is
 * asked and says: the kind that the use-case tables name most often for it. Who sends a HAN-only Command is one of them
 * also where nobody asks it anything, and a PPMID where its address says nothing (GBCS PCS01, PCS02).
 */
export function partiesOf(records: readonly VectorRecord[]): ReadonlyMap<Eui64, Party> {
  const votes = new Map<Eui64, Map<Party, number>>();
  for (const { kind, bytes } of records) {
    const address = readAddress(bytes);
    if (kind === "PRECOMMAND" || "refused" in address) continue;
    const device = kind === "COMMAND" ? address.target : address.originator;
    const counts = votes.get(device) ?? new Map<Party, number>();
    votes.set(device, counts);
    for (const party of named(address.messageCode)) counts.set(party, (counts.get(party) ?? 0) + 1);
  }
  const parties = new Map<Eui64, Party>();
  for (const [device, counts] of votes) {
    const [most] = [...counts].sort(([, a], [, b]) => b - a);
    parties.set(device, PUBLISHED.get(device) ?? most?.[0] ?? "esme");
  }
  for (const sender of inHomeSenders(records)) {
    if (!parties.has(sender)) parties.set(sender, PUBLISHED.get(sender) ?? "ppmid");
  }
  return parties;
}

/** Who sends HAN-only Commands and no others: a remote party sends others too. */
function inHomeSenders(records: readonly VectorRecord[]): ReadonlySet<Eui64> {
  const senders = new Set<Eui64>();
  const remote = new Set<Eui64>();
  for (const { kind, bytes } of records) {
    const address = readAddress(bytes);
    if (kind !== "COMMAND" || "refused" in address) continue;
    (HAN_ONLY.has(address.messageCode) ? senders : remote).add(address.originator);
  }
  return new Set([...senders].filter((sender) => !remote.has(sender)));
}

function named(messageCode: number): Set<Party> {
  const targets = useCasesByCode(messageCode).flatMap((useCase) => useCase.targets);
  return new Set(targets.flatMap((kind) => (kind === "ANY" ? [] : [PARTIES[kind]])));
}
