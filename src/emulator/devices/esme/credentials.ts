import type { Eui64 } from "../../../base/eui64.ts";
import {
  type Asn1Value,
  CELL_USAGE,
  decodeAsn1,
  encodeAsn1,
  KEY_USAGE,
  REMOTE_PARTY_ROLE,
  STATUS_CODE,
} from "../../../gbcs/asn1/index.ts";
import type { MeterKeys } from "./keys.ts";

const CS02A = 0x0008;
const CS02E = 0x000c;
const ROLES: ReadonlySet<number> = new Set(Object.values(REMOTE_PARTY_ROLE));
const NO_IDENTIFIER = "0000000000000000" as Eui64;
const BAD_KEY_USAGE = 1;

/** CS02a and CS02f: whose credentials are in the cells, and the last counter of each role. Throws `decode/*`. */
export function provideCredentials(
  content: Uint8Array,
  keys: MeterKeys,
  counterOf: (role: number) => bigint,
): { readonly content: Uint8Array; readonly protection: "mac" | "signature" } {
  const { authorisingCell, rolesRequired } = decodeAsn1(CS02A, "command", content);
  const details = rolesRequired.map((role): Asn1Value<typeof CS02A, "response">[number] => {
    const cells = keys.cellsOf(role);
    if (cells.length === 0) {
      return { role, status: ROLES.has(role) ? STATUS_CODE.trustAnchorNotFound : STATUS_CODE.other };
    }
    return {
      role,
      status: STATUS_CODE.success,
      currentSeqNumber: counterOf(role),
      cells: cells.map(({ keyUsage, eui64, subjectKeyIdentifier }) => ({
        keyUsage,
        cellUsage: CELL_USAGE.management,
        subjectUniqueId: eui64 ?? NO_IDENTIFIER,
        subjectKeyId: subjectKeyIdentifier,
      })),
    };
  });
  return {
    content: encodeAsn1(CS02A, "response", details),
    protection: authorisingCell.keyUsage === KEY_USAGE.keyAgreement ? "mac" : "signature",
  };
}

/** CS02e: the device's own certificate for a use. Throws `decode/*`. */
export function provideDeviceCertificate(content: Uint8Array, keys: MeterKeys): Uint8Array {
  const { keyUsage } = decodeAsn1(CS02E, "command", content);
  const certificate = keys.ownCertificate(keyUsage);
  return encodeAsn1(
    CS02E,
    "response",
    certificate === undefined
      ? { kind: "error", value: BAD_KEY_USAGE }
      : { kind: "certificate", value: certificate },
  );
}
