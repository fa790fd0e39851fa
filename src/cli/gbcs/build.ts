import { fromHex, toHex } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { decodeAsn1, isAsn1 } from "../../gbcs/asn1/index.ts";
import { buildPreCommand, commandProtection } from "../../gbcs/build.ts";
import { type Fields, useCase as findUseCase } from "../../gbcs/catalogue/index.ts";
import { decodeEnvelope } from "../../gbcs/envelope/decode.ts";
import { encodeEnvelope } from "../../gbcs/envelope/encode.ts";
import type { PreCommand, Supplementary } from "../../gbcs/envelope/envelope.ts";
import { fromJson } from "../../gbcs/json.ts";
import type { Keystore } from "../../gbcs/keystore.ts";
import { protectAs } from "../../gbcs/security/protect.ts";
import { keystoreAgreement } from "../../gbcs/security/recorded.ts";
import { SoftwareSigner } from "../../gbcs/security/signature.ts";
import { command, type Given } from "../command.ts";
import { eui64Option, say, UsageError } from "../io.ts";
import { counterOption, type Input, messageOf, readInput, readJson, readKeystoreOption } from "./input.ts";

const HELP = `Usage: hanway gbcs build USECASE --target EUI64 --counter N [--originator EUI64] [--on-behalf-of EUI64:N]
                         [--certificate] [--fields JSON|FILE] [--keystore FILE] [--json]
       hanway gbcs build --precommand MESSAGE|FILE [--signature HEX] --keystore FILE [--json]

Makes a Command: of a use case and its fields, or of a pre-command. With a keystore it is signed by the originator and
MACed by the Access Control Broker, as its message code needs; without one the pre-command is printed. Prints hex.

  --target EUI64          the device
  --originator EUI64      who sends; the Access Control Broker of the keystore where it is left out
  --counter N             Originator Counter, decimal or 0x
  --on-behalf-of EUI64:N  supplementary party and its counter
  --certificate           send that party's Key Agreement certificate along, for an encrypted answer
  --fields JSON|FILE      values by the names of the catalogue; ASN.1 payloads as "decode --json" shows them
  --precommand MESSAGE    a pre-command in hex, base64 or binary
  --signature HEX         the originator's signature (64 octets), where its key is not in the keystore
  --keystore FILE         private keys and certificates
  --json                  print {"kind": …, "hex": …}

Example:
  hanway gbcs build CCS02 --target 02fa17e0000000a2 --counter 1302 --on-behalf-of 02fa17e000000102:1002 \\
    --fields '{"unregister_device": "02fa17e0000000a0"}' --keystore keystore.json`;

const OPTIONS = {
  json: { type: "boolean" },
  target: { type: "string" },
  originator: { type: "string" },
  counter: { type: "string" },
  "on-behalf-of": { type: "string" },
  certificate: { type: "boolean" },
  fields: { type: "string" },
  precommand: { type: "string" },
  signature: { type: "string" },
  keystore: { type: "string" },
} as const;

type Values = Given<typeof OPTIONS>["values"];

interface Draft {
  readonly preCommand: PreCommand;
  readonly fields: Fields;
}

export const run = command(
  { help: HELP, options: OPTIONS, positionals: true },
  async ({ values, positionals }, io) => {
    const keystore = readKeystoreOption(values.keystore);
    const { preCommand, fields } =
      values.precommand === undefined
        ? await ofUseCase(positionals, values, keystore, io)
        : ofPreCommand(messageOf(await readInput(values.precommand, io)));
    const message =
      keystore === undefined ? encodeEnvelope(preCommand) : secured(preCommand, fields, values, keystore);
    const kind = keystore === undefined ? "PRECOMMAND" : "COMMAND";
    say(io.stdout, values.json ? JSON.stringify({ kind, hex: toHex(message) }) : toHex(message));
    return 0;
  },
);

async function ofUseCase(
  positionals: readonly string[],
  values: Values,
  keystore: Keystore | undefined,
  io: Input,
): Promise<Draft> {
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) throw new UsageError("build takes one use case; see --help");
  const useCase = findUseCase(name);
  if (useCase === undefined) throw new UsageError(`there is no use case "${name.slice(0, 40)}"`);
  const { target, counter } = values;
  if (target === undefined || counter === undefined)
    throw new UsageError("build needs --target and --counter");
  const originator = values.originator ?? keystore?.accessControlBroker;
  if (originator === undefined) throw new UsageError("build needs --originator, or a keystore with a broker");
  const fields = values.fields === undefined ? {} : fieldsOf(await readJson(values.fields, io, "--fields"));
  const preCommand = buildPreCommand({
    useCase,
    fields,
    originator: eui64Option(originator, "originator"),
    target: eui64Option(target, "target"),
    counter: counterOption(counter, "counter"),
    supplementary: supplementaryOf(values, keystore),
  });
  return { preCommand, fields };
}

function fieldsOf(json: unknown): Fields {
  const value = fromJson(json);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError("--fields takes a JSON object");
  }
  return Object.fromEntries(Object.entries(value));
}

function ofPreCommand(message: Uint8Array): Draft {
  const preCommand = decodeEnvelope(message);
  if (preCommand.kind !== "PRECOMMAND") {
    throw new HanwayError("decode/value", `it is a ${preCommand.kind}`, { field: "precommand", offset: 0 });
  }
  const { messageCode, content } = preCommand;
  const value: unknown = isAsn1(messageCode, "command")
    ? decodeAsn1(messageCode, "command", content)
    : undefined;
  const fields = typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
  return { preCommand, fields };
}

function secured(preCommand: PreCommand, fields: Fields, values: Values, keystore: Keystore): Uint8Array {
  const { accessControlBroker } = keystore;
  if (accessControlBroker === undefined) {
    throw new HanwayError("config/invalid", "no Access Control Broker in it", { field: "keystore" });
  }
  const privateKey = keystore.privateKey(preCommand.originator, "DS");
  const signer = privateKey === undefined ? undefined : new SoftwareSigner(privateKey);
  const signature = values.signature === undefined ? signer : fromHex(values.signature, "signature");
  const mac = { keys: keystoreAgreement(keystore), accessControlBroker };
  return protectAs(preCommand, commandProtection(preCommand.messageCode, fields), { signature, mac });
}

function supplementaryOf(values: Values, keystore: Keystore | undefined): Supplementary | null {
  const text = values["on-behalf-of"];
  if (text === undefined) return null;
  const [party = "", counter = "", ...rest] = text.split(":");
  if (rest.length > 0 || counter === "") throw new UsageError("--on-behalf-of takes EUI64:N");
  const remoteParty = eui64Option(party, "on-behalf-of");
  const remotePartyCounter = counterOption(counter, "on-behalf-of");
  if (values.certificate !== true) return { remoteParty, remotePartyCounter };
  const certificate = keystore?.certificate(remoteParty, "KA")?.der;
  if (certificate === undefined) {
    throw new HanwayError("crypto/key", "the keystore has no certificate of that party", {
      field: "certificate",
    });
  }
  return { remoteParty, remotePartyCounter, certificate };
}
