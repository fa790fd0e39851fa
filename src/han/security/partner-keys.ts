import { HanwayError } from "../../base/error.ts";
import type { Log } from "../../base/log.ts";
import type { HanDevice } from "../device.ts";
import type { LinkKeyTable } from "../radio/port.ts";

/**
 * Link keys between devices (APS Request Key; communications-hub A2.17). The radio makes them and hands them out by
 * itself, to any two devices with which it shares a key: also to one that has only its install code's. So the hub lets
 * it do so only while no device is on its way in.
 */
export class PartnerKeyPolicy {
  readonly #table: Pick<LinkKeyTable, "allowPartnerKeys">;
  readonly #log: Log;
  /** What the radio was last told. */
  #allowed = true;
  #tail: Promise<void> = Promise.resolve();

  constructor(table: Pick<LinkKeyTable, "allowPartnerKeys">, log: Log) {
    this.#table = table;
    this.#log = log;
  }

  /** A device's state has changed. */
  update(devices: readonly HanDevice[]): void {
    const allowed = devices.every(({ join }) => join.at === "in" || join.at === "out");
    if (allowed === this.#allowed) return;
    this.#allowed = allowed;
    this.#tail = this.#tail.then(() => this.#tell(allowed));
  }

  /** The radio has started, and allows it. */
  renew(devices: readonly HanDevice[]): void {
    this.#allowed = true;
    this.update(devices);
  }

  /** A radio that is away now is told again when it is back. */
  async #tell(allowed: boolean): Promise<void> {
    try {
      await this.#table.allowPartnerKeys(allowed);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#log.debug({ code: error.code }, "the policy for partner keys was not set");
    }
  }
}
