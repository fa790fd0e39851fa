import { HanwayError } from "../base/error.ts";
import { isTenant, type WanRoot } from "../base/wan-topic.ts";
import { RADIO_DEFAULTS, type RadioSettings } from "../han/radio/settings.ts";
import type { HubConfig } from "./config.ts";

/** The radio's settings from the hub's. */
export function radioSettings({ hub, radio }: HubConfig): RadioSettings {
  return {
    ...RADIO_DEFAULTS,
    path: radio.port,
    baudRate: radio.baudRate,
    rtscts: radio.rtscts,
    keepAliveMs: radio.keepAliveSeconds * 1_000,
    dataFolder: hub.dataDir,
    ...(radio.channel === undefined ? {} : { channels: [radio.channel] }),
    quietChannel: radio.channel === undefined && radio.quietChannel,
  };
}

/** Where the hub's topics begin. */
export function wanRoot({ hub }: HubConfig): WanRoot {
  if (!isTenant(hub.tenant)) throw new HanwayError("config/invalid", "not a tenant", { field: "hub.tenant" });
  return { tenant: hub.tenant, hub: hub.chf };
}
