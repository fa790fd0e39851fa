import { createHash } from "node:crypto";
import type { UplinkMessage } from "../base/uplink.ts";

/**
 * What devices may send once more after a hub that was cut off between storing a message and acknowledging it: the last
 * messages of each device and lane that were stored when this start began. A GBCS message carries a counter, so the same
 * octets are the same message.
 *
 * A device repeats what was not acknowledged before it says anything new, so its first new message ends the matter for
 * that lane: whoever tests meters may send the same octets as often as they like.
 */
export class Repeats {
  readonly #stored = new Map<string, Set<string>>();

  constructor(stored: Iterable<UplinkMessage>) {
    for (const message of stored) {
      const digests = this.#stored.get(sender(message));
      if (digests === undefined) this.#stored.set(sender(message), new Set([digest(message.payload)]));
      else digests.add(digest(message.payload));
    }
  }

  /** Whether this message was stored before the start; asked once for every message that a device sends. */
  has(message: UplinkMessage): boolean {
    if (this.#stored.size === 0) return false;
    const name = sender(message);
    if (this.#stored.get(name)?.delete(digest(message.payload))) return true;
    this.#stored.delete(name);
    return false;
  }
}

const sender = ({ device, lane }: UplinkMessage) => `${device} ${lane}`;
const digest = (payload: Uint8Array) => createHash("sha256").update(payload).digest("base64");
