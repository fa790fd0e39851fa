import { toHex } from "../../base/bytes.ts";
import { fromJson } from "../../gbcs/json.ts";
import { encodeMessage, isMessage } from "../../gbcs/message.ts";
import { command } from "../command.ts";
import { say, UsageError } from "../io.ts";
import { readJson } from "./input.ts";

const HELP = `Usage: hanway gbcs encode [JSON | FILE | -] [--json | --base64 | --binary]

Turns the JSON of "hanway gbcs decode --json" back into the message, from its "envelope" and "payload" alone: lengths are
computed, so a changed value gives a well-formed message. MAC and signature are taken as they are given. Prints hex.

  --json     print {"hex": "…"}
  --base64   print base64
  --binary   print the octets

Example:
  hanway gbcs decode message.hex --json | hanway gbcs encode`;

const OPTIONS = {
  json: { type: "boolean" },
  base64: { type: "boolean" },
  binary: { type: "boolean" },
} as const;

export const run = command(
  { help: HELP, options: OPTIONS, positionals: true },
  async ({ values, positionals }, io) => {
    if (positionals.length > 1) throw new UsageError("encode takes one message");
    const message = fromJson(await readJson(positionals[0], io, "the decoded message"));
    if (!isMessage(message)) throw new UsageError('the JSON has no "envelope" and "payload"');
    const octets = encodeMessage(message);
    if (values.binary) io.stdout.write(octets);
    else if (values.base64) say(io.stdout, Buffer.from(octets).toString("base64"));
    else say(io.stdout, values.json ? JSON.stringify({ hex: toHex(octets) }) : toHex(octets));
    return 0;
  },
);
