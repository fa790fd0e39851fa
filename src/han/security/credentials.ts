import { fromHex } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Random } from "../../base/random.ts";
import {
  type CbkeEngine,
  type Credential,
  checkCredential,
  type ImplicitCertificate,
  readImplicitCertificate,
  SoftwareCbkeEngine,
  SUITES,
  type Suite,
  suiteOf,
  type TrustedIssuer,
  testAuthorities,
} from "../../cbke/index.ts";

/** What the hub shows and trusts in key establishment. */
export interface HubSecurity {
  readonly engine: CbkeEngine;
  readonly issuers: readonly TrustedIssuer[];
}

/** A certificate of the hub with its private key, and the authority that issued it. */
export interface IssuedCredential {
  readonly credential: Credential;
  readonly issuer: TrustedIssuer;
}

/** Labels as in the certificate authority's own text files; the private key stands under an odd one. */
const LABELS = {
  authority: /^CA Pub(?:lic)? Key$/i,
  certificate: /^Device Implicit Cert(?:ificate)?$/i,
  privateKey: /^(?:Private Key Reconstruction Data|Device Private Key|Private Key)$/i,
} as const;

type Part = keyof typeof LABELS;

/**
 * Reads one credential file as the certificate authority issues it: lines `label: hex`, the hex also on the lines
 * below its label. The suite follows from the certificate's length. Throws `config/invalid` with the part at fault;
 * never with octets of it.
 */
export function parseCredentialFile(text: string, field: string): IssuedCredential {
  const parts = readParts(text, field);
  const take = (part: Part): Uint8Array => {
    const hex = parts.get(part);
    if (hex === undefined) throw fault(field, `there is no ${part === "authority" ? "CA public key" : part}`);
    if (!/^(?:[0-9a-f]{2})+$/i.test(hex)) throw fault(field, `the ${part} is not hex`);
    return fromHex(hex);
  };
  const octets = take("certificate");
  const suite = SUITES.find(({ certificateOctets }) => certificateOctets === octets.length);
  if (suite === undefined) throw fault(field, "the certificate has neither 48 nor 74 octets");
  const { issuer } = readImplicitCertificate(suite, octets);
  return {
    credential: { suite: suite.bit, certificate: octets, privateKey: take("privateKey") },
    issuer: { suite: suite.bit, issuer, publicKey: authorityKey(suite, take("authority"), field) },
  };
}

function authorityKey({ curve }: Suite, octets: Uint8Array, field: string): Uint8Array {
  if (typeof curve.decodePoint(octets) === "string")
    throw fault(field, "the CA public key is no point of the certificate's curve");
  return octets;
}

function readParts(text: string, field: string): Map<Part, string> {
  const parts = new Map<Part, string>();
  let current: Part | undefined;
  for (const line of text.split(/\r?\n/)) {
    const labelled = /^\s*([A-Za-z][A-Za-z ]*?)\s*:(.*)$/.exec(line);
    if (labelled !== null) {
      const [, label = "", value = ""] = labelled;
      current = partOf(label);
      if (current === undefined) continue;
      if (parts.has(current)) throw fault(field, `the ${current} stands there twice`);
      parts.set(current, plain(value));
    } else if (current !== undefined) {
      parts.set(current, (parts.get(current) ?? "") + plain(line));
    }
  }
  return parts;
}

function partOf(label: string): Part | undefined {
  if (LABELS.authority.test(label)) return "authority";
  if (LABELS.certificate.test(label)) return "certificate";
  return LABELS.privateKey.test(label) ? "privateKey" : undefined;
}

function plain(text: string): string {
  return text.replace(/[\s,-]|0x/gi, "");
}

/** The EUI-64 that a credential was issued to. */
export function subjectOf({ credential }: IssuedCredential): Eui64 {
  return certificateOf(credential).subject;
}

function certificateOf({ suite, certificate }: Credential): ImplicitCertificate {
  return readImplicitCertificate(suiteOf(suite), certificate);
}

/**
 * The hub's side of key establishment from issued credentials, each checked against its authority and against
 * `radio`, the address by which devices know the hub. Throws `config/invalid` with what does not fit.
 */
export function hubSecurity(issued: readonly IssuedCredential[], radio: Eui64, random: Random): HubSecurity {
  const issuers = issued.map(({ issuer }) => issuer);
  for (const one of issued) {
    const subject = subjectOf(one);
    if (subject !== radio)
      throw fault(
        "security.credentials",
        `a certificate is that of ${subject}, but devices know this hub by its radio's address ${radio}`,
      );
    try {
      checkCredential(one.credential, radio, issuers);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      throw fault("security.credentials", error.detail);
    }
  }
  const credentials = issued.map(({ credential }) => credential);
  return { engine: new SoftwareCbkeEngine(radio, credentials, random), issuers };
}

/** The same with certificates of the project's own test authorities, for a desk and for tests only. */
export function testSecurity(seed: number, radio: Eui64, random: Random): HubSecurity {
  const authorities = testAuthorities(seed);
  const credentials = authorities.map((authority) => authority.issue(radio));
  const issuers = authorities.map((authority) => authority.trusted());
  return { engine: new SoftwareCbkeEngine(radio, credentials, random), issuers };
}

function fault(field: string, detail: string): HanwayError {
  return new HanwayError("config/invalid", detail, { field });
}
