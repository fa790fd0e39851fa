import { equalBytes } from "../../base/bytes.ts";
import { KEY_USAGE } from "../asn1/common.ts";
import type { Certificate } from "./certificate.ts";

/** How a path check ended; everything but `trusted` names what is wrong and with which certificate (0 = the subject). */
export type PathOutcome =
  | { readonly outcome: "trusted" }
  | {
      readonly outcome:
        | "no-issuer"
        | "wrong-signature"
        | "not-an-authority"
        | "path-too-long"
        | "not-yet-valid"
        | "expired";
      readonly at: number;
    };

/** A root and at most this many authorities below it. */
const MAX_AUTHORITIES = 4;

/**
 * Checks a certificate up to a root (RFC 5280 6.1 as far as the profile needs it): each issuer is found by name and key
 * identifier among `authorities` and `root`, is an authority whose path length allows it, and its key verifies.
 *
 * `root` is trusted as it is. `unixSeconds` is the time that validity is judged at; undefined leaves validity out, as
 * a device without reliable time does (GBCS 4.3.2.8).
 */
export function checkPath(
  subject: Certificate,
  authorities: readonly Certificate[],
  root: Certificate,
  unixSeconds: number | undefined,
): PathOutcome {
  let current = subject;
  for (let at = 0; at <= MAX_AUTHORITIES; at++) {
    const invalid = outsideValidity(current, unixSeconds);
    if (invalid !== undefined) return { outcome: invalid, at };
    if (equalBytes(current.der, root.der)) return { outcome: "trusted" };
    const child = current;
    const issuer = [root, ...authorities].find((candidate) => issued(candidate, child));
    if (issuer === undefined) return { outcome: "no-issuer", at };
    if (issuer.kind !== "authority" || (issuer.keyUsage & KEY_USAGE.keyCertSign) === 0) {
      return { outcome: "not-an-authority", at: at + 1 };
    }
    // `at` counts the authorities between the issuer and the subject.
    if (issuer.pathLength !== undefined && at > issuer.pathLength)
      return { outcome: "path-too-long", at: at + 1 };
    if (!child.x509.verify(issuer.publicKey)) return { outcome: "wrong-signature", at };
    current = issuer;
  }
  return { outcome: "path-too-long", at: MAX_AUTHORITIES };
}

function issued(issuer: Certificate, child: Certificate): boolean {
  return (
    issuer.subject === child.issuer &&
    child.authorityKeyIdentifier !== undefined &&
    equalBytes(issuer.subjectKeyIdentifier, child.authorityKeyIdentifier)
  );
}

function outsideValidity(
  certificate: Certificate,
  at: number | undefined,
): "not-yet-valid" | "expired" | undefined {
  if (at === undefined) return undefined;
  if (at < certificate.notBefore) return "not-yet-valid";
  return at > certificate.notAfter ? "expired" : undefined;
}
