import { hash, type KeyObject } from "node:crypto";
import { concatBytes } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import { KEY_USAGE, REMOTE_PARTY_ROLE } from "../gbcs/asn1/index.ts";
import { type Certificate, readCertificate } from "../gbcs/certificate/certificate.ts";
import type { ChfRepository } from "./repository.ts";

/** The trust anchor cells of a CHF (communications-hub A1.4), in the order in which they are listed. */
const CELLS: readonly { readonly role: number; readonly keyUsage: number }[] = [
  { role: REMOTE_PARTY_ROLE.root, keyUsage: KEY_USAGE.keyCertSign },
  { role: REMOTE_PARTY_ROLE.recovery, keyUsage: KEY_USAGE.digitalSignature },
  { role: REMOTE_PARTY_ROLE.accessControlBroker, keyUsage: KEY_USAGE.digitalSignature },
  { role: REMOTE_PARTY_ROLE.accessControlBroker, keyUsage: KEY_USAGE.keyAgreement },
  { role: REMOTE_PARTY_ROLE.transitionalCoS, keyUsage: KEY_USAGE.digitalSignature },
  { role: REMOTE_PARTY_ROLE.wanProvider, keyUsage: KEY_USAGE.digitalSignature },
];

const DIGEST = "anchorsDigest";

/** A cell that holds a certificate. */
export interface AnchorCell {
  readonly role: number;
  readonly keyUsage: number;
  readonly certificate: Certificate;
}

/** Whose Commands the hub takes: the certificates in its trust anchor cells. */
export class TrustAnchors {
  readonly #cells: readonly AnchorCell[];

  private constructor(cells: readonly AnchorCell[]) {
    this.#cells = cells;
  }

  /**
   * The anchors of the store. `configured` fills it at first, and again whenever the configuration names other
   * certificates than before: what is replaced by Commands later lasts until then. Throws `config/invalid` where the
   * Access Control Broker's key agreement certificate is missing, for nothing could be authenticated.
   */
  static open(repository: ChfRepository, configured: readonly Certificate[]): TrustAnchors {
    const cells = cellsOf(configured);
    const digest = hash("sha256", concatBytes(...cells.map(({ certificate }) => certificate.der)), "hex");
    if (repository.fact(DIGEST) !== digest) {
      repository.store.transaction(() => {
        repository.replaceAnchors(cells.map((cell) => ({ ...cell, certificate: cell.certificate.der })));
        repository.setFact(DIGEST, digest);
      });
    }
    const stored = repository.anchors().map((anchor) => ({
      role: anchor.role,
      keyUsage: anchor.keyUsage,
      certificate: readCertificate(anchor.certificate),
    }));
    return new TrustAnchors(stored);
  }

  /** EUI-64 of the Access Control Broker. */
  get accessControlBroker(): Eui64 {
    const { accessControlBroker } = REMOTE_PARTY_ROLE;
    const party = this.#find(accessControlBroker, KEY_USAGE.keyAgreement)?.certificate.eui64;
    if (party === undefined) throw missingBroker();
    return party;
  }

  /** The role of a party that has a cell; undefined for a stranger. */
  roleOf(party: Eui64): number | undefined {
    return this.#cells.find(({ certificate }) => certificate.eui64 === party)?.role;
  }

  cellsOf(role: number): readonly AnchorCell[] {
    return this.#cells.filter((cell) => cell.role === role);
  }

  signatureKey(party: Eui64): KeyObject | undefined {
    return this.#keyOf(party, KEY_USAGE.digitalSignature);
  }

  agreementKey(party: Eui64): KeyObject | undefined {
    return this.#keyOf(party, KEY_USAGE.keyAgreement);
  }

  #keyOf(party: Eui64, keyUsage: number): KeyObject | undefined {
    return this.#cells.find((cell) => cell.certificate.eui64 === party && cell.keyUsage === keyUsage)
      ?.certificate.publicKey;
  }

  #find(role: number, keyUsage: number): AnchorCell | undefined {
    return this.#cells.find((cell) => cell.role === role && cell.keyUsage === keyUsage);
  }
}

function cellsOf(certificates: readonly Certificate[]): AnchorCell[] {
  const cells: AnchorCell[] = [];
  for (const { role, keyUsage } of CELLS) {
    const fitting = certificates.filter(
      (certificate) =>
        certificate.kind !== "device" && certificate.role === role && (certificate.keyUsage & keyUsage) !== 0,
    );
    const [certificate, other] = fitting;
    if (other !== undefined && other.eui64 !== certificate?.eui64) {
      throw new HanwayError("config/invalid", `two parties have the role ${role}`, { field: "chf.keystore" });
    }
    if (certificate !== undefined) cells.push({ role, keyUsage, certificate });
  }
  const { accessControlBroker } = REMOTE_PARTY_ROLE;
  if (!cells.some((cell) => cell.role === accessControlBroker && cell.keyUsage === KEY_USAGE.keyAgreement))
    throw missingBroker();
  return cells;
}

function missingBroker(): HanwayError {
  return new HanwayError(
    "config/invalid",
    "the Access Control Broker's key agreement certificate is missing",
    {
      field: "chf.keystore",
    },
  );
}
