import { hkdfSync } from "node:crypto";
import { join } from "node:path";
import { fromHex, toHex } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { Eui64 } from "../base/eui64.ts";
import { type Random, systemRandom } from "../base/random.ts";
import { type Credential, type SuiteBit, TestAuthority, type TrustedIssuer } from "../cbke/index.ts";
import { readText, writePrivateFile } from "../headend/files.ts";

/** Smart Energy certificates of a test PKI: what devices trust, and each device's credentials in both suites. */
export const ZIGBEE_FILE = "zigbee.json";

/** EUI-64 of the test authority for Key Establishment, locally administered. */
const ISSUER = Eui64("02fa17e0000001ca");
const SUITES: readonly SuiteBit[] = [0x0001, 0x0002];
const SECRET_OCTETS = 32;

/** What the file holds, read. */
export interface ZigbeeCredentials {
  readonly trusted: readonly TrustedIssuer[];
  readonly of: ReadonlyMap<Eui64, readonly Credential[]>;
}

/** Makes the authority of both suites and credentials of the devices, and writes them into the folder of a test PKI. */
export function writeZigbeeAuthority(folder: string, devices: readonly Eui64[]): void {
  write(folder, systemRandom.bytes(SECRET_OCTETS), devices, []);
}

/** Gives more devices credentials by the same authority. Throws `config/*` where the folder has none. */
export function addZigbeeDevices(folder: string, devices: readonly Eui64[]): void {
  const held = readFile(folder);
  write(folder, fromHex(held.secret, "secret"), devices, held.devices);
}

/** The credentials in the folder of a test PKI. Throws `config/*`. */
export function readZigbeeCredentials(folder: string): ZigbeeCredentials {
  const { trusted, devices } = readFile(folder);
  const of = new Map<Eui64, Credential[]>();
  for (const { eui64, suite, certificate, privateKey } of devices) {
    const credential = { suite, certificate: fromHex(certificate), privateKey: fromHex(privateKey) };
    of.set(eui64, [...(of.get(eui64) ?? []), credential]);
  }
  return {
    of,
    trusted: trusted.map(({ suite, issuer, publicKey }) => ({
      suite,
      issuer,
      publicKey: fromHex(publicKey),
    })),
  };
}

interface Issued {
  readonly eui64: Eui64;
  readonly suite: SuiteBit;
  readonly certificate: string;
  readonly privateKey: string;
}

interface ZigbeeFile {
  /** Hex. The authority's keys come from it. */
  readonly secret: string;
  readonly trusted: readonly {
    readonly suite: SuiteBit;
    readonly issuer: Eui64;
    readonly publicKey: string;
  }[];
  readonly devices: readonly Issued[];
}

function write(folder: string, secret: Uint8Array, added: readonly Eui64[], held: readonly Issued[]): void {
  const authorities = SUITES.map((suite) => authorityOf(suite, secret));
  const issued = added.flatMap((eui64) =>
    authorities.map((authority): Issued => {
      const { suite, certificate, privateKey } = authority.issue(eui64);
      return { eui64, suite, certificate: toHex(certificate), privateKey: toHex(privateKey) };
    }),
  );
  const trusted = authorities.map((authority) => {
    const { suite, issuer, publicKey } = authority.trusted();
    return { suite, issuer, publicKey: toHex(publicKey) };
  });
  const file: ZigbeeFile = { secret: toHex(secret), trusted, devices: [...held, ...issued] };
  writePrivateFile(join(folder, ZIGBEE_FILE), `${JSON.stringify(file, null, 1)}\n`);
}

/** The authority's own key is drawn from the secret, so that it is the same one later; what it issues is all by chance. */
function authorityOf(suite: SuiteBit, secret: Uint8Array): TestAuthority {
  let drawn = 0;
  let making = true;
  const random: Random = {
    ...systemRandom,
    bytes: (count) => {
      if (!making) return systemRandom.bytes(count);
      return new Uint8Array(hkdfSync("sha256", secret, "", `hanway zigbee ${suite} ${drawn++}`, count));
    },
  };
  const authority = new TestAuthority(suite, ISSUER, random);
  making = false;
  return authority;
}

function readFile(folder: string): ZigbeeFile {
  const text = readText(join(folder, ZIGBEE_FILE));
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return refuse();
  }
  return isZigbeeFile(parsed) ? parsed : refuse();
}

function isZigbeeFile(value: unknown): value is ZigbeeFile {
  if (typeof value !== "object" || value === null) return false;
  if (!("secret" in value && "trusted" in value && "devices" in value)) return false;
  const { secret, trusted, devices } = value;
  if (typeof secret !== "string" || !Array.isArray(trusted) || !Array.isArray(devices)) return false;
  const texts = (one: unknown, names: readonly string[]) =>
    typeof one === "object" &&
    one !== null &&
    names.every((name) => typeof Reflect.get(one, name) === "string");
  return (
    trusted.every((one) => texts(one, ["issuer", "publicKey"])) &&
    devices.every((one) => texts(one, ["eui64", "certificate", "privateKey"]))
  );
}

function refuse(): never {
  throw new HanwayError("config/invalid", "not the file of a test authority", { field: ZIGBEE_FILE });
}
