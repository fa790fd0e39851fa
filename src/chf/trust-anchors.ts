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

/** Told which party's keys are no longer what they were. */
export type ReplacedListener = (party: Eui64) => void;

/**
 * Whose Commands the hub takes: the certificates in its trust anchor cells. What is replaced holds from then on, and
 * where the transaction that replaced it is undone, what was there before holds again.
 */
export class TrustAnchors {
  readonly #repository: ChfRepository;
  /** Read from the store when they are next asked for. */
  #cells: readonly AnchorCell[] | undefined;
  #revision = 0;
  #committed = 0;
  #changes = 0;
  #listener: ReplacedListener = () => {};
  /** Parties of the transaction that is open. */
  readonly #touched = new Set<Eui64>();

  private constructor(repository: ChfRepository) {
    this.#repository = repository;
    repository.store.watch({
      committed: () => this.#kept(),
      rolledBack: () => this.#undone(),
    });
  }

  /**
   * The anchors of the store. `configured` and `root` fill it at first, and again whenever the configuration names other
   * certificates than before: what is replaced by Commands later lasts until then. Throws `config/invalid` where the
   * Access Control Broker's key agreement certificate is missing, for nothing could be authenticated.
   */
  static open(
    repository: ChfRepository,
    configured: readonly Certificate[],
    root?: Certificate,
  ): TrustAnchors {
    const cells = cellsOf(configured, root);
    const digest = hash("sha256", concatBytes(...cells.map(({ certificate }) => certificate.der)), "hex");
    if (repository.fact(DIGEST) !== digest) {
      repository.store.transaction(() => {
        repository.replaceAnchors(cells.map((cell) => ({ ...cell, certificate: cell.certificate.der })));
        repository.setFact(DIGEST, digest);
      });
    }
    return new TrustAnchors(repository);
  }

  /** Tells of parties whose keys were replaced, or whose replacement was undone. */
  onReplaced(listener: ReplacedListener): void {
    this.#listener = listener;
  }

  /** Another number after every change; the former one again where a change was undone. */
  get revision(): number {
    return this.#revision;
  }

  /** EUI-64 of the Access Control Broker. */
  get accessControlBroker(): Eui64 {
    const { accessControlBroker } = REMOTE_PARTY_ROLE;
    const party = this.cell(accessControlBroker, KEY_USAGE.keyAgreement)?.certificate.eui64;
    if (party === undefined) throw missingBroker();
    return party;
  }

  /** What certification paths end at. */
  get root(): Certificate | undefined {
    return this.cell(REMOTE_PARTY_ROLE.root, KEY_USAGE.keyCertSign)?.certificate;
  }

  /** The role of a party that has a cell; undefined for a stranger. */
  roleOf(party: Eui64): number | undefined {
    return this.#all().find(({ certificate }) => certificate.eui64 === party)?.role;
  }

  cellsOf(role: number): readonly AnchorCell[] {
    return this.#all().filter((cell) => cell.role === role);
  }

  cell(role: number, keyUsage: number): AnchorCell | undefined {
    return this.#all().find((cell) => cell.role === role && cell.keyUsage === keyUsage);
  }

  signatureKey(party: Eui64): KeyObject | undefined {
    return this.#keyOf(party, KEY_USAGE.digitalSignature);
  }

  agreementKey(party: Eui64): KeyObject | undefined {
    return this.#keyOf(party, KEY_USAGE.keyAgreement);
  }

  /** Puts another certificate into a cell, in the transaction that is open. */
  replace({ role, keyUsage, certificate }: AnchorCell): void {
    const former = this.cell(role, keyUsage)?.certificate.eui64;
    this.#repository.replaceAnchor({ role, keyUsage, certificate: certificate.der });
    this.#cells = undefined;
    this.#revision = ++this.#changes;
    for (const party of [former, certificate.eui64]) {
      if (party === undefined) continue;
      this.#touched.add(party);
      this.#listener(party);
    }
  }

  #kept(): void {
    this.#committed = this.#revision;
    this.#touched.clear();
  }

  #undone(): void {
    if (this.#touched.size === 0) return;
    this.#cells = undefined;
    this.#revision = this.#committed;
    for (const party of this.#touched) this.#listener(party);
    this.#touched.clear();
  }

  #all(): readonly AnchorCell[] {
    this.#cells ??= this.#repository.anchors().map(({ role, keyUsage, certificate }) => ({
      role,
      keyUsage,
      certificate: readCertificate(certificate),
    }));
    return this.#cells;
  }

  #keyOf(party: Eui64, keyUsage: number): KeyObject | undefined {
    return this.#all().find((cell) => cell.certificate.eui64 === party && cell.keyUsage === keyUsage)
      ?.certificate.publicKey;
  }
}

function cellsOf(certificates: readonly Certificate[], root: Certificate | undefined): AnchorCell[] {
  const cells: AnchorCell[] = [];
  for (const { role, keyUsage } of CELLS) {
    const given = keyUsage === KEY_USAGE.keyCertSign && root !== undefined ? [authority(root)] : undefined;
    const fitting =
      given ??
      certificates.filter(
        (certificate) =>
          certificate.kind !== "device" &&
          certificate.role === role &&
          (certificate.keyUsage & keyUsage) !== 0,
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

function authority(certificate: Certificate): Certificate {
  if (certificate.kind === "authority") return certificate;
  throw new HanwayError("config/invalid", "not the certificate of an authority", { field: "chf.root" });
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
