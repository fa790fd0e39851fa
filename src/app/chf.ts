import { readFileSync } from "node:fs";
import { HanwayError } from "../base/error.ts";
import type { ChfParts } from "../chf/chf.ts";
import type { ChfIdentity } from "../chf/ports.ts";
import { type Keystore, readKeystore } from "../gbcs/keystore.ts";
import type { HubConfig } from "./config.ts";

/** Whom the hub function is and whom it trusts. */
export type ChfCredentials = Pick<ChfParts, "ownKeys" | "certificates">;

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
  return { ownKeys: { agreementKey, signingKey }, certificates: keystore.certificates() };
}

export function chfIdentity({ chf }: HubConfig): ChfIdentity {
  const { modelType, manufacturer, firmwareVersion } = chf;
  return { modelType, manufacturer, firmwareVersion };
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
