import { hash, type KeyObject, sign } from "node:crypto";
import { concatBytes } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { type Eui64, eui64ToBytes } from "../../base/eui64.ts";
import { KEY_USAGE } from "../asn1/common.ts";
import { encodeDer } from "../asn1/schema.ts";
import { GENERALIZED_TIME_MAX, GeneralizedTime } from "../asn1/time.ts";
import { certificate, EXTENSION, type Name, OID, tbsCertificate } from "./schema.ts";

/** Whom a certificate is for. */
export type Subject =
  | { readonly kind: "device"; readonly eui64: Eui64; readonly keyUsage: number }
  | {
      readonly kind: "organisation";
      readonly eui64: Eui64;
      readonly keyUsage: number;
      /** Remote Party Role, 0 to 255. */
      readonly role: number;
    }
  | {
      readonly kind: "authority";
      readonly role: number;
      readonly commonName: string;
      readonly pathLength?: number;
    };

/** Who issues it. A root issues its own certificate. */
export interface Issuer {
  /** The subject that the issuer's own certificate names. */
  readonly subject: Subject;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface CertificateRequest {
  readonly subject: Subject;
  readonly publicKey: KeyObject;
  readonly serialNumber: bigint;
  /** Unix time in seconds. */
  readonly notBefore: number;
  /** Unix time in seconds; undefined is the no-end of a device certificate (99991231235959Z). */
  readonly notAfter: number | undefined;
}

/** Arc for documentation and tests, where a manufacturer's or a policy's own would stand. */
const EXAMPLE_ARC = "2.999.1";

/**
 * Issues a certificate of the smart metering profile (GBCS 12), as DER: for test authorities, emulated devices and
 * golden messages. The key identifiers are the first 8 octets of the SHA-256 of the public point.
 */
export function issueCertificate(request: CertificateRequest, issuer: Issuer): Uint8Array {
  const { subject } = request;
  const tbs = {
    version: 2,
    serialNumber: request.serialNumber,
    signature: { id: OID.ecdsaWithSha256 },
    issuer: nameOf(issuer.subject),
    validity: { notBefore: timeOf(request.notBefore), notAfter: timeOf(request.notAfter) },
    subject: nameOf(subject),
    publicKeyInfo: {
      algorithm: { id: OID.ecPublicKey, curve: OID.prime256v1 },
      publicKey: { octets: publicPoint(request.publicKey), unused: 0 },
    },
    extensions: [
      extension(OID.keyUsage, true, encodeDer(EXTENSION.keyUsage, usageOf(subject))),
      extension(
        OID.subjectKeyIdentifier,
        false,
        encodeDer(EXTENSION.subjectKeyIdentifier, keyIdentifierOf(request.publicKey)),
      ),
      ...subjectExtensions(subject),
      extension(
        OID.certificatePolicies,
        true,
        encodeDer(EXTENSION.certificatePolicies, [{ id: EXAMPLE_ARC }]),
      ),
      extension(
        OID.authorityKeyIdentifier,
        false,
        encodeDer(EXTENSION.authorityKeyIdentifier, { keyIdentifier: keyIdentifierOf(issuer.publicKey) }),
      ),
    ],
  };
  const signatureAlgorithm = { id: OID.ecdsaWithSha256 };
  const der = encodeDer(tbsCertificate, tbs);
  const signature = { octets: new Uint8Array(sign("sha256", der, issuer.privateKey)), unused: 0 };
  return encodeDer(certificate, { tbs, signatureAlgorithm, signature });
}

function usageOf(subject: Subject): number {
  return subject.kind === "authority" ? KEY_USAGE.keyCertSign : subject.keyUsage;
}

function subjectExtensions(subject: Subject) {
  if (subject.kind === "organisation") return [];
  if (subject.kind === "authority") {
    const constraints = { authority: true, pathLength: subject.pathLength };
    return [extension(OID.basicConstraints, true, encodeDer(EXTENSION.basicConstraints, constraints))];
  }
  const value = { type: EXAMPLE_ARC, serialNumber: subject.eui64 };
  const otherName = { id: OID.hardwareModuleName, value };
  return [extension(OID.subjectAltName, true, encodeDer(EXTENSION.subjectAltName, { otherName }))];
}

function nameOf(subject: Subject): Name {
  if (subject.kind === "device") return [];
  const role = subject.role.toString(16).padStart(2, "0");
  const unit = { type: OID.organizationalUnit, value: { kind: "utf8", value: role } } as const;
  if (subject.kind === "authority") {
    return [[unit], [{ type: OID.commonName, value: { kind: "utf8", value: subject.commonName } }]];
  }
  const bits = { octets: eui64ToBytes(subject.eui64), unused: 0 };
  return [[unit], [{ type: OID.uniqueIdentifier, value: { kind: "bits", value: bits } }]];
}

/** RFC 5280 4.1.2.5: UTCTime until 2049, GeneralizedTime from then on. */
function timeOf(unixSeconds: number | undefined) {
  const value = unixSeconds === undefined ? GENERALIZED_TIME_MAX : GeneralizedTime(unixSeconds);
  const utc = value < GENERALIZED_FROM;
  return utc ? ({ kind: "utc", value } as const) : ({ kind: "generalized", value } as const);
}

const GENERALIZED_FROM = Date.UTC(2050, 0, 1) / 1000;

/** The uncompressed point of a P-256 public key, 65 octets. */
function publicPoint(publicKey: KeyObject): Uint8Array {
  const { x, y } = publicKey.export({ format: "jwk" });
  if (x === undefined || y === undefined) {
    throw new HanwayError("crypto/key", "P-256 wanted", { field: "publicKey" });
  }
  return concatBytes(Uint8Array.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url"));
}

function keyIdentifierOf(publicKey: KeyObject): Uint8Array {
  return hash("sha256", publicPoint(publicKey), "buffer").subarray(0, 8);
}

function extension(id: string, critical: boolean, value: Uint8Array) {
  return { id, critical, value };
}
