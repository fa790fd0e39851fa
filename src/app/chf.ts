import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HanwayError } from "../base/error.ts";
import type { ChfParts } from "../chf/chf.ts";
import { CHF_SETTINGS, type ChfIdentity, type ChfSettings } from "../chf/ports.ts";
import { type Certificate, readCertificate } from "../gbcs/certificate/certificate.ts";
import { type Keystore, readKeystore } from "../gbcs/keystore.ts";
import type { HubConfig } from "./config.ts";

/** Whom the hub function is and whom it trusts. */
export type ChfCredentials = Pick<ChfParts, "ownKeys" | "certificates" | "root">;

/** The root's certificate, where a test PKI is beside the keystore. */
const ROOT_FILE = "organisation-root.pem";

/**
 * The keys and trust anchors that the settings name; undefined where there are none, and the hub then executes
 * nothing for its CHF. Throws `config/unreadable` or `config/invalid`.
 */
export function chfCredentials({ hub, chf }: HubConfig): ChfCredentials | undefined {
  if (chf.keystore === undefined) return undefined;
  const keystore = readStore(chf.keystore);
  const agreementKey = keystore.privateKey(hub.chf, "KA");
  if (agreementKey === undefined) {
    throw new HanwayError("config/invalid", `no key agreement key of ${hub.chf} is in it`, {
      field: "chf.keystore",
    });
  }
  const signingKey = keystore.privateKey(hub.chf, "DS");
  const root = rootCertificate(chf.root, join(dirname(chf.keystore), ROOT_FILE));
  return { ownKeys: { agreementKey, signingKey }, certificates: keystore.certificates(), root };
}

function rootCertificate(named: string | undefined, usual: string): Certificate | undefined {
  if (named === undefined && !existsSync(usual)) return undefined;
  const path = named ?? usual;
  let octets: Uint8Array;
  try {
    octets = readFileSync(path);
  } catch (cause) {
    throw new HanwayError("config/unreadable", `${path} cannot be read`, { field: "chf.root", cause });
  }
  try {
    return readCertificate(new X509Certificate(octets).raw);
  } catch (cause) {
    throw new HanwayError("config/invalid", `${path} is no certificate`, { field: "chf.root", cause });
  }
}

export function chfIdentity({ chf }: HubConfig): ChfIdentity {
  const { modelType, manufacturer, firmwareVersion } = chf;
  return { modelType, manufacturer, firmwareVersion };
}

export function chfSettings({ chf }: HubConfig): ChfSettings {
  return { ...CHF_SETTINGS, hanEvents: chf.hanEvents, undelivered: chf.undelivered };
}

function readStore(path: string): Keystore {
  let json: string;
  try {
    json = readFileSync(path, "utf8");
  } catch (cause) {
    throw new HanwayError("config/unreadable", `${path} cannot be read`, { field: "chf.keystore", cause });
  }
  return readKeystore(json);
}
