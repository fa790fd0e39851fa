import { Eui64 } from "../base/eui64.ts";
import { command } from "./command.ts";
import { ControlClient, HUB_HELP, HUB_OPTIONS, socketPath } from "./control.ts";
import { argument, say, UsageError } from "./io.ts";
import { PAIRING_OFF } from "./pair.ts";

const HELP = `hanway unpair: takes a device off the Device Log of a running hub, and tells it to leave

Usage: hanway unpair EUI64 [--config FILE | --socket PATH] [--json]

${HUB_HELP}
  --json          one JSON object on standard output: {"device", "unpaired"}

Exit code 0 when it was taken off, 1 when it was not there, 2 when the hub does not allow it or is not there.

Example: hanway unpair 00db1234567890a0`;

const OPTIONS = { ...HUB_OPTIONS, json: { type: "boolean" } } as const;

export const run = command({ help: HELP, options: OPTIONS, positionals: true }, async (given, io) => {
  const { values, positionals } = given;
  const [text, ...others] = positionals;
  if (text === undefined || others.length > 0) throw new UsageError("unpair takes one EUI64");
  const eui64 = argument(() => Eui64(text, "EUI64"));
  using hub = await ControlClient.connect(socketPath(values));
  const answer = await hub.ask({ do: "unpair", eui64 });
  if (answer === "off") {
    say(io.stderr, `hanway: ${PAIRING_OFF}`);
    return 2;
  }
  if (values.json) say(io.stdout, JSON.stringify({ device: eui64, unpaired: answer !== "unknown" }));
  if (answer === "unknown") {
    say(io.stderr, `hanway: ${eui64} is not in the Device Log; "hanway devices" lists what is`);
    return 1;
  }
  if (!values.json) say(io.stdout, `${eui64} is off the Device Log and was told to leave`);
  return 0;
});
