import { equalBytes } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Random } from "../base/random.ts";
import {
  type CertificateRules,
  type CheckedCertificate,
  checkCertificate,
  type TrustedIssuer,
} from "./check-certificate.ts";
import { sharedSecret } from "./ecmqv.ts";
import { reconstructPublicKey } from "./ecqv.ts";
import type { CbkeEngine, CbkeRole, CbkeSession, Smacs } from "./engine.ts";
import { deriveKeys } from "./key-confirmation.ts";
import { type KeyPair, keyPair, randomScalar, toScalar } from "./scalar.ts";
import { type Suite, type SuiteBit, suiteOf } from "./suite.ts";
import { type Refusal, TERMINATE_STATUS } from "./terminate-status.ts";

/** A device's certificate of one suite with its private key, as the certificate authority issued them. */
export interface Credential {
  readonly suite: SuiteBit;
  readonly certificate: Uint8Array;
  /** Big-endian, 21 or 36 octets. */
  readonly privateKey: Uint8Array;
}

/**
 * Checks that a credential belongs to `subject`, comes from one of the issuers and fits its own private key.
 * Throws `crypto/key` with the reason; meant for start-up, where a wrong file must not go unnoticed.
 */
export function checkCredential(
  credential: Credential,
  subject: Eui64,
  issuers: readonly TrustedIssuer[],
  rules?: CertificateRules,
): void {
  const suite = suiteOf(credential.suite);
  const { curve } = suite;
  const checked = checkCertificate(suite, credential.certificate, subject, issuers, undefined, rules);
  if ("status" in checked) throw new HanwayError("crypto/key", checked.reason, { field: "certificate" });
  if (credential.privateKey.length !== curve.scalarOctets) {
    throw new HanwayError("crypto/key", `${curve.scalarOctets} octets wanted`, { field: "privateKey" });
  }
  const own = keyPair(curve, toScalar(credential.privateKey)).publicKey;
  const certified = reconstructPublicKey(
    suite,
    credential.certificate,
    checked.reconstructionPoint,
    checked.issuerKey,
  );
  if (certified === undefined || !equalBytes(curve.encodePoint(own), curve.encodePoint(certified))) {
    throw new HanwayError("crypto/key", "private key and certificate do not belong together", {
      field: "privateKey",
    });
  }
}

/** Key establishment on the host. Each call takes a few milliseconds of the event loop. */
export class SoftwareCbkeEngine implements CbkeEngine {
  readonly eui64: Eui64;
  readonly suites: number;
  readonly #credentials: ReadonlyMap<SuiteBit, Credential>;
  readonly #random: Random;

  constructor(eui64: Eui64, credentials: readonly Credential[], random: Random) {
    this.eui64 = eui64;
    this.suites = credentials.reduce((bits, credential) => bits | credential.suite, 0);
    this.#credentials = new Map(credentials.map((credential) => [credential.suite, credential]));
    this.#random = random;
  }

  #credential(suite: SuiteBit): Credential {
    const credential = this.#credentials.get(suite);
    if (credential === undefined) throw new HanwayError("crypto/key", `no certificate for suite ${suite}`);
    return credential;
  }

  certificate(suite: SuiteBit): Uint8Array {
    return this.#credential(suite).certificate;
  }

  async begin(suite: SuiteBit): Promise<CbkeSession> {
    return new SoftwareSession(suiteOf(suite), this.eui64, this.#credential(suite).privateKey, this.#random);
  }
}

class SoftwareSession implements CbkeSession {
  readonly ephemeral: Uint8Array;
  readonly #suite: Suite;
  readonly #eui64: Eui64;
  readonly #privateKey: Uint8Array;
  #pair: KeyPair | undefined;
  #linkKey: Uint8Array | undefined;

  constructor(suite: Suite, eui64: Eui64, privateKey: Uint8Array, random: Random) {
    const { curve } = suite;
    const pair = keyPair(curve, randomScalar(curve, random));
    this.#suite = suite;
    this.#eui64 = eui64;
    this.#privateKey = privateKey;
    this.#pair = pair;
    this.ephemeral = curve.encodePoint(pair.publicKey);
  }

  async calculateSmacs(
    role: CbkeRole,
    partner: { readonly certificate: CheckedCertificate; readonly ephemeral: Uint8Array },
  ): Promise<Smacs | Refusal> {
    const { curve } = this.#suite;
    const { certificate, reconstructionPoint, issuerKey } = partner.certificate;
    const theirs = curve.decodePoint(partner.ephemeral);
    if (typeof theirs === "string") {
      return { status: TERMINATE_STATUS.badMessage, reason: `ephemeral point: ${theirs}` };
    }
    if (this.#pair === undefined) throw new HanwayError("internal", "key establishment session is over");
    const publicKey = reconstructPublicKey(this.#suite, certificate.octets, reconstructionPoint, issuerKey);
    if (publicKey === undefined) {
      return { status: TERMINATE_STATUS.invalidCertificate, reason: "certificate stands for no key" };
    }
    const secret = sharedSecret(
      this.#suite,
      { privateKey: toScalar(this.#privateKey), ephemeral: this.#pair },
      { publicKey, ephemeral: theirs },
    );
    if (secret === undefined) {
      return { status: TERMINATE_STATUS.badMessage, reason: "key agreement ends in infinity" };
    }
    const starts = role === "initiator";
    const keys = deriveKeys(secret, {
      initiator: starts ? this.#eui64 : certificate.subject,
      responder: starts ? certificate.subject : this.#eui64,
      initiatorEphemeral: starts ? this.ephemeral : partner.ephemeral,
      responderEphemeral: starts ? partner.ephemeral : this.ephemeral,
    });
    this.#linkKey = keys.linkKey;
    return { macU: keys.macU, macV: keys.macV };
  }

  async finish(keep: boolean): Promise<Uint8Array | undefined> {
    const linkKey = this.#linkKey;
    this.#linkKey = undefined;
    this.#pair = undefined;
    if (keep) return linkKey;
    linkKey?.fill(0);
    return undefined;
  }
}
