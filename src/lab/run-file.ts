import { rmSync, statSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import { isTenant, type Tenant } from "../base/wan-topic.ts";
import { makePrivateFolder, readText, writePrivateFile } from "../headend/files.ts";

/** One device of a running demo. */
export interface RunDevice {
  readonly eui64: Eui64;
  /** A type of `DEVICE_TYPES`, `chf` or `gpf`. */
  readonly type: string;
  /** Octets that it takes in one message; absent for no limit. */
  readonly transferSize?: number;
}

/** What a tool has to know to speak to a demo that runs on this machine. */
export interface RunFile {
  readonly pid: number;
  /** URL of the broker. */
  readonly broker: string;
  readonly tenant: Tenant;
  /** EUI-64 of the hub (CHF). */
  readonly hub: Eui64;
  /** Folder of the test PKI. */
  readonly keys: string;
  readonly devices: readonly RunDevice[];
  /** The hub's local socket, where it has one. */
  readonly control?: string;
}

const FILE = "demo.json";

/** Where the run file of this user lies. */
export function runFilePath(folder = join(tmpdir(), `hanway-${userInfo().uid}`)): string {
  return join(folder, FILE);
}

/** Says that a demo runs, for tools of the same user; disposing of the result takes it back. Throws `config/unreadable`. */
export function writeRunFile(run: RunFile, folder?: string): Disposable {
  const path = runFilePath(folder);
  makePrivateFolder(dirname(path));
  requireOwnFolder(dirname(path));
  writePrivateFile(path, `${JSON.stringify(run)}\n`);
  return {
    [Symbol.dispose]: () => {
      // Another demo may have taken the place meanwhile.
      if (readRunFile(folder)?.pid === run.pid) rmSync(path, { force: true });
    },
  };
}

/** The folder stands where everybody may write: one that somebody else made is not to be trusted. */
function requireOwnFolder(path: string): void {
  const { uid, mode } = statSync(path);
  if (uid === userInfo().uid && (mode & 0o022) === 0) return;
  throw new HanwayError("config/unreadable", `${path} is not this user's own`, { field: "runFile" });
}

/** The demo that runs, or undefined where none does, or where the file is not this user's own. */
export function readRunFile(folder?: string): RunFile | undefined {
  const path = runFilePath(folder);
  try {
    const { uid, mode } = statSync(path);
    if (uid !== userInfo().uid || (mode & 0o077) !== 0) return undefined;
    const run: unknown = JSON.parse(readText(path));
    return isRunFile(run) && isAlive(run.pid) ? run : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function isRunFile(value: unknown): value is RunFile {
  if (typeof value !== "object" || value === null) return false;
  const get = (name: string): unknown => Reflect.get(value, name);
  const tenant = get("tenant");
  const devices = get("devices");
  return (
    typeof get("pid") === "number" &&
    typeof get("broker") === "string" &&
    typeof get("keys") === "string" &&
    typeof tenant === "string" &&
    isTenant(tenant) &&
    isEui64(get("hub")) &&
    ["string", "undefined"].includes(typeof get("control")) &&
    Array.isArray(devices) &&
    devices.every(isRunDevice)
  );
}

function isRunDevice(value: unknown): value is RunDevice {
  if (typeof value !== "object" || value === null) return false;
  const size: unknown = Reflect.get(value, "transferSize");
  if (size !== undefined && typeof size !== "number") return false;
  return isEui64(Reflect.get(value, "eui64")) && typeof Reflect.get(value, "type") === "string";
}

function isEui64(value: unknown): value is Eui64 {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}
