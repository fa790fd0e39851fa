import { type KeyObject, X509Certificate } from "node:crypto";
import { equalBytes } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { type Eui64, eui64FromBytes } from "../../base/eui64.ts";
import { KEY_USAGE } from "../asn1/common.ts";
import { decodeDer, encodeDer, type Schema, type Value } from "../asn1/schema.ts";
import { EXTENSION, type Extensions, type Name, OID, refuse, certificate as schema } from "./schema.ts";

/** A certificate of the smart metering PKI (GBCS 12): the fields that GBCS gives a meaning. */
export interface Certificate {
  /** The certificate as it was read. */
  readonly der: Uint8Array;
  readonly kind: "organisation" | "device" | "authority";
  /** Entity Identifier of the subject; undefined for a certificate authority without one. */
  readonly eui64: Eui64 | undefined;
  /** Remote Party Role from the subject's organisational unit; undefined for a device. */
  readonly role: number | undefined;
  /** What the key is for: a mask of `KEY_USAGE`. Organisations and devices have exactly one use. */
  readonly keyUsage: number;
  /** 8 octets. */
  readonly subjectKeyIdentifier: Uint8Array;
  /** 8 octets; undefined only in a root, which is its own authority. */
  readonly authorityKeyIdentifier: Uint8Array | undefined;
  readonly serialNumber: bigint;
  /** Names in one line, for people. */
  readonly subject: string;
  readonly issuer: string;
  /** Unix time in seconds, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Certificate authorities only: how many more authorities may follow. */
  readonly pathLength: number | undefined;
  /** The P-256 public key. */
  readonly publicKey: KeyObject;
  /** Node's reading, for the check of the signature. */
  readonly x509: X509Certificate;
}

const MAX_CERTIFICATE = 4096;

/**
 * Reads a device, organisation or authority certificate of the profile, whole and strictly: what the fields encode to
 * must be the octets read, so that two certificates never read alike. The signature is not checked: see `checkPath`.
 * Throws `decode/*` with the field, with the offset where it is one of form.
 */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_CERTIFICATE) {
    throw new HanwayError("decode/size", "more than 4096 octets", { field: "certificate", offset: 0 });
  }
  const copy = der.slice();
  const decoded = decodeDer(schema, copy, "certificate");
  if (!equalBytes(encodeDer(schema, decoded), copy)) refuse("encoding", "not the DER of its own fields");
  const { tbs } = decoded;
  requireAlgorithms(decoded);
  const extensions = readExtensions(tbs.extensions);
  const x509 = readX509(copy);
  return {
    der: copy,
    ...identify(tbs.subject, extensions),
    keyUsage: extensions.keyUsage,
    subjectKeyIdentifier: extensions.subjectKeyIdentifier,
    authorityKeyIdentifier: extensions.authorityKeyIdentifier?.keyIdentifier,
    serialNumber: tbs.serialNumber,
    subject: nameText(tbs.subject),
    issuer: nameText(tbs.issuer),
    notBefore: tbs.validity.notBefore.value,
    notAfter: tbs.validity.notAfter.value,
    pathLength: extensions.basicConstraints?.pathLength,
    publicKey: x509.publicKey,
    x509,
  };
}

function readX509(der: Uint8Array): X509Certificate {
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(der);
    // The point is only looked at when the key is: one that is not on the curve throws here.
    if (x509.publicKey.asymmetricKeyDetails?.namedCurve === "prime256v1") return x509;
  } catch {
    refuse("publicKey", "not a point of P-256");
  }
  return refuse("publicKey", "not a key of P-256");
}

function requireAlgorithms(decoded: Value<typeof schema>): void {
  const { tbs, signatureAlgorithm, signature } = decoded;
  if (tbs.signature.id !== OID.ecdsaWithSha256 || signatureAlgorithm.id !== OID.ecdsaWithSha256) {
    refuse("signatureAlgorithm", "ECDSA with SHA-256 wanted");
  }
  const { algorithm, publicKey } = tbs.publicKeyInfo;
  if (algorithm.id !== OID.ecPublicKey || algorithm.curve !== OID.prime256v1)
    refuse("publicKey", "P-256 wanted");
  if (publicKey.unused !== 0 || publicKey.octets.length !== 65 || publicKey.octets[0] !== 4) {
    refuse("publicKey", "an uncompressed point wanted");
  }
  if (signature.unused !== 0) refuse("signature", "whole octets wanted");
  if (tbs.validity.notAfter.value < tbs.validity.notBefore.value) {
    refuse("validity", "ends before it begins");
  }
}

type Read<S> = S extends Schema<infer T> ? T : never;
type KnownExtensions = { readonly [K in keyof typeof EXTENSION]: Read<(typeof EXTENSION)[K]> | undefined };
type ReadExtensions = KnownExtensions & {
  readonly keyUsage: number;
  readonly subjectKeyIdentifier: Uint8Array;
};

