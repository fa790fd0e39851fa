import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { SystemClock } from "../base/clock.ts";
import { DEVICE_TYPES } from "../base/device-type.ts";
import type { Eui64 } from "../base/eui64.ts";
import { KEYSTORE_FILE } from "../headend/pki/folder.ts";
import { isPartyName, PARTIES, PARTY_NAMES, type PartyName } from "../headend/pki/parties.ts";
import { extendTestPki, type KeyedDevice, makeTestPki } from "../lab/test-pki.ts";
import { command, type Given } from "./command.ts";
import { eui64Option, say, UsageError } from "./io.ts";

const HELP = `hanway pki: keys and certificates for tests

Usage: hanway pki init [--dir DIR] [--chf EUI64] [--gpf EUI64] [--device TYPE:EUI64]… [--party NAME:EUI64]… [--json]
       hanway pki add --device TYPE:EUI64… [--dir DIR] [--json]

init makes a whole hierarchy of the smart metering shape: roots and issuing authorities, Digital Signature and Key
Agreement certificates of every remote party (${PARTY_NAMES.slice(0, 5).join(", ")}, …), of the hub, of its
gas proxy and of the devices, and a Smart Energy authority with certificates for key establishment on the HAN. add
gives more devices keys by the same authorities. Nothing of it is trusted by equipment in the field.

  --dir DIR             the folder, made with mode 0700, its files 0600 (default: hanway-pki)
  --chf EUI64           Entity Identifier of the hub (default 00db1234567890a2)
  --gpf EUI64           Entity Identifier of its gas proxy (default 00db1234567890a3)
  --device TYPE:EUI64   a device: ${DEVICE_TYPES.join(", ")} (default esme:00db1234567890a0)
  --party NAME:EUI64    another identifier for a party: ${PARTY_NAMES.join(", ")}
  --json                print {"dir", "parties", "devices", "certificates"}

Example: hanway pki init --dir keys --device esme:00db1234567890a0 --device gsme:00db1234567890a1`;

const DEFAULT_DIR = "hanway-pki";
const DEFAULT_CHF = "00db1234567890a2";
const DEFAULT_GPF = "00db1234567890a3";
const DEFAULT_DEVICE = "esme:00db1234567890a0";

const OPTIONS = {
  json: { type: "boolean" },
  dir: { type: "string" },
  chf: { type: "string" },
  gpf: { type: "string" },
  device: { type: "string", multiple: true },
  party: { type: "string", multiple: true },
} as const;

type Values = Given<typeof OPTIONS>["values"];

export const run = command(
  { help: HELP, options: OPTIONS, positionals: true },
  async ({ values, positionals }, io) => {
    const [what, ...others] = positionals;
    if (others.length > 0 || (what !== "init" && what !== "add"))
      throw new UsageError("pki takes init or add; see hanway pki --help");
    const dir = resolve(values.dir ?? DEFAULT_DIR);
    const made = what === "init" ? init(dir, values) : add(dir, values);
    if (values.json) say(io.stdout, JSON.stringify({ dir, ...made }));
    else {
      say(io.stdout, `${made.certificates} certificates in ${dir}`);
      for (const [name, eui64] of Object.entries(made.parties)) say(io.stdout, `  ${eui64}  ${name}`);
      for (const { type, eui64 } of made.devices) say(io.stdout, `  ${eui64}  ${type}`);
    }
    return 0;
  },
);

interface Made {
  readonly parties: Readonly<Record<string, Eui64>>;
  readonly devices: readonly KeyedDevice[];
  readonly certificates: number;
}

function init(dir: string, values: Values): Made {
  const devices: KeyedDevice[] = [
    { type: "chf", eui64: eui64Option(values.chf ?? DEFAULT_CHF, "chf") },
    { type: "gpf", eui64: eui64Option(values.gpf ?? DEFAULT_GPF, "gpf") },
    ...(values.device ?? [DEFAULT_DEVICE]).map(deviceOf),
  ];
  const parties = new Map((values.party ?? []).map(partyOf));
  const everyone = PARTIES.map(({ name, eui64 }) => [name, parties.get(name) ?? eui64] as const);
  requireDistinct([...devices.map(({ eui64 }) => eui64), ...everyone.map(([, eui64]) => eui64)]);
  const certificates = makeTestPki(dir, devices, new SystemClock(), parties);
  return { parties: Object.fromEntries(everyone), devices, certificates };
}

function add(dir: string, values: Values): Made {
  if (values.device === undefined) throw new UsageError("pki add needs --device TYPE:EUI64");
  if (!existsSync(join(dir, KEYSTORE_FILE)))
    throw new UsageError(`${dir} holds no test PKI; see hanway pki init`);
  const devices = values.device.map(deviceOf);
  requireDistinct(devices.map(({ eui64 }) => eui64));
  return { parties: {}, devices, certificates: extendTestPki(dir, devices, new SystemClock()) };
}

function deviceOf(text: string): KeyedDevice {
  const [name = "", ...rest] = text.split(":");
  const type = DEVICE_TYPES.find((one) => one === name.toLowerCase());
  if (type === undefined || rest.length === 0)
    throw new UsageError(`--device takes TYPE:EUI64, types ${DEVICE_TYPES.join(", ")}`);
  return { type, eui64: eui64Option(rest.join(":"), "device") };
}

function partyOf(text: string): [PartyName, Eui64] {
  const [name = "", ...rest] = text.split(":");
  if (!isPartyName(name) || rest.length === 0)
    throw new UsageError(`--party takes NAME:EUI64, names ${PARTY_NAMES.join(", ")}`);
  return [name, eui64Option(rest.join(":"), "party")];
}

function requireDistinct(all: readonly Eui64[]): void {
  const twice = all.find((eui64, i) => all.indexOf(eui64) !== i);
  if (twice !== undefined) throw new UsageError(`${twice} is given twice`);
}
