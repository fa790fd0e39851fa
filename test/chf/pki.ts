import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { Eui64 } from "../../src/base/eui64.ts";
import { systemRandom } from "../../src/base/random.ts";
import { KEY_USAGE } from "../../src/gbcs/asn1/index.ts";
import { type Certificate, readCertificate } from "../../src/gbcs/certificate/certificate.ts";
import { type Issuer, issueCertificate, type Subject } from "../../src/gbcs/certificate/issue.ts";
import { type Keystore, type KeyUse, readKeystore } from "../../src/gbcs/keystore.ts";
import { type AuthorityName, createPki, type KeyRecord } from "../../src/headend/pki/issue.ts";
import { CHF } from "./hub.ts";

export const PARTY = {
  acb: Eui64("02fa17e000000104"),
  supplier: Eui64("02fa17e000000102"),
  wanProvider: Eui64("02fa17e000000106"),
  transitionalCoS: Eui64("02fa17e000000105"),
  recovery: Eui64("02fa17e000000101"),
} as const;

/** A keystore with the CHF and every remote party of a fresh test PKI. */
export function testKeystore(): Keystore {
  return new TestPki().keystore;
}

/** A certificate that a test wants, and the key that goes with it. */
export interface Issued {
  readonly eui64: Eui64;
  readonly usage: KeyUse;
  readonly der: Uint8Array;
  readonly privateKey: KeyObject;
}

export interface Wanted {
  readonly eui64: Eui64;
  readonly role: number;
  readonly usage?: KeyUse;
  /** In place of the organisations' issuing authority. */
  readonly issuer?: Issuer;
  /** Unix time in seconds. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly subject?: Subject;
}

const FROM = 1_400_000_000;
const UNTIL = FROM + 20 * 365 * 86_400;

/** A fresh test PKI of which a test can have more certificates. */
export class TestPki {
  readonly #records: readonly KeyRecord[];
  readonly #authorities: ReadonlyMap<AuthorityName, { issuer: Issuer; certificate: Uint8Array }>;
  readonly keystore: Keystore;

  constructor() {
    const devices = [{ type: "chf" as const, eui64: CHF }];
    const { keys, authorities } = createPki({ devices, parties: new Map(), notBefore: FROM }, systemRandom);
    this.#records = keys;
    this.#authorities = new Map(authorities.map((authority) => [authority.name, authority]));
    this.keystore = this.keystoreWith();
  }

  get root(): Certificate {
    return readCertificate(this.#authority("organisation-root").certificate);
  }

  get rootIssuer(): Issuer {
    return this.#authority("organisation-root").issuer;
  }

  /** DER of the authority between organisations and their root. */
  get issuing(): Uint8Array {
    return this.#authority("organisation-issuing").certificate;
  }

  get issuingIssuer(): Issuer {
    return this.#authority("organisation-issuing").issuer;
  }

  issue({ eui64, role, usage = "DS", issuer, notBefore = FROM, notAfter = UNTIL, subject }: Wanted): Issued {
    const { publicKey, privateKey } = keyPair();
    const keyUsage = usage === "DS" ? KEY_USAGE.digitalSignature : KEY_USAGE.keyAgreement;
    const whom: Subject = subject ?? { kind: "organisation", eui64, role, keyUsage };
    const request = { subject: whom, publicKey, serialNumber: 77n, notBefore, notAfter };
    return { eui64, usage, der: issueCertificate(request, issuer ?? this.issuingIssuer), privateKey };
  }

  /** The keystore of everybody once these have come in place of what the same parties had for the same use. */
  keystoreWith(...issued: readonly Issued[]): Keystore {
    const kept = this.#records.filter(
      ({ eui64, usage, prepayment }) =>
        prepayment || !issued.some((one) => one.eui64 === eui64 && one.usage === usage),
    );
    return keystoreOf([
      ...kept,
      ...issued.map((one) => ({ ...one, prepayment: false, certificate: one.der })),
    ]);
  }

  /** The keystore where nobody has heard of a party. */
  keystoreWithout(party: Eui64): Keystore {
    return keystoreOf(this.#records.filter(({ eui64 }) => eui64 !== party));
  }

  #authority(name: AuthorityName) {
    const found = this.#authorities.get(name);
    if (found === undefined) throw new Error(`a PKI has ${name}`);
    return found;
  }
}

function keystoreOf(records: readonly Omit<KeyRecord, "name">[]): Keystore {
  const texts = records.map(({ eui64, usage, prepayment, certificate, privateKey }) => ({
    eui64,
    usage,
    prepayment,
    certificate: Buffer.from(certificate).toString("base64"),
    privateScalar: Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url").toString("hex"),
  }));
  return readKeystore(JSON.stringify(texts));
}

export function keyPair(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "prime256v1" });
}

/** A root of its own, with certificates for its key: signed by itself, and by whomever it is to be vouched for. */
export function newRoot(commonName = "another root", privateKey: KeyObject = keyPair().privateKey) {
  const subject = { kind: "authority", commonName, role: 0, pathLength: 1 } as const;
  const issuer: Issuer = { subject, privateKey, publicKey: createPublicKey(privateKey) };
  const certifiedBy = (by: Issuer) =>
    issueCertificate(
      { subject, publicKey: issuer.publicKey, serialNumber: 78n, notBefore: FROM, notAfter: UNTIL },
      by,
    );
  return { issuer, der: certifiedBy(issuer), certifiedBy };
}