function readExtensions(list: Extensions): ReadExtensions {
  const byId = new Map(list.map((entry) => [entry.id, entry]));
  if (byId.size !== list.length) refuse("extensions", "one is there twice");
  for (const { id, critical } of list) {
    if (critical && !Object.keys(EXTENSION).some((name) => idOf(name) === id)) {
      refuse("extensions", `critical extension ${id} is not known`);
    }
  }
  const part = <T>(name: keyof typeof EXTENSION, type: Schema<T>): T | undefined => {
    const found = byId.get(OID[name]);
    return found === undefined ? undefined : decodeExact(type, found.value, `certificate.${name}`);
  };
  const found = {
    keyUsage: part("keyUsage", EXTENSION.keyUsage),
    subjectKeyIdentifier: part("subjectKeyIdentifier", EXTENSION.subjectKeyIdentifier),
    authorityKeyIdentifier: part("authorityKeyIdentifier", EXTENSION.authorityKeyIdentifier),
    subjectAltName: part("subjectAltName", EXTENSION.subjectAltName),
    basicConstraints: part("basicConstraints", EXTENSION.basicConstraints),
    certificatePolicies: part("certificatePolicies", EXTENSION.certificatePolicies),
  };
  const { keyUsage, subjectKeyIdentifier } = found;
  if (keyUsage === undefined) return refuse("keyUsage", "missing");
  if (subjectKeyIdentifier === undefined) return refuse("subjectKeyIdentifier", "missing");
  return { ...found, keyUsage, subjectKeyIdentifier };
}

function idOf(name: string): string | undefined {
  return Object.entries(OID).find(([key]) => key === name)?.[1];
}

function decodeExact<T>(type: Schema<T>, der: Uint8Array, field: string): T {
  const value = decodeDer(type, der, field);
  if (!equalBytes(encodeDer(type, value), der)) refuse(field, "not the DER of its own fields");
  return value;
}

function identify(subject: Name, extensions: ReadExtensions): Pick<Certificate, "kind" | "eui64" | "role"> {
  if (extensions.basicConstraints?.authority === true) {
    if ((extensions.keyUsage & KEY_USAGE.keyCertSign) === 0) refuse("keyUsage", "keyCertSign wanted");
    return { kind: "authority", eui64: uniqueIdentifier(subject), role: roleOf(subject) };
  }
  const { keyUsage, subjectAltName } = extensions;
  if (keyUsage !== KEY_USAGE.digitalSignature && keyUsage !== KEY_USAGE.keyAgreement) {
    refuse("keyUsage", "exactly one of digitalSignature and keyAgreement wanted");
  }
  if (subject.length > 0) {
    const eui64 = uniqueIdentifier(subject) ?? refuse("subject", "x500UniqueIdentifier is missing");
    const role = roleOf(subject) ?? refuse("subject", "organisational unit is missing");
    return { kind: "organisation", eui64, role };
  }
  if (subjectAltName === undefined) return refuse("subjectAltName", "missing");
  if (subjectAltName.otherName.id !== OID.hardwareModuleName) {
    refuse("subjectAltName", "hardwareModuleName wanted");
  }
  return { kind: "device", eui64: subjectAltName.otherName.value.serialNumber, role: undefined };
}

function attribute(name: Name, id: string) {
  const found = name.flat().filter((entry) => entry.type === id);
  if (found.length > 1) refuse("subject", `${id} is there twice`);
  return found[0]?.value;
}

function uniqueIdentifier(subject: Name): Eui64 | undefined {
  const value = attribute(subject, OID.uniqueIdentifier);
  if (value === undefined) return undefined;
  if (value.kind !== "bits" || value.value.unused !== 0 || value.value.octets.length !== 8) {
    return refuse("subject", "x500UniqueIdentifier has to have 64 bits");
  }
  return eui64FromBytes(value.value.octets);
}

/** The organisational unit is the role as two hexadecimal digits. */
function roleOf(subject: Name): number | undefined {
  const value = attribute(subject, OID.organizationalUnit);
  if (value === undefined) return undefined;
  if (value.kind === "bits" || !/^[0-9A-Fa-f]{2}$/.test(value.value)) {
    return refuse("subject", "the organisational unit has to be a role of two hexadecimal digits");
  }
  return Number.parseInt(value.value, 16);
}

const SHORT: Readonly<Record<string, string>> = {
  [OID.commonName]: "CN",
  [OID.organizationalUnit]: "OU",
  [OID.uniqueIdentifier]: "UID",
};

function nameText(name: Name): string {
  return name
    .flat()
    .map(({ type, value }) => {
      const text = value.kind === "bits" ? Buffer.from(value.value.octets).toString("hex") : value.value;
      return `${SHORT[type] ?? type}=${text}`;
    })
    .join(", ");
}
