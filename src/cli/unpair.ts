import { parseArgs } from "node:util";
import { Eui64 } from "../base/eui64.ts";
import { ControlClient, HUB_HELP, HUB_OPTIONS, socketPath } from "./control.ts";
import { type Io, readArgs, say, UsageError } from "./io.ts";
import { PAIRING_OFF } from "./pair.ts";

const HELP = `hanway unpair: takes a device off the Device Log of a running hub, and tells it to leave

Usage: hanway unpair EUI64 [--config FILE | --socket PATH]

${HUB_HELP}

Example: hanway unpair 00db1234567890a0`;

export async function unpair(args: string[], io: Io): Promise<number> {
  const { values, positionals } = readArgs(() =>
    parseArgs({
      args,
      allowPositionals: true,
      options: { ...HUB_OPTIONS, help: { type: "boolean", short: "h" } },
    }),
  );
  if (values.help) {
    say(io.stdout, HELP);
    return 0;
  }
  const [text, ...others] = positionals;
  if (text === undefined || others.length > 0) throw new UsageError("unpair takes one EUI64");
  const eui64 = Eui64(text, "EUI64");
  using hub = await ControlClient.connect(socketPath(values));
  const answer = await hub.ask({ do: "unpair", eui64 });
  if (answer === "off") {
    say(io.stderr, `hanway: ${PAIRING_OFF}`);
    return 2;
  }
  if (answer === "unknown") {
    say(io.stderr, `hanway: ${eui64} is not in the Device Log; "hanway devices" lists what is`);
    return 1;
  }
  say(io.stdout, `${eui64} is off the Device Log and was told to leave`);
  return 0;
}
