import type { Eui64 } from "../../base/eui64.ts";
import { isTenant, type WanRoot } from "../../base/wan-topic.ts";
import type { DeviceKind } from "../../gbcs/catalogue/index.ts";
import { PartyStore } from "../../headend/party-store.ts";
import { type RunDevice, readRunFile } from "../../lab/run-file.ts";
import { eui64Option, UsageError } from "../io.ts";

/** The options by which `send` and `listen` find a hub; a running demo stands in for those left out. */
export const CONNECTION_OPTIONS = {
  broker: { type: "string" },
  tenant: { type: "string" },
  hub: { type: "string" },
  keys: { type: "string" },
} as const;

export const CONNECTION_HELP = `  --broker URL      the MQTT broker, as mqtt://127.0.0.1:1883
  --tenant T        the hub's tenant (default: demo)
  --hub EUI64       the hub's Entity Identifier (CHF)
  --keys DIR|FILE   a folder of "hanway pki init", or a keystore file
                    A demo that runs on this machine stands in for what is left out.`;

export interface ConnectionValues {
  readonly broker?: string | undefined;
  readonly tenant?: string | undefined;
  readonly hub?: string | undefined;
  readonly keys?: string | undefined;
}

/** A hub that can be spoken to. */
export interface Connection {
  readonly broker: string;
  readonly root: WanRoot;
  readonly parties: PartyStore;
  readonly devices: readonly RunDevice[];
}

/** Puts options and the running demo together. Throws UsageError naming what is missing, `config/*` for the keys. */
export function connectionOf(values: ConnectionValues): Connection {
  const run = readRunFile();
  const broker = values.broker ?? run?.broker ?? missing("--broker URL");
  const keys = values.keys ?? run?.keys ?? missing("--keys DIR");
  const hub =
    values.hub === undefined ? (run?.hub ?? missing("--hub EUI64")) : eui64Option(values.hub, "hub");
  const tenant = values.tenant ?? run?.tenant ?? "demo";
  if (!isTenant(tenant)) throw new UsageError("--tenant takes 1 to 64 letters, digits, _ or -");
  if (!/^(?:mqtts?|wss?|tcp):\/\/\S+$/.test(broker))
    throw new UsageError("--broker takes a URL such as mqtt://host:1883");
  const parties = PartyStore.open(keys);
  const known = [...parties.devices()].map(([eui64, type]) => ({ eui64, type }));
  const own = run !== undefined && run.hub === hub ? run.devices : [];
  const devices = [...own, ...known.filter(({ eui64 }) => !own.some((one) => one.eui64 === eui64))];
  return { broker, root: { tenant, hub }, parties, devices };
}

function missing(option: string): never {
  throw new UsageError(`no demo runs on this machine: give ${option}, or start "hanway demo"`);
}

/** A device as the tools know it. */
export interface Target {
  readonly eui64: Eui64;
  readonly kind: DeviceKind | undefined;
  /** Undefined for the hub itself, which takes a message of any size. */
  readonly transferSize: number | undefined;
}

/** GBCS has devices take 1,500 octets in one message. */
const TRANSFER_SIZE = 1_500;

/** The device that `--to` means: an EUI-64, or a type of which there is one. Throws UsageError. */
export function targetOf(text: string, { devices, root }: Connection): Target {
  const eui64 = /^[0-9a-fA-F:-]{16,23}$/.test(text)
    ? eui64Option(text, "to")
    : deviceNamed(text, devices, root);
  const device = devices.find((one) => one.eui64 === eui64);
  const kind = eui64 === root.hub ? "CHF" : device && kindOf(device.type);
  const isHub = kind === "CHF" || kind === "GPF";
  return { eui64, kind, transferSize: isHub ? undefined : (device?.transferSize ?? TRANSFER_SIZE) };
}

function deviceNamed(name: string, devices: readonly RunDevice[], root: WanRoot): Eui64 {
  const type = name.toLowerCase();
  if (type === "chf" || type === "hub") return root.hub;
  const found = devices.filter((device) => device.type === type);
  const [only, ...others] = found;
  if (only === undefined) {
    const known = [...new Set(devices.map((device) => device.type))].join(", ");
    throw new UsageError(`--to takes an EUI-64 or a device type; known are ${known || "none"}`);
  }
  if (others.length > 0)
    throw new UsageError(`there are several: ${found.map(({ eui64 }) => eui64).join(", ")}`);
  return only.eui64;
}

const KINDS: Readonly<Record<string, DeviceKind>> = {
  esme: "ESME",
  gsme: "GSME",
  chf: "CHF",
  gpf: "GPF",
  ppmid: "PPMID",
  hcalcs: "HCALCS",
  sapc: "SAPC",
  ihd: "IHD",
  cad: "CAD",
};

function kindOf(type: string): DeviceKind | undefined {
  return Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
}
