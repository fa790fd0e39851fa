import { toHex } from "../../base/bytes.ts";
import type { MessageHandler } from "./device.ts";

/**
 * Answers each known Command, byte for byte, with its recorded Response, and stays silent at any other. A Command
 * that stands there twice keeps its first Response.
 */
export function recordedResponder(
  pairs: Iterable<{ command: Uint8Array; response: Uint8Array }>,
): MessageHandler {
  const responses = new Map<string, Uint8Array>();
  for (const { command, response } of pairs) {
    const name = toHex(command);
    if (!responses.has(name)) responses.set(name, response);
  }
  return (message) => responses.get(toHex(message));
}
