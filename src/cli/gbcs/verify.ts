import { HanwayError } from "../../base/error.ts";
import { Eui64 } from "../../base/eui64.ts";
import { roleMayOriginate } from "../../gbcs/authority.ts";
import { protectionFacts, useCaseByMessageCode } from "../../gbcs/catalogue/index.ts";
import type { SecuredMessage } from "../../gbcs/envelope/envelope.ts";
import type { Keystore } from "../../gbcs/keystore.ts";
import { keystoreAgreement } from "../../gbcs/security/recorded.ts";
import { verifyMessage } from "../../gbcs/security/verify.ts";
import { command } from "../command.ts";
import { eui64Option, type Io, say, UsageError } from "../io.ts";
import { counterOption, messageOf, readFile, readInput, readKeystoreOption } from "./input.ts";
import { type Vector, verifyVectors } from "./verify-vectors.ts";

const HELP = `Usage: hanway gbcs verify [MESSAGE | FILE | -] --keystore FILE [--target EUI64] [--last-counter N] [--json]
       hanway gbcs verify --vectors FILE.jsonl --keystore FILE [--json]

Checks MAC and signature of a message with the keys of a keystore, and that it carries the protections which its message
code needs. The message is hex, base64 or binary. With --vectors: checks every line {"name", "kind", "hex"} of a file,
also that it is written back octet for octet and that its encrypted parts open.

  --keystore FILE    JSON array of {eui64, usage: "DS" | "KA", prepayment, certificate, privateScalar}
  --target EUI64     the device that checks: a message to any other is refused
  --last-counter N   the last counter it accepted: a message that is not above is a replay
  --json             print one JSON object

Exit code 0 when everything that could be checked is right, 1 when not.

Example:
  hanway gbcs verify --vectors messages.jsonl --keystore keystore.json --json`;

const OPTIONS = {
  json: { type: "boolean" },
  vectors: { type: "string" },
  keystore: { type: "string" },
  target: { type: "string" },
  "last-counter": { type: "string" },
} as const;

export const run = command(
  { help: HELP, options: OPTIONS, positionals: true },
  async ({ values, positionals }, io) => {
    const keystore = readKeystoreOption(values.keystore);
    if (keystore === undefined) throw new UsageError("verify needs --keystore FILE; see --help");
    const json = values.json === true;
    if (values.vectors !== undefined) return runVectors(values.vectors, keystore, json, io);
    if (positionals.length > 1) throw new UsageError("verify takes one message");
    const message = messageOf(await readInput(positionals[0], io));
    const limits = { target: values.target, lastCounter: values["last-counter"] };
    return runOne(message, keystore, limits, json, io);
  },
);

function runVectors(path: string, keystore: Keystore, json: boolean, io: Io): number {
  const summary = verifyVectors(readVectors(path), keystore);
  if (json) say(io.stdout, JSON.stringify(summary));
  else {
    for (const [name, value] of Object.entries(summary)) {
      if (typeof value === "number") say(io.stdout, `${name.padEnd(20)} ${value}`);
    }
    for (const { name, kind, check, reason } of summary.failures)
      say(io.stdout, `FAILED ${check}: ${name} ${kind}: ${reason}`);
  }
  return summary.failures.length === 0 ? 0 : 1;
}

function* readVectors(path: string): Iterable<Vector> {
  const lines = new TextDecoder().decode(readFile(path)).split("\n");
  for (const [index, line] of lines.entries()) {
    if (line.trim() !== "") yield readVector(line, `${path}:${index + 1}`);
  }
}

function readVector(line: string, place: string): Vector {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    record = undefined;
  }
  if (typeof record !== "object" || record === null) {
    throw new HanwayError("config/invalid", "not a JSON object", { field: place });
  }
  const text = (name: string, fallback: string): string => {
    const value: unknown = Reflect.get(record, name);
    return typeof value === "string" ? value : fallback;
  };
  return { name: text("name", place), kind: text("kind", ""), hex: text("hex", "") };
}

function runOne(
  message: Uint8Array,
  keystore: Keystore,
  limits: { readonly target: string | undefined; readonly lastCounter: string | undefined },
  json: boolean,
  io: Io,
): number {
  const { target, lastCounter } = limits;
  const last = lastCounter === undefined ? undefined : counterOption(lastCounter, "last-counter");
  const result = verifyMessage(message, {
    keys: keystoreAgreement(keystore),
    signatureKeyOf: (party) => keystore.publicKey(party, "DS"),
    accessControlBroker: keystore.accessControlBroker ?? Eui64("0000000000000000"),
    factsOf: protectionFacts,
    mayOriginate: (envelope) => mayOriginate(envelope, keystore),
    ...(target === undefined ? {} : { self: eui64Option(target, "target") }),
    ...(last === undefined ? {} : { lastCounter: () => last }),
  });
  const where = result.outcome === "malformed" ? result.refusal : {};
  if (json) say(io.stdout, JSON.stringify({ outcome: result.outcome, ...where }));
  else say(io.stdout, result.outcome);
  if (result.outcome === "malformed") {
    const { refused, field, offset } = result.refusal;
    say(io.stderr, `hanway: not a GBCS message: ${refused} in ${field} at octet ${offset}`);
  }
  return result.outcome === "verified" ? 0 : 1;
}

/** A Command whose originator the keystore knows must come from a role that the use case names. */
function mayOriginate(envelope: SecuredMessage, keystore: Keystore): boolean {
  const useCase = useCaseByMessageCode(envelope.messageCode);
  const role = keystore.role(envelope.originator);
  if (envelope.kind !== "COMMAND" || useCase === undefined || role === undefined) return true;
  return roleMayOriginate(useCase, role);
}
