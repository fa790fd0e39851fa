import { fromHex } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { Eui64 } from "../../base/eui64.ts";
import type { Random } from "../../base/random.ts";
import {
  type CbkeEngine,
  type Credential,
  checkCredential,
  readImplicitCertificate,
  SoftwareCbkeEngine,
  SUITES,
  type Suite,
  type SuiteBit,
  suiteByBit,
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

/**
 * Reads the file of a test PKI: JSON with `trusted` authorities and the credentials of `devices`, of which the hub takes
 * those of its own radio. Throws `config/invalid`; never with octets of it.
 */
export function parseTestPkiFile(text: string, field: string): IssuedCredential[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw fault(field, "the file is not JSON");
  }
  const trusted = rows(parsed, "trusted", field).map((row) => ({
    suite: suiteIn(row, field),
    issuer: Eui64(textIn(row, "issuer", field)),
    publicKey: hexIn(row, "publicKey", field),
  }));
  return rows(parsed, "devices", field).map((row) => {
    const suite = suiteIn(row, field);
    const issuer = trusted.find((one) => one.suite === suite);
    if (issuer === undefined) throw fault(field, `there is no authority of suite ${suite}`);
    const certificate = hexIn(row, "certificate", field);
    if (certificate.length !== suiteOf(suite).certificateOctets)
      throw fault(field, "a certificate does not have the length of its suite");
    return { issuer, credential: { suite, certificate, privateKey: hexIn(row, "privateKey", field) } };
  });
}

function rows(value: unknown, name: string, field: string): object[] {
  const found = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  if (!Array.isArray(found)) throw fault(field, `there is no list "${name}"`);
  return found.filter((row) => typeof row === "object" && row !== null);
}

function textIn(row: object, name: string, field: string): string {
  const text: unknown = Reflect.get(row, name);
  if (typeof text !== "string") throw fault(field, `an entry has no ${name}`);
  return text;
}

function hexIn(row: object, name: string, field: string): Uint8Array {
  const text = textIn(row, name, field);
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) throw fault(field, `the ${name} of an entry is not hex`);
  return fromHex(text);
}

function suiteIn(row: object, field: string): SuiteBit {
  const suite = suiteByBit(Number(Reflect.get(row, "suite")));
  if (suite === undefined) throw fault(field, "an entry is of no suite");
  return suite.bit;
}

/** The EUI-64 that a credential was issued to. */
export function subjectOf({ credential: { suite, certificate } }: IssuedCredential): Eui64 {
  return readImplicitCertificate(suiteOf(suite), certificate).subject;
}

/**
 * The hub's side of key establishment from issued credentials: those of `radio`, the address by which devices know the
 * hub, each checked against its authority. Throws `config/invalid` where there is none, or one does not fit.
 */
export function hubSecurity(issued: readonly IssuedCredential[], radio: Eui64, random: Random): HubSecurity {
  const issuers = issued.map(({ issuer }) => issuer);
  const own = issued.filter((one) => subjectOf(one) === radio);
  if (own.length === 0) {
    const others = [...new Set(issued.map(subjectOf))].slice(0, 3).join(", ");
    throw fault(
      "security.credentials",
      `there are certificates of ${others || "nobody"}, but devices know this hub by its radio's address ${radio}`,
    );
  }
  for (const { credential } of own) {
    try {
      checkCredential(credential, radio, issuers);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      throw fault("security.credentials", error.detail);
    }
  }
  const credentials = own.map(({ credential }) => credential);
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
