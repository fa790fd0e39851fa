import type { Clock } from "../base/clock.ts";
import type { DeviceType } from "../base/device-type.ts";
import type { Eui64 } from "../base/eui64.ts";
import { systemRandom } from "../base/random.ts";
import { addKeys, readAuthorities, writePki } from "../headend/pki/folder.ts";
import { createPki, issueDevices, type PkiDevice } from "../headend/pki/issue.ts";
import { isPkiDeviceType, type PartyName } from "../headend/pki/parties.ts";
import { addZigbeeDevices, writeZigbeeAuthority } from "./zigbee-authority.ts";

/** A device that is to have keys; in-home displays and consumer access devices only get those of the HAN. */
export interface KeyedDevice {
  readonly type: DeviceType | "chf" | "gpf";
  readonly eui64: Eui64;
}

/**
 * Makes a test PKI in a new or empty folder: GBCS keys of every party and device, and Smart Energy certificates of the
 * devices. Returns the number of GBCS certificates. Throws `config/*`.
 */
export function makeTestPki(
  folder: string,
  devices: readonly KeyedDevice[],
  clock: Clock,
  parties: ReadonlyMap<PartyName, Eui64> = new Map(),
): number {
  const request = { devices: certified(devices), parties, notBefore: notBefore(clock) };
  const pki = createPki(request, systemRandom);
  writePki(folder, pki);
  writeZigbeeAuthority(folder, eui64sOf(devices));
  return pki.authorities.length + pki.keys.length;
}

/** Gives more devices keys by the authorities of a folder; returns the number of GBCS certificates. Throws `config/*`. */
export function extendTestPki(folder: string, devices: readonly KeyedDevice[], clock: Clock): number {
  const keys = issueDevices(readAuthorities(folder), certified(devices), notBefore(clock), systemRandom);
  addKeys(folder, keys);
  addZigbeeDevices(folder, eui64sOf(devices));
  return keys.length;
}

function certified(devices: readonly KeyedDevice[]): PkiDevice[] {
  return devices.flatMap(({ type, eui64 }) => (isPkiDeviceType(type) ? [{ type, eui64 }] : []));
}

function eui64sOf(devices: readonly KeyedDevice[]): Eui64[] {
  return devices.map(({ eui64 }) => eui64);
}

/** A day ago, so that a device whose clock is behind takes the certificates. Unix time in seconds. */
function notBefore(clock: Clock): number {
  return Math.floor(clock.now() / 1000) - 86_400;
}
