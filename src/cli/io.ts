import type { Readable, Writable } from "node:stream";
import { HanwayError } from "../base/error.ts";
import { Eui64 } from "../base/eui64.ts";

/** What a sub-command may touch of the outside: tests give it streams of their own. */
export interface Io {
  stdin: Readable;
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable & { isTTY?: boolean };
  /** Aborted by the first SIGINT or SIGTERM, with the signal's name as the reason. */
  signal: AbortSignal;
}

/** Resolves at the first signal. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Exit code of a command that a signal ended before it came to its own end. */
export const INTERRUPTED = 130;

/** Exit code of a service that runs until it is stopped: 130 after Ctrl-C, 0 after a service manager's SIGTERM. */
export function stoppedCode(signal: AbortSignal): number {
  return signal.reason === "SIGINT" ? INTERRUPTED : 0;
}

/** Runs one sub-command; the number is the exit code (0 good, 1 bad result, 2 usage, config or environment). */
export type Command = (args: string[], io: Io) => Promise<number>;

/** A wrong call: its sentence goes to standard error and the exit code is 2. */
export class UsageError extends Error {}

export function say(stream: Writable, line: string): void {
  stream.write(`${line}\n`);
}

/** A whole number from an option, within bounds. */
export function numberOption(
  value: string | undefined,
  name: string,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new UsageError(`--${name} takes a whole number from ${least} to ${most}`);
  }
  return number;
}

/** A share of lost frames from an option, up to `most`; 0 where it is left out. */
export function shareOption(value: string | undefined, name: string, most = 0.3): number {
  if (value === undefined) return 0;
  const share = Number(value);
  if (value.trim() === "" || !(share >= 0 && share <= most)) {
    throw new UsageError(`--${name} takes a share from 0 to ${most}`);
  }
  return share;
}

/** An EUI-64 from an option. */
export function eui64Option(value: string, name: string): Eui64 {
  return argument(() => Eui64(value, `--${name}`));
}

/** Seconds as `20s`, `500ms`, `2m` or a bare number of seconds; returns milliseconds. */
export function durationOption(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|)$/.exec(value);
  const unit = { ms: 1, s: 1_000, m: 60_000, "": 1_000 }[match?.[2] ?? "?"];
  if (match === null || unit === undefined)
    throw new UsageError(`--${name} takes a time such as 20s, 500ms or 2m`);
  return Number(match[1]) * unit;
}

/** A value from the command line: what its parser refuses is a wrong call. */
export function argument<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof HanwayError ? new UsageError(error.message) : error;
  }
}

/**
 * Turns whatever a command threw into one sentence and an exit code; with `json`, a bad result is an object
 * `{"error": {code, field, offset, message}}` on standard output as well.
 */
export function explain(error: unknown, io: Io, json = false): number {
  if (error instanceof UsageError) {
    say(io.stderr, `hanway: ${printable(error.message)}`);
    return 2;
  }
  if (error instanceof HanwayError) {
    const { code, field, offset, message } = error;
    say(io.stderr, `hanway: ${printable(message)}`);
    if (ENVIRONMENT.has(code.split("/")[0] ?? "")) return 2;
    if (json) say(io.stdout, JSON.stringify({ error: { code, field, offset, message } }));
    return 1;
  }
  say(
    io.stderr,
    `hanway: internal fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return 1;
}

/** Arguments and files may hold control characters, which a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Error families that mean "cannot run here": a setting, a port, a broker, a file. */
const ENVIRONMENT = new Set(["config", "radio", "wan", "emulator", "store"]);
