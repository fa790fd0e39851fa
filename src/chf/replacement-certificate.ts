import { HanwayError } from "../base/error.ts";
import { REMOTE_PARTY_ROLE, STATUS_CODE, type TrustAnchorCell } from "../gbcs/asn1/index.ts";
import { type Certificate, readCertificate } from "../gbcs/certificate/certificate.ts";
import { checkPath } from "../gbcs/certificate/path.ts";

/** What certificates are checked against. */
export interface PathTrust {
  /** Certificates that came along with the Command. */
  readonly authorities: readonly Certificate[];
  /** Undefined for a hub whose root cell is empty. */
  readonly root: Certificate | undefined;
  /** Time that validity is judged at, Unix seconds; undefined leaves validity out. */
  readonly unixSeconds: number | undefined;
}

/** A certificate that may go into the cell, or the status that says why not. */
export type Judged =
  | { readonly certificate: Certificate }
  | { readonly status: (typeof STATUS_CODE)[keyof typeof STATUS_CODE] };

const BAD: Judged = { status: STATUS_CODE.badCertificate };

/** Judges a certificate that is to replace the one in a cell: whose it is, what it is for, and who vouches for it. */
export function judgeReplacement(der: Uint8Array, cell: TrustAnchorCell, trust: PathTrust): Judged {
  const certificate = readable(der);
  if (certificate === undefined || certificate.role !== cell.role) return BAD;
  if (cell.role === REMOTE_PARTY_ROLE.root) return judgeRoot(certificate, trust);
  if (certificate.kind !== "organisation" || certificate.keyUsage !== cell.keyUsage) return BAD;
  return judgePath(certificate, certificate, trust);
}

/** Those of a Command's certificates that can be read; no path leads over the others. */
export function readableCertificates(ders: readonly Uint8Array[]): Certificate[] {
  return ders.flatMap((der) => readable(der) ?? []);
}

/**
 * A root is replaced normally where the present one itself vouches for the new one's key: in the new certificate, or in
 * another root certificate for the same key that comes along, while the new one is signed by itself (RFC 4210 4.4).
 */
function judgeRoot(certificate: Certificate, trust: PathTrust): Judged {
  if (certificate.kind !== "authority") return BAD;
  const present = { ...trust, authorities: [] };
  const direct = judgePath(certificate, certificate, present);
  const links = trust.authorities.filter((one) => isRootOf(one, certificate));
  if ("certificate" in direct || links.length === 0) return direct;
  if (!certificate.x509.verify(certificate.publicKey)) return BAD;
  const itself = judgePath(certificate, certificate, { ...present, root: certificate });
  if (!("certificate" in itself)) return itself;
  const judged = links.map((link) => judgePath(link, certificate, present));
  return judged.find((one) => "certificate" in one) ?? direct;
}

function isRootOf(link: Certificate, root: Certificate): boolean {
  return link.kind === "authority" && link.role === root.role && link.publicKey.equals(root.publicKey);
}

/** `certificate` where the path of `subject` ends at the root. */
function judgePath(
  subject: Certificate,
  certificate: Certificate,
  { authorities, root, unixSeconds }: PathTrust,
): Judged {
  if (root === undefined) return { status: STATUS_CODE.noTrustAnchor };
  const { outcome } = checkPath(subject, authorities, root, unixSeconds);
  if (outcome === "trusted") return { certificate };
  return outcome === "no-issuer" ? { status: STATUS_CODE.noTrustAnchor } : BAD;
}

function readable(der: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof HanwayError) return undefined;
    throw error;
  }
}
