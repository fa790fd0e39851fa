import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Eui64 } from "../../base/eui64.ts";
import type { Random } from "../../base/random.ts";
import { KEY_USAGE, REMOTE_PARTY_ROLE } from "../../gbcs/asn1/index.ts";
import { type Issuer, issueCertificate, type Subject } from "../../gbcs/certificate/issue.ts";
import type { KeyUse } from "../../gbcs/keystore.ts";
import { PARTIES, type PartyName, type PkiDeviceType } from "./parties.ts";

/** One key pair of a party or a device with its certificate: a record of a keystore, under a name. */
export interface KeyRecord {
  readonly name: PartyName | PkiDeviceType;
  readonly eui64: Eui64;
  readonly usage: KeyUse;
  readonly prepayment: boolean;
  /** DER. */
  readonly certificate: Uint8Array;
  readonly privateKey: KeyObject;
}

export const AUTHORITY_NAMES = [
  "organisation-root",
  "organisation-issuing",
  "device-root",
  "device-issuing",
] as const;
export type AuthorityName = (typeof AUTHORITY_NAMES)[number];

/** A certificate authority with its key. */
export interface Authority {
  readonly name: AuthorityName;
  readonly issuer: Issuer;
  /** DER. */
  readonly certificate: Uint8Array;
}

export interface PkiDevice {
  readonly type: PkiDeviceType;
  readonly eui64: Eui64;
}

export interface PkiRequest {
  readonly devices: readonly PkiDevice[];
  /** EUI-64s of parties that are not to have the default. */
  readonly parties: ReadonlyMap<PartyName, Eui64>;
  /** Unix time in seconds from which the certificates are valid. */
  readonly notBefore: number;
}

/** A whole test PKI of the smart metering shape, private keys included. */
export interface Pki {
  readonly authorities: readonly Authority[];
  readonly keys: readonly KeyRecord[];
}

const TEN_YEARS_SECONDS = 10 * 365 * 86_400;
const AUTHORITY_YEARS_SECONDS = 2.5 * TEN_YEARS_SECONDS;

/**
 * Makes a test PKI: a root and an issuing authority for organisations, the same for devices (SMKI has the two apart),
 * Digital Signature and Key Agreement certificates for every party and device, P-256 throughout (GBCS 12).
 */
export function createPki(request: PkiRequest, random: Random): Pki {
  const { notBefore } = request;
  const authorities = [...chain("organisation", notBefore, random), ...chain("device", notBefore, random)];
  const organisations = issuerNamed(authorities, "organisation-issuing");
  const parties = PARTIES.flatMap(({ name, role, eui64: usual, prepayment }) => {
    const eui64 = request.parties.get(name) ?? usual;
    const uses: [KeyUse, boolean][] = [
      ["DS", false],
      ["KA", false],
    ];
    if (prepayment) uses.push(["KA", true]);
    return uses.map(([usage, forPrepayment]) => {
      const subject: Subject = { kind: "organisation", eui64, role, keyUsage: keyUsageOf(usage) };
      const label = { name, eui64, usage, prepayment: forPrepayment };
      return issueKey(label, subject, organisations, { notBefore, seconds: TEN_YEARS_SECONDS }, random);
    });
  });
  const devices = issueDevices(authorities, request.devices, notBefore, random);
  return { authorities, keys: [...parties, ...devices] };
}

/** Key pairs and certificates of devices, which have no end of validity. */
export function issueDevices(
  authorities: readonly Authority[],
  devices: readonly PkiDevice[],
  notBefore: number,
  random: Random,
): KeyRecord[] {
  const issuer = issuerNamed(authorities, "device-issuing");
  return devices.flatMap(({ type, eui64 }) =>
    (["DS", "KA"] as const).map((usage) => {
      const subject: Subject = { kind: "device", eui64, keyUsage: keyUsageOf(usage) };
      const label = { name: type, eui64, usage, prepayment: false };
      return issueKey(label, subject, issuer, { notBefore, seconds: undefined }, random);
    }),
  );
}

/** Digital Signature or Key Agreement as a mask of `KEY_USAGE`. */
function keyUsageOf(usage: KeyUse): number {
  return usage === "DS" ? KEY_USAGE.digitalSignature : KEY_USAGE.keyAgreement;
}

function issuerNamed(authorities: readonly Authority[], name: AuthorityName): Issuer {
  const found = authorities.find((authority) => authority.name === name);
  if (found === undefined) throw new TypeError(`a PKI has ${name}`);
  return found.issuer;
}

function chain(kind: "organisation" | "device", notBefore: number, random: Random): Authority[] {
  const root = keyedIssuer(`hanway test ${kind} root`, REMOTE_PARTY_ROLE.root, 1);
  const issuing = keyedIssuer(`hanway test ${kind} issuing`, REMOTE_PARTY_ROLE.issuingAuthority, 0);
  const certify = (subject: Issuer) =>
    issueCertificate(
      {
        subject: subject.subject,
        publicKey: subject.publicKey,
        serialNumber: serialNumber(random),
        notBefore,
        notAfter: notBefore + AUTHORITY_YEARS_SECONDS,
      },
      root,
    );
  return [
    { name: `${kind}-root`, issuer: root, certificate: certify(root) },
    { name: `${kind}-issuing`, issuer: issuing, certificate: certify(issuing) },
  ];
}

function keyedIssuer(commonName: string, role: number, pathLength: number): Issuer {
  return { subject: { kind: "authority", commonName, role, pathLength }, ...keyPair() };
}

function issueKey(
  label: Pick<KeyRecord, "name" | "eui64" | "usage" | "prepayment">,
  subject: Subject,
  issuer: Issuer,
  validity: { notBefore: number; seconds: number | undefined },
  random: Random,
): KeyRecord {
  const { publicKey, privateKey } = keyPair();
  const { notBefore, seconds } = validity;
  const notAfter = seconds === undefined ? undefined : notBefore + seconds;
  const request = { subject, publicKey, serialNumber: serialNumber(random), notBefore, notAfter };
  return { ...label, certificate: issueCertificate(request, issuer), privateKey };
}

function keyPair(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "prime256v1" });
}

/** Positive and of 15 octets, of which nobody can guess the next (RFC 5280 4.1.2.2). */
function serialNumber(random: Random): bigint {
  return BigInt(`0x01${Buffer.from(random.bytes(14)).toString("hex")}`);
}
