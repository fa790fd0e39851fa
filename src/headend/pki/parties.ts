import { Eui64 } from "../../base/eui64.ts";
import { REMOTE_PARTY_ROLE } from "../../gbcs/asn1/index.ts";

/** A remote party of the test PKI: the name by which the tools know it, its role, and where it is found by default. */
export interface PartyDefinition {
  readonly name: PartyName;
  /** Remote Party Role, as its certificates name it. */
  readonly role: number;
  /** Locally administered, so that no real party has it. */
  readonly eui64: Eui64;
  /** Suppliers have a second Key Agreement key, for prepayment top-ups. */
  readonly prepayment: boolean;
}

export const PARTY_NAMES = [
  "supplier",
  "second-supplier",
  "gas-supplier",
  "network-operator",
  "acb",
  "transitional-cos",
  "wan-provider",
  "recovery",
  "load-controller",
] as const;

export type PartyName = (typeof PARTY_NAMES)[number];

function party(name: PartyName, role: number, eui64: string, prepayment = false): PartyDefinition {
  return { name, role, eui64: Eui64(eui64), prepayment };
}

/** Every party of the test PKI, in the order in which its keys are listed. */
export const PARTIES: readonly PartyDefinition[] = [
  party("supplier", REMOTE_PARTY_ROLE.supplier, "02fa17e000000102", true),
  party("second-supplier", REMOTE_PARTY_ROLE.supplier, "02fa17e000000112", true),
  party("gas-supplier", REMOTE_PARTY_ROLE.supplier, "02fa17e000000122", true),
  party("network-operator", REMOTE_PARTY_ROLE.networkOperator, "02fa17e000000103"),
  party("acb", REMOTE_PARTY_ROLE.accessControlBroker, "02fa17e000000104"),
  party("transitional-cos", REMOTE_PARTY_ROLE.transitionalCoS, "02fa17e000000105"),
  party("wan-provider", REMOTE_PARTY_ROLE.wanProvider, "02fa17e000000106"),
  party("recovery", REMOTE_PARTY_ROLE.recovery, "02fa17e000000101"),
  party("load-controller", REMOTE_PARTY_ROLE.loadController, "02fa17e000000108"),
];

export function isPartyName(text: string): text is PartyName {
  return PARTY_NAMES.some((name) => name === text);
}

/** Kinds of device that the test PKI gives certificates to: those of the HAN, and the two logical ones of the hub. */
const PKI_DEVICE_TYPES = ["chf", "gpf", "esme", "gsme", "ppmid", "hcalcs", "sapc"] as const;

export type PkiDeviceType = (typeof PKI_DEVICE_TYPES)[number];

export function isPkiDeviceType(text: string): text is PkiDeviceType {
  return PKI_DEVICE_TYPES.some((type) => type === text);
}
