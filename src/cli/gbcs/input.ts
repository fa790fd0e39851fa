import { existsSync, readFileSync, statSync } from "node:fs";
import { addAbortSignal } from "node:stream";
import { HanwayError } from "../../base/error.ts";
import { MAX_MESSAGE } from "../../gbcs/envelope/layout.ts";
import { type Keystore, readKeystore } from "../../gbcs/keystore.ts";
import { type Io, UsageError } from "../io.ts";

/** Text and decoded forms take more room than the message; what is larger is no message. */
const MAX_INPUT = 64 * MAX_MESSAGE;
const HEX = /^(?:0x)?[0-9a-fA-F\s:]*$/;
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

/** Where a message comes from that is not in the arguments, and what ends the waiting for it. */
export type Input = Pick<Io, "stdin" | "signal">;

/** The octets given as an argument (text or the name of a file), or on standard input where there is none. */
export async function readInput(argument: string | undefined, io: Input): Promise<Uint8Array> {
  if (argument === undefined || argument === "-") return readStream(io);
  if (isFile(argument)) return readFile(argument, MAX_INPUT);
  return new TextEncoder().encode(argument);
}

/**
 * The message in what was given: binary when it begins with the tag of a MAC header or a Grouping Header, else hex with
 * or without spaces, else base64.
 */
export function messageOf(input: Uint8Array): Uint8Array {
  if (input[0] === 0xdd || input[0] === 0xdf) return input;
  const text = new TextDecoder().decode(input).trim();
  if (text !== "" && HEX.test(text)) {
    const digits = text.replace(/^0x/, "").replace(/[\s:]/g, "");
    if (digits.length % 2 === 0) return new Uint8Array(Buffer.from(digits, "hex"));
  }
  if (BASE64.test(text)) {
    const decoded = Buffer.from(text, "base64");
    if (decoded[0] === 0xdd || decoded[0] === 0xdf) return new Uint8Array(decoded);
  }
  throw new UsageError("the message is neither binary, nor hex, nor base64");
}

/** JSON given as an argument (text or the name of a file) or on standard input. */
export async function readJson(argument: string | undefined, io: Input, what: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readInput(argument, io));
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${what} is not JSON`);
  }
}

/** The keystore of an option; undefined where the option is not given. */
export function readKeystoreOption(path: string | undefined): Keystore | undefined {
  return path === undefined ? undefined : readKeystore(new TextDecoder().decode(readFile(path)));
}

/** An Originator Counter from an option. */
export function counterOption(text: string, name: string): bigint {
  if (!/^(?:\d{1,20}|0x[0-9a-fA-F]{1,16})$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn) {
    throw new UsageError(`--${name} takes a whole number of 64 bits, decimal or 0x`);
  }
  return BigInt(text);
}

/** A whole file, `config/unreadable` where that cannot be. */
export function readFile(path: string, limit = 1 << 30): Uint8Array {
  try {
    if (statSync(path).size > limit) throw new UsageError(`${path} is too large for a message`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new HanwayError("config/unreadable", `${path} cannot be read`, { cause: error });
  }
}

/** Hex is also a possible file name; a name too long for the file system is none. */
function isFile(name: string): boolean {
  return name.length < 4096 && existsSync(name) && statSync(name).isFile();
}

async function readStream({ stdin, signal }: Input): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of addAbortSignal(signal, stdin)) {
    const octets = typeof chunk === "string" ? new TextEncoder().encode(chunk) : new Uint8Array(chunk);
    size += octets.length;
    if (size > MAX_INPUT) throw new UsageError("standard input is too large for a message");
    chunks.push(octets);
  }
  return Buffer.concat(chunks);
}
