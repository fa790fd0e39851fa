import type { Writable } from "node:stream";
import { pino } from "pino";
import type { Log } from "../base/log.ts";

/** A log that writes one JSON object a line to the stream given, at the level given and above. */
export function makeLog(level: "debug" | "info" | "warn" | "error", stream: Writable): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}
