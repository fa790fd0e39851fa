import { type HubConfig, parseConfig } from "../../src/app/config.ts";

/** The settings of a hub that is told only what it must be, and these sections. */
export function configOf(sections = ""): HubConfig {
  return parseConfig(`
[hub]
chf = "00DB1234567890A2"
dataDir = "data"
[radio]
port = "tcp://127.0.0.1:1"
[[wan.broker]]
url = "mqtt://127.0.0.1:1"
${sections}`);
}
