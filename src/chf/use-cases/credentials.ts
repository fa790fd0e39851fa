import type { Eui64 } from "../../base/eui64.ts";
import {
  type Asn1Value,
  CELL_USAGE,
  decodeAsn1,
  encodeAsn1,
  KEY_USAGE,
  REMOTE_PARTY_ROLE,
  STATUS_CODE,
} from "../../gbcs/asn1/index.ts";
import type { TrustAnchors } from "../trust-anchors.ts";

const CS02A = 0x0008;
const ROLES: ReadonlySet<number> = new Set(Object.values(REMOTE_PARTY_ROLE));

export interface CredentialsCommand {
  readonly roles: readonly number[];
  /** The form of Command and Response that the authorising credential decides on. */
  readonly protection: "mac" | "signature";
}

/**
 * Reads CS02a Provide Security Credential Details. Throws `decode/*`; undefined where the authorising credential is
 * not the originator's.
 */
export function readCredentialsCommand(
  content: Uint8Array,
  originator: Eui64,
  anchors: TrustAnchors,
): CredentialsCommand | undefined {
  const { authorisingCell, rolesRequired } = decodeAsn1(CS02A, "command", content);
  const { role, keyUsage } = authorisingCell;
  const held = anchors
    .cellsOf(role)
    .some((cell) => cell.keyUsage === keyUsage && cell.certificate.eui64 === originator);
  if (!held) return undefined;
  return { roles: rolesRequired, protection: keyUsage === KEY_USAGE.keyAgreement ? "mac" : "signature" };
}

/** The content of the Response: for each role its counter and the credentials in its cells, or why there are none. */
export function credentialDetails(
  roles: readonly number[],
  anchors: TrustAnchors,
  counterOf: (role: number) => bigint,
): Uint8Array {
  const details = roles.map((role): Asn1Value<typeof CS02A, "response">[number] => {
    const cells = anchors.cellsOf(role);
    if (cells.length === 0) {
      return { role, status: ROLES.has(role) ? STATUS_CODE.trustAnchorNotFound : STATUS_CODE.other };
    }
    return {
      role,
      status: STATUS_CODE.success,
      currentSeqNumber: counterOf(role),
      cells: cells.map(({ keyUsage, certificate }) => ({
        keyUsage,
        cellUsage: CELL_USAGE.management,
        subjectUniqueId: certificate.eui64 ?? NO_IDENTIFIER,
        subjectKeyId: certificate.subjectKeyIdentifier,
      })),
    };
  });
  return encodeAsn1(CS02A, "response", details);
}

/** A root has no Entity Identifier. */
const NO_IDENTIFIER = "0000000000000000" as Eui64;
