import { readFileSync } from "node:fs";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import {
  type HubSecurity,
  hubSecurity,
  parseCredentialFile,
  parseTestPkiFile,
  testSecurity,
} from "../han/security/credentials.ts";
import type { HubConfig } from "./config.ts";

/**
 * The hub's credentials for key establishment as the settings name them, read now and checked when the radio's
 * address is known; undefined where key establishment is off. Throws `config/unreadable` or `config/invalid`.
 */
export function securitySource(
  { security }: HubConfig,
  random: Random,
  log: Log,
): ((radio: Eui64) => HubSecurity) | undefined {
  const { cbke, credentials, testAuthority } = security;
  if (cbke === "off") return undefined;
  if (testAuthority !== undefined) {
    log.warn(
      {},
      "key establishment with a test authority: devices in the field do not take its certificates",
    );
    return (radio) => testSecurity(testAuthority, radio, random);
  }
  if (credentials.length === 0) return undefined;
  const issued = credentials.flatMap((path, i) => {
    const text = read(path, i);
    const field = `security.credentials[${i}]`;
    return text.trimStart().startsWith("{")
      ? parseTestPkiFile(text, field)
      : parseCredentialFile(text, field);
  });
  return (radio) => hubSecurity(issued, radio, random);
}

function read(path: string, index: number): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new HanwayError("config/unreadable", `${path} cannot be read`, {
      field: `security.credentials[${index}]`,
      cause,
    });
  }
}
