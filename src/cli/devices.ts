import type { ControlDevice } from "../base/hub-control.ts";
import { command } from "./command.ts";
import { ControlClient, HUB_HELP, HUB_OPTIONS, socketPath } from "./control.ts";
import { say } from "./io.ts";

const HELP = `hanway devices: the devices of a running hub, and how it hears them

Usage: hanway devices [--config FILE | --socket PATH] [--json]

${HUB_HELP}
  --json          one JSON object on standard output

Example: hanway devices --config hub.toml`;

const OPTIONS = { ...HUB_OPTIONS, json: { type: "boolean" } } as const;

export const run = command({ help: HELP, options: OPTIONS }, async ({ values }, io) => {
  using hub = await ControlClient.connect(socketPath(values));
  const answer = (await hub.ask({ do: "devices" })) as { localPairing: boolean; devices: ControlDevice[] };
  if (values.json) {
    say(io.stdout, JSON.stringify(answer));
    return 0;
  }
  for (const device of answer.devices) say(io.stdout, line(device));
  if (answer.devices.length === 0) say(io.stdout, "no device is in the Device Log");
  say(io.stdout, `local pairing is ${answer.localPairing ? "on" : "off"}`);
  return 0;
});

function line({ eui64, type, join, tunnel, lqi, rssi, lastHeard }: ControlDevice): string {
  const signal = rssi === undefined ? "not heard" : `${rssi} dBm, LQI ${lqi}`;
  const heard = lastHeard === undefined ? "" : `, ${new Date(lastHeard).toISOString()}`;
  const state = join === "in" ? "joined" : join;
  return `${eui64}  ${(type ?? "?").padEnd(6)}  ${state.padEnd(10)}  tunnel ${tunnel.padEnd(6)}  ${signal}${heard}`;
}
