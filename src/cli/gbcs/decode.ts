import { toJson } from "../../gbcs/json.ts";
import { command } from "../command.ts";
import { say, UsageError } from "../io.ts";
import { describe } from "./describe.ts";
import { messageOf, readInput, readKeystoreOption } from "./input.ts";
import { messageText } from "./text.ts";

const HELP = `Usage: hanway gbcs decode [MESSAGE | FILE | -] [--keystore FILE] [--json]

Shows a GBCS message: addresses, protection, use case, and the payload with the names of the GBCS tables. The message is
hex, base64 or binary, given as argument, in a file, or on standard input.

  --keystore FILE   keys to check MAC and signature with and to open encrypted parts
  --json            print one JSON object {envelope, protection, useCase, payload, objects, decrypted}; octets are
                    {"hex": "…"}, whole numbers above 53 bits {"int": "…"}. "hanway gbcs encode" takes it back

Exit code 0 when the message could be read whole, 1 when not.

Example:
  hanway gbcs decode message.hex --keystore keystore.json --json`;

const OPTIONS = {
  json: { type: "boolean" },
  keystore: { type: "string" },
} as const;

export const run = command(
  { help: HELP, options: OPTIONS, positionals: true },
  async ({ values, positionals }, io) => {
    if (positionals.length > 1) throw new UsageError("decode takes one message");
    const keystore = readKeystoreOption(values.keystore);
    const message = messageOf(await readInput(positionals[0], io));
    const described = describe(message, keystore);
    if (values.json) say(io.stdout, JSON.stringify(toJson(described)));
    else for (const line of messageText(described)) say(io.stdout, line);
    return 0;
  },
);
