import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fromHex, toHex } from "../../base/bytes.ts";
import { replaceFile } from "../../base/durable-file.ts";
import { HanwayError } from "../../base/error.ts";
import { Eui64 } from "../../base/eui64.ts";
import { makeFolder } from "../../base/folder.ts";

/**
 * The home network as the hub remembers it, so that it comes back as the same network after a restart, and after
 * the stick has lost its own memory. Holds the network key: the file has mode 0600 and is never logged.
 */
export interface NetworkRecord {
  /** The radio's own EUI-64: the identifier of the GPF. A record never moves to another radio. */
  eui64: Eui64;
  extendedPanId: Eui64;
  panId: number;
  channel: number;
  /** 16 octets. */
  networkKey: Uint8Array;
  /** Sequence number of the network key, 0 to 255. */
  keySequence: number;
  /** The key that follows, 16 octets, from before it is given to anybody until all have switched to it. */
  nextNetworkKey?: Uint8Array | undefined;
  /** Outgoing NWK frame counter that was never reached; the start when the network must be formed again. */
  frameCounter: number;
  /** The same for frames under link keys. */
  apsFrameCounter: number;
}

/** What one driver leaves to the next: the stored network, and how long the stick takes to reset. */
export class NetworkMemory {
  /** Time of the last reset; undefined before the first. */
  resetMs: number | undefined;
  readonly #file: string;
  #record: NetworkRecord | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** The network to resume, undefined for a hub that never formed one. */
  get record(): NetworkRecord | undefined {
    return this.#record;
  }

  load(): void {
    this.#record = readNetworkRecord(this.#file);
  }

  save(record: NetworkRecord): void {
    writeNetworkRecord(this.#file, record);
    this.#record = record;
  }
}

/** Reads the record, or undefined where there is none. Throws `config/unreadable` rather than form a new network. */
export function readNetworkRecord(file: string): NetworkRecord | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new HanwayError("config/unreadable", `network record ${file} cannot be read`, { cause });
  }
  try {
    const value: Record<string, unknown> = JSON.parse(text);
    const networkKey = key(value.networkKey, "networkKey");
    return {
      eui64: Eui64(String(value.eui64)),
      extendedPanId: Eui64(String(value.extendedPanId)),
      panId: whole(value.panId, 0xffff, "panId"),
      channel: whole(value.channel, 26, "channel"),
      networkKey,
      // A record of an earlier version has none of the three.
      keySequence: whole(value.keySequence ?? 0, 0xff, "keySequence"),
      ...(value.nextNetworkKey === undefined
        ? {}
        : { nextNetworkKey: key(value.nextNetworkKey, "nextNetworkKey") }),
      frameCounter: whole(value.frameCounter, 0xffff_ffff, "frameCounter"),
      apsFrameCounter: whole(value.apsFrameCounter ?? 0, 0xffff_ffff, "apsFrameCounter"),
    };
  } catch {
    // The cause would quote the file, and with it the key.
    throw new HanwayError(
      "config/unreadable",
      `network record ${file} is damaged; restore it from a backup, or remove it to form a new network (every device must then join again)`,
    );
  }
}

/** Writes the record so that a power cut leaves the old one or the new one. Throws `store/failed`. */
export function writeNetworkRecord(file: string, record: NetworkRecord): void {
  try {
    makeFolder(dirname(file), 0o700);
    replaceFile(file, serialised(record));
  } catch (cause) {
    throw new HanwayError("store/failed", `network record ${file} cannot be written`, { cause });
  }
}

/** The record after the step from its network key to the next one; the same where there is none. */
export function afterKeySwitch(record: NetworkRecord): NetworkRecord {
  const { nextNetworkKey, ...rest } = record;
  if (nextNetworkKey === undefined) return record;
  return { ...rest, networkKey: nextNetworkKey, keySequence: (record.keySequence + 1) & 0xff };
}

function serialised({ networkKey, nextNetworkKey, ...rest }: NetworkRecord): string {
  const keys = {
    networkKey: toHex(networkKey),
    ...(nextNetworkKey === undefined ? {} : { nextNetworkKey: toHex(nextNetworkKey) }),
  };
  return `${JSON.stringify({ ...rest, ...keys }, null, 2)}\n`;
}

function key(value: unknown, field: string): Uint8Array {
  const octets = fromHex(String(value), field);
  if (octets.length !== 16) throw new HanwayError("decode/length", "a key has 16 octets", { field });
  return octets;
}

function whole(value: unknown, max: number, field: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max)
    throw new HanwayError("decode/value", `0 to ${max} is allowed`, { field });
  return value;
}
