import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { Eui64 } from "../../../src/base/eui64.ts";
import { KEY_USAGE, REMOTE_PARTY_ROLE } from "../../../src/gbcs/asn1/index.ts";
import { type Issuer, issueCertificate, type Subject } from "../../../src/gbcs/certificate/issue.ts";

/** EUI-64s of the golden messages: locally administered, so that no real device or party has them. */
export const PARTY = {
  accessControlBroker: Eui64("02fa17e000000104"),
  supplier: Eui64("02fa17e000000102"),
  networkOperator: Eui64("02fa17e000000103"),
  esme: Eui64("02fa17e0000000a0"),
  gsme: Eui64("02fa17e0000000a1"),
  hub: Eui64("02fa17e0000000a2"),
  gasProxy: Eui64("02fa17e0000000a3"),
} as const;

const ROLE: Readonly<Record<string, number>> = {
  accessControlBroker: REMOTE_PARTY_ROLE.accessControlBroker,
  supplier: REMOTE_PARTY_ROLE.supplier,
  networkOperator: REMOTE_PARTY_ROLE.networkOperator,
};
const NOT_BEFORE = Date.UTC(2024, 0, 1) / 1000;
const NOT_AFTER = Date.UTC(2048, 11, 31, 23, 59, 59) / 1000;

/** One record of a keystore file. */
export interface KeystoreRecord {
  readonly eui64: string;
  readonly usage: "DS" | "KA";
  readonly prepayment: boolean;
  readonly certificate: string;
  readonly privateScalar: string;
}

/** Fresh key pairs and certificates of every party, and the two authorities above them, as base64 DER. */
export function issueParties(): { keystore: KeystoreRecord[]; root: string; issuing: string } {
  const root = authority("hanway test root", REMOTE_PARTY_ROLE.root, 1);
  const issuing = authority("hanway test issuing", REMOTE_PARTY_ROLE.issuingAuthority, 0);
  const keystore: KeystoreRecord[] = [];
  for (const [name, eui64] of Object.entries(PARTY)) {
    for (const usage of ["DS", "KA"] as const) {
      const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
      const keyUsage = usage === "DS" ? KEY_USAGE.digitalSignature : KEY_USAGE.keyAgreement;
      const role = ROLE[name];
      const subject: Subject =
        role === undefined
          ? { kind: "device", eui64, keyUsage }
          : { kind: "organisation", eui64, keyUsage, role };
      keystore.push({
        eui64,
        usage,
        prepayment: false,
        certificate: certificate(subject, pair.publicKey, issuing),
        privateScalar: scalar(pair.privateKey),
      });
    }
  }
  return {
    keystore,
    root: certificate(root.subject, root.publicKey, root),
    issuing: certificate(issuing.subject, issuing.publicKey, root),
  };
}

function authority(commonName: string, role: number, pathLength: number): Issuer {
  const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return { subject: { kind: "authority", commonName, role, pathLength }, ...pair };
}

function certificate(subject: Subject, publicKey: KeyObject, issuer: Issuer): string {
  const spki = publicKey.export({ format: "der", type: "spki" });
  const serialNumber = BigInt(`0x${createHash("sha256").update(spki).digest("hex").slice(0, 28)}`) + 1n;
  const notAfter = subject.kind === "device" ? undefined : NOT_AFTER;
  const request = { subject, publicKey, serialNumber, notBefore: NOT_BEFORE, notAfter };
  return Buffer.from(issueCertificate(request, issuer)).toString("base64");
}

function scalar(privateKey: KeyObject): string {
  const { d } = privateKey.export({ format: "jwk" });
  return Buffer.from(d ?? "", "base64url").toString("hex");
}
