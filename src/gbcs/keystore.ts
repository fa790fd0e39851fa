import { createECDH, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { HanwayError } from "../base/error.ts";
import { Eui64 } from "../base/eui64.ts";
import { KEY_USAGE, REMOTE_PARTY_ROLE } from "./asn1/common.ts";
import { type Certificate, readCertificate } from "./certificate/certificate.ts";

/** What a key is for: Digital Signature or Key Agreement. */
export type KeyUse = "DS" | "KA";

/** Which key is meant: a supplier has a second Key Agreement key for prepayment. */
export interface KeyName {
  readonly eui64: Eui64;
  readonly usage: KeyUse;
  readonly prepayment: boolean;
}

interface Entry {
  readonly certificate: Certificate | undefined;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject | undefined;
}

/**
 * Keys and certificates of many parties, looked up by EUI-64, use and prepayment. For tools, tests and the head-end: a
 * hub keeps only its own keys, in its store. Private keys stay inside as key objects.
 */
export class Keystore {
  readonly #entries: ReadonlyMap<string, Entry>;
  /** The Access Control Broker, known by the role in its Key Agreement certificate. */
  readonly accessControlBroker: Eui64 | undefined;

  constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries;
    this.accessControlBroker = undefined;
    for (const { certificate } of entries.values()) {
      if (
        certificate?.role === REMOTE_PARTY_ROLE.accessControlBroker &&
        certificate.keyUsage === KEY_USAGE.keyAgreement
      ) {
        this.accessControlBroker = certificate.eui64;
      }
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Every certificate, of parties and devices, in the order of the records. */
  certificates(): Certificate[] {
    return [...this.#entries.values()].flatMap(({ certificate }) => certificate ?? []);
  }

  publicKey(eui64: Eui64, usage: KeyUse, prepayment = false): KeyObject | undefined {
    return this.#entries.get(nameKey({ eui64, usage, prepayment }))?.publicKey;
  }

  privateKey(eui64: Eui64, usage: KeyUse, prepayment = false): KeyObject | undefined {
    return this.#entries.get(nameKey({ eui64, usage, prepayment }))?.privateKey;
  }

  certificate(eui64: Eui64, usage: KeyUse, prepayment = false): Certificate | undefined {
    return this.#entries.get(nameKey({ eui64, usage, prepayment }))?.certificate;
  }

  /** Role of a remote party by its certificates; undefined for a device or an unknown party. */
  role(eui64: Eui64): number | undefined {
    return (this.certificate(eui64, "DS") ?? this.certificate(eui64, "KA"))?.role;
  }
}

function nameKey(name: KeyName): string {
  return `${name.eui64}/${name.usage}${name.prepayment ? "/prepayment" : ""}`;
}

/**
 * Reads a keystore: a JSON array of records `{eui64, usage: "DS" | "KA", prepayment?, certificate? (base64 DER),
 * publicKeySpki? (base64 DER), privateScalar? (64 hex digits)}`.
 *
 * The certificate decides whose key it is and for what, whatever the record's label says; a record whose label is right
 * wins over one whose label is not. Throws `config/invalid` with the record's place; no key is ever part of an error.
 */
export function readKeystore(json: string): Keystore {
  const entries = new Map<string, Entry>();
  const mislabelled: [string, Entry][] = [];
  for (const [index, record] of records(json).entries()) {
    const field = `keystore[${index}]`;
    const { label, name, entry } = readRecord(record, field);
    if (nameKey(name) === nameKey(label)) entries.set(nameKey(name), entry);
    else mislabelled.push([nameKey(name), entry]);
  }
  for (const [key, entry] of mislabelled) if (!entries.has(key)) entries.set(key, entry);
  return new Keystore(entries);
}

function records(json: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    // The parser's message would quote the text around the fault, which may be a key.
    throw new HanwayError("config/invalid", "not JSON", { field: "keystore" });
  }
  if (!Array.isArray(parsed)) throw new HanwayError("config/invalid", "not an array", { field: "keystore" });
  return parsed;
}

function readRecord(record: unknown, field: string): { label: KeyName; name: KeyName; entry: Entry } {
  if (typeof record !== "object" || record === null) refuse(field, "not an object");
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(record, name);
    if (value === undefined || value === null) return undefined;
    return typeof value === "string" ? value : refuse(`${field}.${name}`, "not a string");
  };
  const usage = text("usage");
  if (usage !== "DS" && usage !== "KA") return refuse(`${field}.usage`, "DS or KA wanted");
  const prepayment: unknown = Reflect.get(record, "prepayment") ?? false;
  if (typeof prepayment !== "boolean") return refuse(`${field}.prepayment`, "true or false wanted");
  const label = { eui64: Eui64(text("eui64") ?? "", `${field}.eui64`), usage, prepayment } as const;
  const certificate = readPart(text("certificate"), `${field}.certificate`, readCertificate);
  const scalar = text("privateScalar");
  const pair = scalar === undefined ? undefined : keyPair(scalar, `${field}.privateScalar`);
  const spki = readPart(text("publicKeySpki"), `${field}.publicKeySpki`, (der) =>
    createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" }),
  );
  const publicKey = certificate?.publicKey ?? spki ?? pair?.publicKey;
  if (publicKey === undefined) return refuse(field, "no key");
  if (pair !== undefined && !pair.publicKey.equals(publicKey)) {
    refuse(`${field}.privateScalar`, "not the key of the certificate");
  }
  const name = certificate === undefined ? label : certifiedName(certificate, prepayment, field);
  return { label, name, entry: { certificate, publicKey, privateKey: pair?.privateKey } };
}

function certifiedName(certificate: Certificate, prepayment: boolean, field: string): KeyName {
  if (certificate.eui64 === undefined) return refuse(`${field}.certificate`, "no EUI-64");
  const usage = certificate.keyUsage === KEY_USAGE.digitalSignature ? "DS" : "KA";
  return { eui64: certificate.eui64, usage, prepayment };
}

function readPart<T>(text: string | undefined, field: string, read: (der: Uint8Array) => T): T | undefined {
  if (text === undefined) return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return refuse(field, "not base64");
  try {
    return read(new Uint8Array(Buffer.from(text, "base64")));
  } catch (error) {
    return refuse(field, error instanceof HanwayError ? error.message : "not a public key");
  }
}

/** The P-256 key pair of a private scalar in hex. */
function keyPair(scalar: string, field: string): { privateKey: KeyObject; publicKey: KeyObject } {
  if (!/^[0-9a-fA-F]{64}$/.test(scalar)) return refuse(field, "64 hex digits wanted");
  const d = Buffer.from(scalar, "hex");
  try {
    const ecdh = createECDH("prime256v1");
    ecdh.setPrivateKey(d);
    const point = ecdh.getPublicKey();
    const publicJwk = {
      kty: "EC",
      crv: "P-256",
      x: point.subarray(1, 33).toString("base64url"),
      y: point.subarray(33).toString("base64url"),
    };
    return {
      publicKey: createPublicKey({ key: publicJwk, format: "jwk" }),
      privateKey: createPrivateKey({ key: { ...publicJwk, d: d.toString("base64url") }, format: "jwk" }),
    };
  } catch {
    return refuse(field, "not a private key of P-256");
  } finally {
    d.fill(0);
  }
}

function refuse(field: string, detail: string): never {
  throw new HanwayError("config/invalid", detail, { field });
}
