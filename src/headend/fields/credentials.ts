import type { Eui64 } from "../../base/eui64.ts";
import {
  CELL_USAGE,
  KEY_USAGE,
  CREDENTIALS_REPLACEMENT_MODE as MODE,
  REMOTE_PARTY_ROLE as ROLE,
} from "../../gbcs/asn1/index.ts";
import type { Fields } from "../../gbcs/catalogue/index.ts";
import { type Certificate, readCertificate } from "../../gbcs/certificate/certificate.ts";
import type { Asn1Context } from "./asn1-context.ts";
import { badValue, type FieldInfo, type Get, wholeNumber } from "./field.ts";
import { certificateOf, octetsValue, timeValue } from "./values.ts";

/** What CS02b and CS02g take. */
export const replacementFields: readonly FieldInfo[] = [
  { name: "party", type: "party or EUI-64", need: "needed" },
  { name: "certificates", type: "certificates as hex or base64", need: "optional" },
  { name: "cells", type: "list of DS, KA, prepayment", need: "optional" },
  { name: "floor", type: "counter", need: "optional" },
  { name: "executionTime", type: "time, or cancel", need: "optional" },
  { name: "certificationPath", type: "certificates as hex or base64", need: "optional" },
  {
    name: "timeBasedChecks",
    type: "validity of certificates",
    need: "optional",
    choices: ["apply", "disapply"],
  },
];

/** Whose cells a mode replaces; the modes of recovery and contingency may replace any. */
const REPLACED: ReadonlyMap<number, number> = new Map([
  [MODE.rootBySupplier, ROLE.root],
  [MODE.rootByWanProvider, ROLE.root],
  [MODE.supplierBySupplier, ROLE.supplier],
  [MODE.networkOperatorByNetworkOperator, ROLE.networkOperator],
  [MODE.accessControlBrokerByAccessControlBroker, ROLE.accessControlBroker],
  [MODE.wanProviderByWanProvider, ROLE.wanProvider],
  [MODE.transCoSByTransCoS, ROLE.transitionalCoS],
  [MODE.supplierByTransCoS, ROLE.supplier],
  [MODE.loadControllerByLoadController, ROLE.loadController],
  [MODE.loadControllerBySupplier, ROLE.loadController],
]);

/** Cells of a role on a device, where the Command does not say which. */
const CELLS: ReadonlyMap<number, readonly string[]> = new Map([
  [ROLE.supplier, ["DS", "KA", "prepayment"]],
  [ROLE.networkOperator, ["DS", "KA"]],
  [ROLE.accessControlBroker, ["DS", "KA"]],
  [ROLE.loadController, ["DS", "KA"]],
]);

/**
 * The value of CS02b or CS02g: the credentials of `party` into the cells that the mode is about, or in their place
 * `certificates`, which go where their role and key usage say.
 */
export function replacementOf(get: Get, context: Asn1Context, mode: number): Fields {
  const { parties, originator, counter, targetKind } = context;
  const floor = get("floor");
  const time = get("executionTime");
  const checks = get("timeBasedChecks");
  return {
    control: {
      mode,
      ...(checks === undefined ? {} : { applyTimeBasedCpvChecks: checksOf(checks) }),
      // Of devices only the CHF has a cell of the broker's signing key.
      ...(mode === MODE.accessControlBrokerByAccessControlBroker && targetKind !== "CHF"
        ? {}
        : { authorisingCell: signingCell(parties.keystore.role(originator)) }),
      authorisingSeqNumber: counter,
      ...(floor === undefined ? {} : { newRemotePartyFloorSeqNumber: counterOf(floor) }),
    },
    replacements: replacements(get, context, REPLACED.get(mode)),
    certificationPath: pathOf(get("certificationPath"), parties.issuingCertificates()),
    ...(time === undefined ? {} : { executionTime: timeValue(time, "executionTime") }),
  };
}

function replacements(get: Get, context: Asn1Context, replaced: number | undefined) {
  const { parties } = context;
  const given = get("certificates");
  if (given !== undefined) return certificatesOf(given).map((der) => ownReplacement(der, replaced));
  const party = parties.party(String(get("party")));
  const role = replaced ?? parties.keystore.role(party);
  if (role === undefined) return badValue("party", "its role is not known");
  return cellsOf(get("cells"), role).map((cell) => replacement(cell, role, party, context));
}

function ownReplacement(certificate: Uint8Array, replaced: number | undefined) {
  const { kind, role, keyUsage } = readable(certificate);
  const cell = replaced ?? role;
  if (cell === undefined) return badValue("certificates", "there is one without a role");
  return {
    certificate,
    targetCell: {
      role: cell,
      keyUsage: kind === "authority" ? KEY_USAGE.keyCertSign : keyUsage,
      cellUsage: CELL_USAGE.management,
    },
  };
}

function readable(der: Uint8Array): Certificate {
  try {
    return readCertificate(der);
  } catch {
    return badValue("certificates", "there is one that cannot be read");
  }
}

function replacement(cell: string, role: number, party: Eui64, { parties }: Asn1Context) {
  const prepayment = cell === "prepayment";
  const usage = cell === "DS" ? "DS" : "KA";
  return {
    certificate: certificateOf(parties, party, usage, prepayment),
    targetCell: {
      role,
      keyUsage: usage === "DS" ? KEY_USAGE.digitalSignature : KEY_USAGE.keyAgreement,
      cellUsage: prepayment ? CELL_USAGE.prePaymentTopUp : CELL_USAGE.management,
    },
  };
}

function signingCell(role: number | undefined) {
  return { role: role ?? ROLE.other, keyUsage: KEY_USAGE.digitalSignature, cellUsage: CELL_USAGE.management };
}

function cellsOf(value: unknown, role: number): readonly string[] {
  if (value === undefined) return CELLS.get(role) ?? ["DS"];
  const names = String(value)
    .split(",")
    .map((one) => one.trim());
  for (const name of names)
    if (!["DS", "KA", "prepayment"].includes(name))
      badValue("cells", "a list of DS, KA, prepayment is needed");
  return names;
}

function counterOf(value: unknown): bigint {
  const number = typeof value === "string" ? wholeNumber(value) : value;
  if (typeof number === "bigint" || (typeof number === "number" && number >= 0)) return BigInt(number);
  return badValue("floor", "a counter is needed");
}

function checksOf(value: unknown): number {
  if (value === "apply") return 0;
  return value === "disapply" ? 1 : badValue("timeBasedChecks", "apply or disapply is needed");
}

function certificatesOf(value: unknown, name = "certificates"): readonly Uint8Array[] {
  return String(value)
    .split(",")
    .map((one) => octetsValue(one.trim(), name));
}

function pathOf(value: unknown, own: readonly Uint8Array[]): readonly Uint8Array[] {
  return value === undefined ? own : certificatesOf(value, "certificationPath");
}
