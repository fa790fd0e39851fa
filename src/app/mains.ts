import type { HubConfig } from "./config.ts";
import { mainsFileSettings } from "./power/config.ts";
import { MainsFile } from "./power/mains-file.ts";
import { Power, type PowerPorts } from "./power/power.ts";

/** What the hub knows of its mains. */
export interface Mains {
  start(): void;
  stop(): void;
}

/** Undefined where [power] names no input: such a hub knows nothing of its mains and says nothing of it. */
export function makeMains({ power: settings }: HubConfig, ports: PowerPorts): Mains | undefined {
  const file = mainsFileSettings(settings);
  if (file === undefined) return undefined;
  const power = new Power(ports, settings.alertSeconds * 1_000);
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
