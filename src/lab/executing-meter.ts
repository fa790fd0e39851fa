import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { OwnKey } from "../emulator/devices/esme/keys.ts";
import { ExecutingMeter, type ExecutingMeterOptions } from "../emulator/devices/esme/meter.ts";
import { type Certificate, readCertificate } from "../gbcs/certificate/certificate.ts";
import type { KeyUse } from "../gbcs/keystore.ts";
import type { PartyStore } from "../headend/party-store.ts";
import { AUTHORITIES_FILE, readAuthorities } from "../headend/pki/folder.ts";
import type { PartyName } from "../headend/pki/parties.ts";

/** Whom an electricity meter trusts, one party in each role. */
const TRUSTED: readonly PartyName[] = [
  "supplier",
  "network-operator",
  "acb",
  "transitional-cos",
  "recovery",
  "load-controller",
];

export type MeterWishes = Omit<
  ExecutingMeterOptions,
  "eui64" | "agreement" | "signing" | "trusted" | "clock"
>;

/** A meter that executes with the keys that a test PKI has for it. Throws `crypto/key` where it has none. */
export function executingMeter(
  parties: PartyStore,
  eui64: Eui64,
  clock: Clock,
  wishes: MeterWishes,
): ExecutingMeter {
  const { keystore } = parties;
  const own = (usage: KeyUse): OwnKey => {
    const privateKey = keystore.privateKey(eui64, usage);
    const certificate = keystore.certificate(eui64, usage);
    if (privateKey === undefined || certificate === undefined) {
      throw new HanwayError("crypto/key", `no ${usage} key of the meter ${eui64}`, { field: "keystore" });
    }
    return { privateKey, certificate };
  };
  const trusted = TRUSTED.flatMap((name) => {
    const party = parties.party(name);
    return (["DS", "KA"] as const).flatMap((usage) => keystore.certificate(party, usage) ?? []);
  });
  trusted.push(...rootOf(parties));
  return new ExecutingMeter({ ...wishes, eui64, clock, trusted, agreement: own("KA"), signing: own("DS") });
}

/** The root of the organisations; an outside keystore has none. */
function rootOf({ folder }: PartyStore): Certificate[] {
  if (folder === undefined || !existsSync(join(folder, AUTHORITIES_FILE))) return [];
  return readAuthorities(folder)
    .filter(({ name }) => name === "organisation-root")
    .map(({ certificate }) => readCertificate(certificate));
}
