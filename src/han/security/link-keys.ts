import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import type { JoinRecords } from "../join/records.ts";
import type { LinkKeyTable } from "../radio/port.ts";

/**
 * Keeps the radio's key table and the Device Log of one mind. The log decides: after a power cut between the two, or
 * when the stick has lost its memory, the table is made to say what the log says.
 */
export class LinkKeys {
  readonly #table: LinkKeyTable;
  readonly #records: JoinRecords;
  readonly #log: Log;
  /** One change at a time: what the log says and what the table holds must not change in between. */
  #tail: Promise<void> = Promise.resolve();

  constructor(table: LinkKeyTable, records: JoinRecords, log: Log) {
    this.#table = table;
    this.#records = records;
    this.#log = log;
  }

  /**
   * Takes a fresh link key into use and stores it: into the radio first, which may have no room; if it then cannot
   * be stored, the radio gets its former key back. Throws `radio/*` or `store/failed`.
   */
  install(device: Eui64, key: Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#install(device, key));
  }

  async #install(device: Eui64, key: Uint8Array): Promise<void> {
    const former = this.#records.linkKey(device);
    await this.#table.set(device, key);
    try {
      this.#records.linkKeyEstablished(device, key);
    } catch (error) {
      await (former === undefined ? this.#table.remove(device) : this.#table.set(device, former));
      throw error;
    }
  }

  /** Keys of devices that are no longer on the list leave the table. */
  async keepOnly(devices: ReadonlySet<Eui64>): Promise<void> {
    await this.#try(undefined, () => this.#table.keepOnly(devices));
  }

  /** The table's entry for a device becomes what the log says. An entry that is right keeps its counters. */
  async agree(device: Eui64): Promise<void> {
    await this.#try(device, async () => {
      const key = this.#records.linkKey(device);
      if (key === undefined) await this.#table.remove(device);
      else if (!(await this.#table.has(device, key))) {
        await this.#table.set(device, key);
        this.#log.info({ device }, "link key given to the radio again");
      }
    });
  }

  /** A link that is lost meanwhile is followed by another one, and by another try. */
  async #try(device: Eui64 | undefined, run: () => Promise<void>): Promise<void> {
    try {
      await this.#inTurn(run);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      const level = error.code === "radio/unavailable" ? "debug" : "error";
      this.#log[level]({ device, code: error.code }, `link key: ${error.message}`);
    }
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const mine = this.#tail.then(run);
    this.#tail = mine.catch(() => {});
    return mine;
  }
}
