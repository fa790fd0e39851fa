import type { Eui64 } from "../../../src/base/eui64.ts";
import type { JoinRecords } from "../../../src/han/join/records.ts";

/** Records that last as long as the process. */
export class MemoryRecords implements JoinRecords {
  readonly #keys = new Map<Eui64, Uint8Array>();

  linkKey(device: Eui64): Uint8Array | undefined {
    return this.#keys.get(device);
  }

  linkKeyEstablished(device: Eui64, key: Uint8Array): void {
    this.#keys.set(device, key.slice());
  }

  heard(): void {}

  transmitted(): void {}
}
