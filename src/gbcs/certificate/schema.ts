import { HanwayError } from "../../base/error.ts";
import { entityIdentifier, keyIdentifier, keyUsage } from "../asn1/common.ts";
import {
  choice,
  explicit,
  implicit,
  optional,
  seq,
  seqOf,
  setOfOne,
  withDefault,
} from "../asn1/constructed.ts";
import { bigInt, bitString, boolean, int, octets } from "../asn1/primitives.ts";
import type { Value } from "../asn1/schema.ts";
import { oid, printableString, utf8String } from "../asn1/strings.ts";
import { generalizedTime, utcTime } from "../asn1/time.ts";

/** Object identifiers of the certificate profile (GBCS 12, RFC 5280). */
export const OID = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  ecPublicKey: "1.2.840.10045.2.1",
  prime256v1: "1.2.840.10045.3.1.7",
  commonName: "2.5.4.3",
  organizationalUnit: "2.5.4.11",
  uniqueIdentifier: "2.5.4.45",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  certificatePolicies: "2.5.29.32",
  authorityKeyIdentifier: "2.5.29.35",
  hardwareModuleName: "1.3.6.1.5.5.7.8.4",
} as const;

const algorithm = seq({ id: oid });
const time = choice({ utc: utcTime, generalized: generalizedTime });
const nameAttribute = seq({
  type: oid,
  value: choice({ utf8: utf8String(64), printable: printableString(64), bits: bitString(8) }),
});
const name = seqOf(setOfOne(nameAttribute), 0, 4);
const extension = seq({ id: oid, critical: withDefault(boolean, false), value: octets(1, 512) });

/** Serial numbers are positive and have at most 20 octets (RFC 5280 4.1.2.2). */
const MAX_SERIAL = (1n << 159n) - 1n;

/** What the issuer signs. */
export const tbsCertificate = seq({
  version: explicit(0, int(2, 2)),
  serialNumber: bigInt(1n, MAX_SERIAL),
  signature: algorithm,
  issuer: name,
  validity: seq({ notBefore: time, notAfter: time }),
  subject: name,
  publicKeyInfo: seq({ algorithm: seq({ id: oid, curve: oid }), publicKey: bitString(65) }),
  extensions: explicit(3, seqOf(extension, 1, 8)),
});

/** Certificate of RFC 5280 as the smart metering PKI profiles it. */
export const certificate = seq({
  tbs: tbsCertificate,
  signatureAlgorithm: algorithm,
  signature: bitString(72),
});

export type Name = Value<typeof name>;
export type Extensions = readonly Value<typeof extension>[];

/** The contents of each extension that the profile knows; a critical one that is not here is refused. */
export const EXTENSION = {
  keyUsage,
  subjectKeyIdentifier: keyIdentifier,
  authorityKeyIdentifier: seq({ keyIdentifier: implicit(0, keyIdentifier) }),
  subjectAltName: seq({
    otherName: implicit(
      0,
      seq({ id: oid, value: explicit(0, seq({ type: oid, serialNumber: entityIdentifier })) }),
    ),
  }),
  basicConstraints: seq({
    authority: withDefault(boolean, false),
    pathLength: optional(int(0, 255)),
  }),
  certificatePolicies: seqOf(seq({ id: oid }), 1, 4),
} as const;

/** Throws `decode/value` naming the part of the certificate that breaks the profile. */
export function refuse(field: string, detail: string): never {
  throw new HanwayError("decode/value", detail, { field: `certificate.${field}` });
}
