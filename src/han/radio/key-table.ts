import { timingSafeEqual } from "node:crypto";
import { HanwayError } from "../../base/error.ts";
import { Eui64 } from "../../base/eui64.ts";
import { requireOk, statusName } from "./ezsp-status.ts";
import { EzspDecisionId, EzspPolicyId, SLStatus } from "./herdsman.ts";
import type { LinkKeyTable } from "./port.ts";
import type { SupervisedLink } from "./supervised-link.ts";

const NOT_FOUND = 0xff;
/** The coordinator looks for a place by itself. */
const ANY_PLACE = 0xff;

/** The link keys in the coordinator's own memory (EmberZNet's key table). */
export class KeyTable implements LinkKeyTable {
  readonly #link: Pick<SupervisedLink, "ask">;
  /** Places in the table, as the firmware tells it. */
  readonly #size: () => number;

  constructor(link: Pick<SupervisedLink, "ask">, size: () => number) {
    this.#link = link;
    this.#size = size;
  }

  async set(eui64: Eui64, key: Uint8Array): Promise<void> {
    requireKey(key);
    const contents = Buffer.from(key);
    const status = await this.#link.ask(({ ezsp }) =>
      ezsp.ezspImportLinkKey(ANY_PLACE, `0x${eui64}`, { contents }),
    );
    if (status === SLStatus.OK) return;
    throw new HanwayError(
      "radio/refused",
      `no room for the link key of ${eui64}: the radio's table has ${this.#size()} places (${statusName(status)}); unjoin a device, or use a stick whose firmware has more`,
      { field: "linkKey" },
    );
  }

  async remove(eui64: Eui64): Promise<void> {
    await this.#link.ask(async ({ ezsp }) => {
      const index = await ezsp.ezspFindKeyTableEntry(`0x${eui64}`, true);
      if (index !== NOT_FOUND) await ezsp.ezspEraseKeyTableEntry(index);
    });
  }

  async keepOnly(devices: ReadonlySet<Eui64>): Promise<void> {
    await this.#link.ask(async ({ ezsp }) => {
      for (let index = 0; index < this.#size(); index++) {
        const [status, { eui64 }] = await ezsp.ezspExportLinkKeyByIndex(index);
        if (status === SLStatus.OK && !devices.has(Eui64(eui64))) await ezsp.ezspEraseKeyTableEntry(index);
      }
    });
  }

  async has(eui64: Eui64, key: Uint8Array): Promise<boolean> {
    const [status, , found] = await this.#link.ask(({ ezsp }) => ezsp.ezspExportLinkKeyByEui(`0x${eui64}`));
    return (
      status === SLStatus.OK && found.contents.length === key.length && timingSafeEqual(found.contents, key)
    );
  }

  async allowPartnerKeys(allowed: boolean): Promise<void> {
    const decision = allowed ? EzspDecisionId.ALLOW_APP_KEY_REQUESTS : EzspDecisionId.DENY_APP_KEY_REQUESTS;
    const status = await this.#link.ask(({ ezsp }) =>
      ezsp.ezspSetPolicy(EzspPolicyId.APP_KEY_REQUEST_POLICY, decision),
    );
    requireOk(status, "the policy for partner keys");
  }
}

/** Throws `crypto/key` unless it is a link key: 16 octets. */
export function requireKey(key: Uint8Array): void {
  if (key.length !== 16)
    throw new HanwayError("crypto/key", "a link key has 16 octets", { field: "linkKey" });
}
