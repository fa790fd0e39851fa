import type { Eui64 } from "../base/eui64.ts";
import type { Point } from "./curve.ts";
import {
  IMPLICIT_KEY_USAGE,
  type ImplicitCertificate,
  readImplicitCertificate,
} from "./implicit-certificate.ts";
import type { Suite, SuiteBit } from "./suite.ts";
import { type Refusal, TERMINATE_STATUS, type TerminateStatus } from "./terminate-status.ts";

/** A certificate authority whose certificates are taken, for one suite. */
export interface TrustedIssuer {
  readonly suite: SuiteBit;
  readonly issuer: Eui64;
  /** Compressed point. */
  readonly publicKey: Uint8Array;
}

/** What the documents at hand leave open about certificates. */
export interface CertificateRules {
  /** Refuse a suite 2 certificate without the key agreement bit; some published test sets have none. */
  readonly requireKeyAgreement: boolean;
  /** The status where the subject is not the partner's EUI-64. */
  readonly subjectMismatch: TerminateStatus;
}

export const DEFAULT_CERTIFICATE_RULES: CertificateRules = {
  requireKeyAgreement: true,
  subjectMismatch: TERMINATE_STATUS.invalidCertificate,
};

/** A partner's certificate whose fields and reconstruction point have been checked. */
export interface CheckedCertificate {
  readonly certificate: ImplicitCertificate;
  readonly reconstructionPoint: Point;
  readonly issuerKey: Point;
}

const SUITE_2_FORM = { type: 0x00, curve: 0x0d, hash: 0x08 } as const;

/**
 * Judges a partner's certificate before any key is computed. `nowUnixSeconds` undefined: validity is not judged,
 * because a hub without the time must still let devices in.
 */
export function checkCertificate(
  suite: Suite,
  octets: Uint8Array,
  subject: Eui64,
  issuers: readonly TrustedIssuer[],
  nowUnixSeconds: number | undefined,
  rules: CertificateRules = DEFAULT_CERTIFICATE_RULES,
): CheckedCertificate | Refusal {
  if (octets.length !== suite.certificateOctets) {
    return { status: TERMINATE_STATUS.badMessage, reason: "certificate of the wrong length" };
  }
  const certificate = readImplicitCertificate(suite, octets);
  const form = checkForm(certificate, rules);
  if (form !== undefined) return invalid(form);
  const issuer = issuers.find((one) => one.suite === suite.bit && one.issuer === certificate.issuer);
  if (issuer === undefined) {
    return { status: TERMINATE_STATUS.unknownIssuer, reason: `issuer ${certificate.issuer} is not known` };
  }
  if (certificate.subject !== subject) {
    return { status: rules.subjectMismatch, reason: `certificate is that of ${certificate.subject}` };
  }
  const validity = nowUnixSeconds === undefined ? undefined : checkValidity(certificate, nowUnixSeconds);
  if (validity !== undefined) return invalid(validity);
  const point = suite.curve.decodePoint(certificate.reconstructionPoint);
  if (typeof point === "string") return invalid(`reconstruction point: ${point}`);
  const issuerKey = suite.curve.decodePoint(issuer.publicKey);
  if (typeof issuerKey === "string") {
    return { status: TERMINATE_STATUS.unknownIssuer, reason: `key of issuer ${issuer.issuer}: ${issuerKey}` };
  }
  return { certificate, reconstructionPoint: point, issuerKey };
}

function invalid(reason: string): Refusal {
  return { status: TERMINATE_STATUS.invalidCertificate, reason };
}

function checkForm(certificate: ImplicitCertificate, rules: CertificateRules): string | undefined {
  if (certificate.suite === 0x0001) return undefined;
  if (certificate.type !== SUITE_2_FORM.type) return "certificate type";
  if (certificate.curve !== SUITE_2_FORM.curve) return "curve";
  if (certificate.hash !== SUITE_2_FORM.hash) return "hash";
  const agrees = (certificate.keyUsage & IMPLICIT_KEY_USAGE.keyAgreement) !== 0;
  return agrees || !rules.requireKeyAgreement ? undefined : "key usage without key agreement";
}

function checkValidity(certificate: ImplicitCertificate, now: number): string | undefined {
  if (certificate.suite === 0x0001) return undefined;
  if (now < certificate.validFrom) return "certificate is not valid yet";
  const { validTo } = certificate;
  return validTo !== undefined && now > validTo ? "certificate is no longer valid" : undefined;
}
