import type { KeyObject } from "node:crypto";
import type { Eui64 } from "../../../base/eui64.ts";
import { KEY_USAGE, REMOTE_PARTY_ROLE } from "../../../gbcs/asn1/index.ts";
import type { Certificate } from "../../../gbcs/certificate/certificate.ts";
import { type KeyAgreement, SoftwareKeyAgreement } from "../../../gbcs/security/key-agreement.ts";
import { SoftwareSigner } from "../../../gbcs/security/signature.ts";

/** One of the device's own key pairs, with its certificate. */
export interface OwnKey {
  readonly privateKey: KeyObject;
  readonly certificate: Certificate;
}

export interface MeterKeyOptions {
  readonly eui64: Eui64;
  readonly agreement: OwnKey;
  readonly signing: OwnKey;
  /** Certificates in the trust anchor cells: one party in each role. */
  readonly trusted: readonly Certificate[];
  /** In place of the own agreement key: for recorded messages, where the keys of the remote parties are published. */
  readonly recorded?: KeyAgreement;
}

/** A meter's own keys, and whom it trusts. */
export class MeterKeys {
  readonly self: Eui64;
  readonly agreement: KeyAgreement;
  readonly signer: SoftwareSigner;
  readonly #options: MeterKeyOptions;

  constructor(options: MeterKeyOptions) {
    this.#options = options;
    this.self = options.eui64;
    const { privateKey } = options.agreement;
    this.agreement =
      options.recorded ??
      new SoftwareKeyAgreement(
        (party) => (party === options.eui64 ? privateKey : undefined),
        (party) => this.#key(party, KEY_USAGE.keyAgreement),
      );
    this.signer = new SoftwareSigner(options.signing.privateKey);
  }

  /** Remote Party Role of a trusted party; undefined for a stranger. */
  roleOf(party: Eui64): number | undefined {
    return this.#options.trusted.find(({ eui64 }) => eui64 === party)?.role;
  }

  /** The party in a role. */
  partyIn(role: number): Eui64 | undefined {
    return this.#options.trusted.find((certificate) => certificate.role === role)?.eui64;
  }

  /** The Access Control Broker; the device itself, for which it holds no key agreement, where none is trusted. */
  get accessControlBroker(): Eui64 {
    return this.partyIn(REMOTE_PARTY_ROLE.accessControlBroker) ?? this.self;
  }

  /** Cells of a role: certificates of management keys. */
  cellsOf(role: number): readonly Certificate[] {
    return this.#options.trusted.filter((certificate) => certificate.role === role);
  }

  signatureKeyOf(party: Eui64): KeyObject | undefined {
    return this.#key(party, KEY_USAGE.digitalSignature);
  }

  /** The device's own certificate for a use. */
  ownCertificate(keyUsage: number): Uint8Array | undefined {
    const { agreement, signing } = this.#options;
    return [agreement, signing].find(({ certificate }) => certificate.keyUsage === keyUsage)?.certificate.der;
  }

  #key(party: Eui64, keyUsage: number): KeyObject | undefined {
    return this.#options.trusted.find((one) => one.eui64 === party && one.keyUsage === keyUsage)?.publicKey;
  }
}
