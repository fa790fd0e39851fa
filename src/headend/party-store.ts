import type { KeyObject } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { HanwayError } from "../base/error.ts";
import { Eui64 } from "../base/eui64.ts";
import { type Keystore, readKeystore } from "../gbcs/keystore.ts";
import type { SoftwareKeyAgreement } from "../gbcs/security/key-agreement.ts";
import { keystoreAgreement } from "../gbcs/security/recorded.ts";
import { readText } from "./files.ts";
import { AUTHORITIES_FILE, KEYSTORE_FILE, readAuthorities, records } from "./pki/folder.ts";
import {
  isPartyName,
  isPkiDeviceType,
  PARTIES,
  PARTY_NAMES,
  type PartyName,
  type PkiDeviceType,
} from "./pki/parties.ts";

/** The parties that a head-end speaks for, with their keys, and the devices that it knows certificates of. */
export class PartyStore {
  readonly keystore: Keystore;
  readonly keys: SoftwareKeyAgreement;
  readonly accessControlBroker: Eui64;
  /** Folder of the test PKI; undefined for an outside keystore, beside which nothing is to be written. */
  readonly folder: string | undefined;
  readonly #parties: ReadonlyMap<PartyName, Eui64>;
  readonly #devices: ReadonlyMap<Eui64, PkiDeviceType>;

  private constructor(
    keystore: Keystore,
    folder: string | undefined,
    parties: ReadonlyMap<PartyName, Eui64>,
    devices: ReadonlyMap<Eui64, PkiDeviceType>,
  ) {
    this.keystore = keystore;
    this.keys = keystoreAgreement(keystore);
    this.folder = folder;
    this.#parties = parties;
    this.#devices = devices;
    const broker = parties.get("acb") ?? keystore.accessControlBroker;
    if (broker === undefined)
      throw new HanwayError("config/invalid", "no Access Control Broker in it", { field: "keystore" });
    this.accessControlBroker = broker;
  }

  /**
   * Loads the folder of a test PKI, or a keystore file: there the parties are known by the roles in their certificates,
   * several of one role in the order of their EUI-64s. Throws `config/unreadable` or `config/invalid`.
   */
  static open(path: string): PartyStore {
    const folder = isFolder(path) ? path : undefined;
    const file = folder === undefined ? path : join(folder, KEYSTORE_FILE);
    const text = readText(file);
    const keystore = readKeystore(text);
    const list = records(text, "keystore");
    const parties = new Map<PartyName, Eui64>();
    const devices = new Map<Eui64, PkiDeviceType>();
    const byRole = new Map<number, Set<Eui64>>();
    for (const { eui64: id, name } of list) {
      const eui64 = Eui64(String(id));
      const role = keystore.role(eui64);
      if (role !== undefined) byRole.set(role, (byRole.get(role) ?? new Set()).add(eui64));
      if (typeof name !== "string") continue;
      if (isPartyName(name)) parties.set(name, eui64);
      else if (isPkiDeviceType(name)) devices.set(eui64, name);
    }
    nameByRole(parties, byRole);
    return new PartyStore(keystore, folder, parties, devices);
  }

  /** A party by its name or EUI-64. Throws `headend/unknown` for a name that is none, `crypto/key` where it has no key. */
  party(nameOrEui64: string): Eui64 {
    if (isPartyName(nameOrEui64)) {
      const found = this.#parties.get(nameOrEui64);
      if (found !== undefined) return found;
      throw new HanwayError("crypto/key", `there are no keys of a ${nameOrEui64}`, { field: "as" });
    }
    if (/^[0-9a-fA-F:-]{16,23}$/.test(nameOrEui64)) return Eui64(nameOrEui64, "as");
    throw new HanwayError(
      "headend/unknown",
      `no party "${nameOrEui64.slice(0, 40)}"; there are ${PARTY_NAMES.join(", ")}`,
      {
        field: "as",
      },
    );
  }

  /** The name of a party or a device; undefined for a stranger. */
  nameOf(eui64: Eui64): PartyName | PkiDeviceType | undefined {
    for (const [name, id] of this.#parties) if (id === eui64) return name;
    return this.#devices.get(eui64);
  }

  /** Devices by what the PKI says of them; an outside keystore says nothing. */
  devices(): ReadonlyMap<Eui64, PkiDeviceType> {
    return this.#devices;
  }

  /** Certificates of the authorities that stand between organisations and their root; none for an outside keystore. */
  issuingCertificates(): readonly Uint8Array[] {
    if (this.folder === undefined || !existsSync(join(this.folder, AUTHORITIES_FILE))) return [];
    return readAuthorities(this.folder)
      .filter(({ name }) => name === "organisation-issuing")
      .map(({ certificate }) => certificate);
  }

  /** Digital Signature public key of a party or a device. */
  signatureKeyOf(eui64: Eui64): KeyObject | undefined {
    return this.keystore.publicKey(eui64, "DS");
  }
}

function nameByRole(parties: Map<PartyName, Eui64>, byRole: ReadonlyMap<number, ReadonlySet<Eui64>>): void {
  const taken = new Set(parties.values());
  for (const { name, role } of PARTIES) {
    if (parties.has(name)) continue;
    const free = [...(byRole.get(role) ?? [])].sort().find((eui64) => !taken.has(eui64));
    if (free === undefined) continue;
    parties.set(name, free);
    taken.add(free);
  }
  // Where no supplier serves gas alone, the supplier serves both.
  const gas = parties.get("gas-supplier") ?? parties.get("supplier");
  if (gas !== undefined) parties.set("gas-supplier", gas);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw new HanwayError("config/unreadable", `${path}: there is no such file or folder`, { cause });
  }
}
