import { readFileSync } from "node:fs";
import { parse as parseToml, TomlError } from "smol-toml";
import * as v from "valibot";
import { HanwayError } from "../base/error.ts";
import { ClockSchema } from "./clock/config.ts";
import { ChfSchema } from "./config/chf.ts";
import { DeviceSchema } from "./config/device.ts";
import { HubSchema } from "./config/hub.ts";
import { LedsSchema } from "./config/leds.ts";
import { LogSchema } from "./config/log.ts";
import { MailboxSchema } from "./config/mailbox.ts";
import { ModemSchema } from "./config/modem.ts";
import { RadioSchema } from "./config/radio.ts";
import { checkSecurity, SecuritySchema } from "./config/security.ts";
import { checkTls, WanSchema } from "./config/wan.ts";
import { PowerSchema } from "./power/config.ts";

/** Everything `hanway run` can be told, one table per TOML section; docs/configuration.md is its page. */
export const ConfigSchema = v.strictObject({
  hub: HubSchema,
  radio: RadioSchema,
  wan: WanSchema,
  device: DeviceSchema,
  chf: ChfSchema,
  security: SecuritySchema,
  mailbox: MailboxSchema,
  modem: v.optional(ModemSchema),
  clock: v.optional(ClockSchema, {}),
  power: v.optional(PowerSchema, {}),
  leds: v.optional(LedsSchema),
  log: LogSchema,
});

export type HubConfig = v.InferOutput<typeof ConfigSchema>;

/** Reads and checks a TOML file. Throws `config/unreadable`, `config/missing` or `config/invalid` with the field. */
export function loadConfig(path: string): HubConfig {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new HanwayError("config/unreadable", `${path}: ${reasonOf(cause)}`, { cause });
  }
  return parseConfig(text, path);
}

/** Checks the text of a TOML file; `name` is only for the sentence. */
export function parseConfig(text: string, name = "config"): HubConfig {
  let raw: unknown;
  try {
    raw = parseToml(text);
  } catch (cause) {
    const where = cause instanceof TomlError ? ` line ${cause.line}, column ${cause.column}` : "";
    throw new HanwayError("config/unreadable", `${name}${where} is not TOML`, { cause });
  }
  const result = v.safeParse(ConfigSchema, raw);
  if (!result.success) throw fault(result.issues[0]);
  unique(result.output);
  checkSecurity(result.output.security);
  result.output.wan.broker.forEach(checkTls);
  return result.output;
}

function fault(issue: v.BaseIssue<unknown>): HanwayError {
  const field = (issue.path ?? [])
    .map((item) => (typeof item.key === "number" ? `[${item.key}]` : `.${String(item.key)}`))
    .join("")
    .replace(/^\./, "");
  if (issue.type === "strict_object" && issue.expected === "never") {
    return new HanwayError("config/invalid", "no such setting", { field });
  }
  if (issue.input === undefined) {
    const what = issue.type === "strict_object" ? "it must be given" : issue.message;
    return new HanwayError("config/missing", what, { field });
  }
  return new HanwayError("config/invalid", issue.message, { field });
}

function unique(config: HubConfig): void {
  const seen = new Map<string, string>([[config.hub.chf, "hub.chf"]]);
  if (config.hub.gpf !== undefined) note(seen, config.hub.gpf, "hub.gpf");
  config.device.forEach((device, i) => {
    note(seen, device.eui64, `device[${i}].eui64`);
  });
}

function note(seen: Map<string, string>, value: string, field: string): void {
  const first = seen.get(value);
  if (first !== undefined) throw new HanwayError("config/invalid", `${value} is already ${first}`, { field });
  seen.set(value, field);
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "no permission to read it";
  if (code === "EISDIR") return "it is a folder";
  return "it cannot be read";
}
