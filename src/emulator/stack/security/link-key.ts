import type { Eui64 } from "../../../base/eui64.ts";
import { type KeyIdentifier, keyFor } from "./security.ts";

/** A link key shared with one device, and the counter of what that device sent under it. */
export class LinkKey {
  readonly eui64: Eui64;
  readonly key: Uint8Array;
  /** Smallest frame counter still accepted. */
  incoming: number;
  readonly #derived = new Map<KeyIdentifier, Uint8Array>();

  constructor(eui64: Eui64, key: Uint8Array, incoming = 0) {
    this.eui64 = eui64;
    this.key = key;
    this.incoming = incoming;
  }

  /** The key itself for data, or the one derived for transporting keys. */
  for(identifier: KeyIdentifier): Uint8Array {
    let key = this.#derived.get(identifier);
    if (!key) {
      key = keyFor(identifier, this.key);
      this.#derived.set(identifier, key);
    }
    return key;
  }
}
