import { randomBytes } from "node:crypto";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import { requireOk } from "./ezsp-status.ts";
import { afterKeySwitch, type NetworkMemory } from "./network-record.ts";
import type { NetworkKeyUpdate } from "./port.ts";
import type { SupervisedLink } from "./supervised-link.ts";

/** The network key that follows the present one (Zigbee 4.6.3.4), noted from before anybody has it. */
export class NextNetworkKey implements NetworkKeyUpdate {
  readonly #link: Pick<SupervisedLink, "ask">;
  readonly #memory: NetworkMemory;

  constructor(link: Pick<SupervisedLink, "ask">, memory: NetworkMemory) {
    this.#link = link;
    this.#memory = memory;
  }

  get pending(): boolean {
    return this.#key !== undefined;
  }

  get #key(): Uint8Array | undefined {
    return this.#memory.record?.nextNetworkKey;
  }

  async distribute(): Promise<void> {
    await this.#link.ask(async ({ ezsp }) => {
      const contents = Buffer.from(this.#key ?? this.#fresh());
      requireOk(await ezsp.ezspBroadcastNextNetworkKey({ contents }), "the next network key");
    });
  }

  async sendTo(eui64: Eui64, nodeId: number): Promise<void> {
    const key = this.#key;
    if (key === undefined) return;
    const contents = Buffer.from(key);
    const status = await this.#link.ask(({ ezsp }) =>
      ezsp.ezspUnicastNwkKeyUpdate(nodeId, `0x${eui64}`, { contents }),
    );
    requireOk(status, "the next network key");
  }

  async switch(): Promise<void> {
    if (!this.pending) return;
    const status = await this.#link.ask(({ ezsp }) => ezsp.ezspBroadcastNetworkKeySwitch());
    requireOk(status, "the switch of network keys");
    const { record } = this.#memory;
    if (record !== undefined) this.#memory.save(afterKeySwitch(record));
  }

  /** Noted before anybody is given it: a hub that fails in between goes on with the same key. */
  #fresh(): Uint8Array {
    const { record } = this.#memory;
    if (record === undefined) throw new HanwayError("radio/unavailable", "there is no network yet");
    const nextNetworkKey = new Uint8Array(randomBytes(16));
    this.#memory.save({ ...record, nextNetworkKey });
    return nextNetworkKey;
  }
}
