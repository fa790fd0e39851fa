import { HanwayError } from "../base/error.ts";
import type { CommunicationsHubFunction } from "../chf/chf.ts";
import type { HubConfig } from "./config.ts";
import { mainsFileSettings } from "./power/config.ts";
import { MainsFile } from "./power/mains-file.ts";
import { Power, type PowerPorts } from "./power/power.ts";
import { recordSupply } from "./power/supply-record.ts";

/** What the hub knows of its mains. */
export interface Mains {
  start(): void;
  stop(): void;
}

export interface MainsPorts extends Omit<PowerPorts, "onEvent"> {
  readonly chf: Pick<CommunicationsHubFunction, "logs" | "alerts"> | undefined;
}

/**
 * Undefined where [power] names no input: such a hub knows nothing of its mains and says nothing of it. Throws
 * `config/missing` where an Alert is wanted of a CHF without keys.
 */
export function makeMains({ power: settings }: HubConfig, { chf, ...ports }: MainsPorts): Mains | undefined {
  const file = mainsFileSettings(settings);
  if (file === undefined) return undefined;
  if (settings.alert !== "state" && chf === undefined)
    throw new HanwayError("config/missing", `power.alert "${settings.alert}" is an Alert of the CHF`, {
      field: "chf.keystore",
    });
  const onEvent: PowerPorts["onEvent"] = (event) => chf && recordSupply(event, settings, chf);
  const power = new Power({ ...ports, onEvent }, settings.alertSeconds * 1_000);
  const input = new MainsFile(file, ports.clock, ports.log);
  return {
    start: () => {
      power.start();
      input.start((mains) => power.reading(mains));
    },
    stop: () => {
      input.stop();
      power.stop();
    },
  };
}
