import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { HanwayError } from "../../base/error.ts";
import { Eui64 } from "../../base/eui64.ts";
import { makeFolder } from "../../base/folder.ts";
import type { StackSnapshot } from "../stack/coordinator.ts";
import type { DeviceNodeSnapshot } from "../stack/device-node.ts";
import type { Binding } from "./ram.ts";

/** Settings of a formation that the stack below does not need. */
export interface Formation {
  joinMethod: number;
  networkManagerId: number;
  networkUpdateId: number;
  channels: number;
}

/** What a real NCP keeps in its tokens: survives a reset, and a restart where there is a file. */
export interface NcpFlash {
  tokens: Record<string, string>;
  mfgTokens: Record<string, string>;
  bindings: Record<string, Binding>;
  formation?: Formation;
  securityBitmask: number;
  extendedSecurityBitmask: number;
}

export interface StateFile {
  format: "hanway-emulated-ncp";
  version: 1;
  eui64: Eui64;
  stack: StackSnapshot;
  ncp: NcpFlash;
  /** What the emulated devices of the same run keep, by EUI-64. */
  devices?: Record<string, DeviceNodeSnapshot>;
}

export function emptyFlash(): NcpFlash {
  return { tokens: {}, mfgTokens: {}, bindings: {}, securityBitmask: 0, extendedSecurityBitmask: 0 };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): boolean {
  return Number.isInteger(value);
}

function isKey(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{32}$/.test(value);
}

function isEui(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}

function isListOf(value: unknown, check: (item: Record<string, unknown>) => boolean): boolean {
  return Array.isArray(value) && value.every((item: unknown) => isObject(item) && check(item));
}

function isNetwork(value: unknown): boolean {
  return (
    value === undefined ||
    (isObject(value) &&
      isEui(value.extendedPanId) &&
      ["panId", "channel", "txPower"].every((name) => isNumber(value[name])))
  );
}

function isStack(value: unknown): value is StackSnapshot {
  if (!isObject(value)) return false;
  const counter = value.outgoingApsFrameCounter;
  return (
    isEui(value.eui64) &&
    isNetwork(value.network) &&
    isNumber(value.outgoingFrameCounter) &&
    (counter === undefined || isNumber(counter)) &&
    (value.trustCenterKey === undefined || isKey(value.trustCenterKey)) &&
    isListOf(value.networkKeys, (item) => isKey(item.key) && isNumber(item.sequence)) &&
    isListOf(
      value.linkKeys,
      (item) =>
        isEui(item.eui64) &&
        isKey(item.key) &&
        isNumber(item.outgoingFrameCounter) &&
        isNumber(item.incomingFrameCounter),
    ) &&
    isListOf(value.children, (item) => isEui(item.eui64) && isNumber(item.nodeId))
  );
}

function isHexTable(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((item) => /^([0-9a-f]{2})*$/.test(String(item)));
}

function isFlash(value: unknown): value is NcpFlash {
  return (
    isObject(value) &&
    isHexTable(value.tokens) &&
    isHexTable(value.mfgTokens) &&
    isObject(value.bindings) &&
    Object.values(value.bindings).every(
      (item) => isObject(item) && isEui(item.identifier) && isNumber(item.clusterId),
    ) &&
    (value.formation === undefined || isObject(value.formation)) &&
    isNumber(value.securityBitmask) &&
    isNumber(value.extendedSecurityBitmask)
  );
}

function isHome(value: unknown): boolean {
  return (
    value === undefined ||
    (isObject(value) &&
      isEui(value.extendedPanId) &&
      isEui(value.trustCenter) &&
      isKey(value.networkKey) &&
      ["channel", "panId", "nodeId", "networkKeySequence"].every((name) => isNumber(value[name])))
  );
}

function isDevice(value: unknown): boolean {
  const counters = ["outgoingFrameCounter", "outgoingApsFrameCounter", "trustCenterIncoming"];
  if (!isObject(value) || !counters.every((name) => isNumber(value[name]))) return false;
  const { trustCenterKey, trustCenterKeyIs, formerKey, partnerKeys, home } = value;
  return (
    isHome(home) &&
    (trustCenterKey === undefined || isKey(trustCenterKey)) &&
    (trustCenterKeyIs === undefined || trustCenterKeyIs === "hashed") &&
    (formerKey === undefined || isKey(formerKey)) &&
    (partnerKeys === undefined ||
      isListOf(partnerKeys, (item) => isEui(item.eui64) && isKey(item.key) && isNumber(item.incoming)))
  );
}

function areDevices(value: unknown): boolean {
  return value === undefined || (isObject(value) && Object.values(value).every(isDevice));
}

function isStateFile(value: unknown): value is StateFile {
  return (
    isObject(value) &&
    value.format === "hanway-emulated-ncp" &&
    value.version === 1 &&
    isEui(value.eui64) &&
    isStack(value.stack) &&
    isFlash(value.ncp) &&
    areDevices(value.devices)
  );
}

/** Reads what an earlier run left; undefined where there is no file. Throws `config/unreadable` for one that is not such a file. */
export function readStateFile(path: string): StateFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new HanwayError("config/unreadable", `${path} cannot be read`, { field: "state", cause: error });
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new HanwayError("config/unreadable", `${path} is not JSON`, { field: "state", cause: error });
  }
  if (!isStateFile(content))
    throw new HanwayError("config/unreadable", `${path} is no state of an emulated coordinator`, {
      field: "state",
    });
  return { ...content, eui64: Eui64(content.eui64) };
}

/**
 * Replaces the file as a whole: write, fsync, rename, fsync of the folder, so that a power cut leaves the old or the
 * new state and never half of one. Only the owner may read it: it holds keys.
 */
export function writeStateFile(path: string, state: StateFile): void {
  const folder = dirname(path);
  makeFolder(folder);
  const temporary = `${path}.new`;
  const file = openSync(temporary, "w", 0o600);
  try {
    writeSync(file, `${JSON.stringify(state)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const directory = openSync(folder, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
