import type { Clock, Timer } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { AdmissionLink } from "./admission-link.ts";
import { requireOk } from "./ezsp-status.ts";
import { type Ezsp, EzspPolicyId } from "./herdsman.ts";
import { requireKey } from "./key-table.ts";
import type { RadioSettings } from "./settings.ts";
import { POLICY_CLOSED, POLICY_INSTALL_CODES } from "./trust-centre-policy.ts";

/** Longest that one ezspPermitJoining may ask for; 255 would mean for ever. */
const MAX_PERMIT_SECONDS = 254;

/**
 * Who may join: devices named one by one, each with the key of its install code, each for its own time. The
 * coordinator forgets such keys (after 300 s and at every reset), so they are given again while the time runs.
 * Nobody is admitted otherwise.
 */
export class Admissions {
  readonly #clock: Clock;
  readonly #settings: RadioSettings;
  readonly #log: Log;
  readonly #admitted = new Map<Eui64, { key: Uint8Array; until: number }>();
  /** Whose admission has ended while the coordinator may still hold their key. */
  readonly #ended = new Set<Eui64>();
  readonly #random: Random;
  #link: AdmissionLink | undefined;
  #timer: Timer | undefined;
  #tail: Promise<void> = Promise.resolve();

  constructor(settings: RadioSettings, clock: Clock, random: Random, log: Log) {
    this.#settings = settings;
    this.#random = random;
    this.#clock = clock;
    this.#log = log;
  }

  /** `key`: 16 octets. While the radio is away the admission is kept and takes effect when it is back. */
  async admit(eui64: Eui64, key: Uint8Array, seconds: number): Promise<void> {
    requireKey(key);
    if (!(seconds > 0))
      throw new HanwayError("encode/value", "an admission lasts more than 0 seconds", { field: "seconds" });
    this.#admitted.set(eui64, { key: key.slice(), until: this.#clock.elapsed() + seconds * 1000 });
    try {
      await this.#inTurn((link) => this.#apply(link));
    } catch (error) {
      this.#end(eui64);
      throw error;
    }
  }

  async dismiss(eui64: Eui64): Promise<void> {
    if (this.#end(eui64)) await this.#inTurn((link) => this.#apply(link));
  }

  #end(eui64: Eui64): boolean {
    if (!this.#admitted.delete(eui64)) return false;
    this.#ended.add(eui64);
    return true;
  }

  /** The link is up (again): what is still admitted is given to the new coordinator. */
  attach(link: AdmissionLink): void {
    this.#link = link;
    this.#expire();
    if (this.#admitted.size > 0) this.#background();
  }

  detach(): void {
    this.#link = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #expire(): void {
    const now = this.#clock.elapsed();
    for (const [eui64, { until }] of this.#admitted) if (until <= now) this.#end(eui64);
  }

  #background(): void {
    const { ezsp } = this.#link ?? {};
    this.#inTurn((link) => this.#apply(link)).catch((error: unknown) => {
      // The next link begins anew.
      if (this.#link?.ezsp !== ezsp) return;
      this.#log.warn(
        {},
        `radio: joining could not be set (${error instanceof Error ? error.message : "failed"})`,
      );
    });
  }

  /** One change of the joining state at a time; nothing at all while there is no link. */
  #inTurn(run: (link: AdmissionLink) => Promise<void>): Promise<void> {
    const mine = this.#tail.then(async () => {
      const link = this.#link;
      if (link !== undefined) await run(link);
    });
    this.#tail = mine.catch(() => {});
    return mine;
  }

  async #apply(link: AdmissionLink): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#expire();
    const { ezsp } = link;
    await this.#dropEnded(ezsp);
    if (this.#admitted.size === 0) {
      requireOk(await ezsp.ezspPermitJoining(0), "closing the network");
      requireOk(
        await ezsp.ezspSetPolicy(EzspPolicyId.TRUST_CENTER_POLICY, POLICY_CLOSED),
        "closing the network",
      );
      if (this.#settings.openRouters) await link.permitRouters(0);
      this.#log.info({}, "radio: joining is closed");
      return;
    }
    for (const [eui64, { key }] of this.#admitted)
      requireOk(
        await ezsp.ezspImportTransientKey(`0x${eui64}`, { contents: Buffer.from(key) }),
        "the key of a joining device",
      );
    requireOk(
      await ezsp.ezspSetPolicy(EzspPolicyId.TRUST_CENTER_POLICY, POLICY_INSTALL_CODES),
      "the policy for joining",
    );
    const now = this.#clock.elapsed();
    const left = [...this.#admitted.values()].map(({ until }) => until - now);
    const seconds = Math.min(MAX_PERMIT_SECONDS, Math.ceil(Math.max(...left) / 1000));
    requireOk(await ezsp.ezspPermitJoining(seconds), "opening the network");
    if (this.#settings.openRouters) await link.permitRouters(seconds);
    this.#log.info({}, `radio: joining is open for ${this.#admitted.size} device(s)`);
    const next = Math.min(this.#settings.rearmSeconds * 1000, ...left);
    this.#timer = this.#clock.after(Math.max(1, next), () => this.#background());
  }

  /**
   * The coordinator can only drop all keys at once, and a device that asks in that moment would be turned away. While
   * others are admitted, an ended key is therefore written over with one that nobody has.
   */
  async #dropEnded(ezsp: Ezsp): Promise<void> {
    if (this.#admitted.size === 0) await ezsp.ezspClearTransientLinkKeys();
    else
      for (const eui64 of this.#ended) {
        if (this.#admitted.has(eui64)) continue;
        const contents = Buffer.from(this.#random.bytes(16));
        requireOk(
          await ezsp.ezspImportTransientKey(`0x${eui64}`, { contents }),
          "the end of a joining device's key",
        );
      }
    this.#ended.clear();
  }
}
