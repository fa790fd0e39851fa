import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { chmodSync, existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { HanwayError } from "../../base/error.ts";
import { readCertificate } from "../../gbcs/certificate/certificate.ts";
import { makePrivateFolder, readText, writePrivateFile } from "../files.ts";
import { AUTHORITY_NAMES, type Authority, type KeyRecord, type Pki } from "./issue.ts";

/** Key pairs and certificates of parties and devices, in the format of an outside keystore. */
export const KEYSTORE_FILE = "keystore.json";
/** The certificate authorities with their keys, to issue more. */
export const AUTHORITIES_FILE = "authorities.json";
/** The certificate that organisations' certification paths end at, for a hub's root cell. */
export const ROOT_FILE = "organisation-root.pem";

/**
 * Writes a test PKI into a folder of its own (0700, files 0600). Throws `config/invalid` where something is in it
 * already: keys are never written over.
 */
export function writePki(folder: string, pki: Pki): void {
  if (existsSync(folder)) {
    if (!isEmptyFolder(folder)) {
      throw new HanwayError("config/invalid", `${folder} is not empty; take a new folder`, { field: "dir" });
    }
    chmodSync(folder, 0o700);
  }
  makePrivateFolder(folder);
  writePrivateFile(join(folder, AUTHORITIES_FILE), lines(pki.authorities.map(authorityJson)));
  const root = pki.authorities.find(({ name }) => name === "organisation-root");
  if (root !== undefined) writePrivateFile(join(folder, ROOT_FILE), pem(root.certificate));
  // Last, for it is what makes the folder a PKI.
  writePrivateFile(join(folder, KEYSTORE_FILE), lines(pki.keys.map(keyJson)));
}

function isEmptyFolder(path: string): boolean {
  return statSync(path).isDirectory() && readdirSync(path).length === 0;
}

/** Adds keys to the keystore of a folder. A device that is already in it keeps its keys: throws `config/invalid`. */
export function addKeys(folder: string, keys: readonly KeyRecord[]): void {
  const path = join(folder, KEYSTORE_FILE);
  const held = records(readText(path), path);
  for (const { eui64 } of keys) {
    if (held.some((record) => record.eui64 === eui64)) {
      throw new HanwayError("config/invalid", `${eui64} already has keys`, { field: "device" });
    }
  }
  writePrivateFile(path, lines([...held, ...keys.map(keyJson)]));
}

/** The authorities of a folder. Throws `config/unreadable` or `config/invalid`. */
export function readAuthorities(folder: string): Authority[] {
  const path = join(folder, AUTHORITIES_FILE);
  return records(readText(path), path).map((record, i) => readAuthority(record, `authorities[${i}]`));
}

function readAuthority(record: Record<string, unknown>, field: string): Authority {
  const name = AUTHORITY_NAMES.find((one) => one === record.name) ?? refuse(`${field}.name`, "not known");
  const certificate = octets(record.certificate, `${field}.certificate`);
  const privateKey = privateKeyOf(octets(record.privateKey, `${field}.privateKey`), `${field}.privateKey`);
  const { subject, role, pathLength } = readCertificate(certificate);
  const commonName = /CN=(.*)$/.exec(subject)?.[1] ?? refuse(`${field}.certificate`, "no common name");
  return {
    name,
    certificate,
    issuer: {
      subject: {
        kind: "authority",
        commonName,
        role: role ?? 0,
        ...(pathLength === undefined ? {} : { pathLength }),
      },
      privateKey,
      publicKey: createPublicKey(privateKey),
    },
  };
}

function privateKeyOf(der: Uint8Array, field: string): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" });
  } catch {
    // Nothing of the parser's complaint goes on: it could quote the key.
    return refuse(field, "not a private key");
  }
}

function octets(value: unknown, field: string): Uint8Array {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return refuse(field, "not base64");
  return new Uint8Array(Buffer.from(value, "base64"));
}

function authorityJson({ name, certificate, issuer }: Authority): Record<string, unknown> {
  const key = issuer.privateKey.export({ format: "der", type: "pkcs8" });
  return {
    name,
    certificate: Buffer.from(certificate).toString("base64"),
    privateKey: key.toString("base64"),
  };
}

function keyJson(record: KeyRecord): Record<string, unknown> {
  const { name, eui64, usage, prepayment, certificate, privateKey } = record;
  const { d } = privateKey.export({ format: "jwk" });
  return {
    name,
    eui64,
    usage,
    prepayment,
    certificate: Buffer.from(certificate).toString("base64"),
    privateScalar: Buffer.from(d ?? "", "base64url").toString("hex"),
  };
}

function pem(certificate: Uint8Array): string {
  return new X509Certificate(certificate).toString();
}

/** One record a line, so that a person finds one. */
function lines(list: readonly Record<string, unknown>[]): string {
  return `[\n${list.map((one) => JSON.stringify(one)).join(",\n")}\n]\n`;
}

/** The records of a JSON array of objects. Throws `config/invalid`; nothing of the text is part of the error. */
export function records(text: string, path: string): Record<string, unknown>[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return refuse(path, "not JSON");
  }
  if (!Array.isArray(parsed)) return refuse(path, "not an array");
  return parsed.map((one: unknown) =>
    typeof one === "object" && one !== null
      ? Object.fromEntries(Object.entries(one))
      : refuse(path, "not records"),
  );
}

function refuse(field: string, detail: string): never {
  throw new HanwayError("config/invalid", detail, { field });
}
