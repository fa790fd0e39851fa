import type { Clock, Timer } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Log } from "../../base/log.ts";
import type { HanDevice } from "../device.ts";
import type { NetworkKeyUpdate } from "../radio/port.ts";

export interface NetworkKeySettings {
  /** How long the next key is handed out before it comes into use: longer than the longest sleep of a device. */
  readonly distributeMs: number;
  /** Pause before another try when the radio was away. */
  readonly retryMs: number;
}

export const NETWORK_KEY_SETTINGS: NetworkKeySettings = { distributeMs: 35 * 60_000, retryMs: 5_000 };

/**
 * Rotation of the network key by the Trust Centre (Zigbee 4.6.3.4): the next key goes to all, then to each sleeping
 * device when it wakes, and comes into use for all at once. A rotation under way goes on after a restart; a device that
 * missed it comes back by a Trust Centre rejoin under its link key.
 */
export class NetworkKeyRotation {
  readonly #update: NetworkKeyUpdate;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #settings: NetworkKeySettings;
  #timer: Timer | undefined;
  #given = new Set<HanDevice>();

  constructor(update: NetworkKeyUpdate, clock: Clock, log: Log, settings: NetworkKeySettings) {
    this.#update = update;
    this.#clock = clock;
    this.#log = log;
    this.#settings = settings;
  }

  /** Begins a rotation, or begins the distribution of the one under way again. Throws `radio/*`. */
  async start(): Promise<void> {
    this.#given = new Set();
    await this.#update.distribute();
    this.#log.info({ seconds: this.#settings.distributeMs / 1_000 }, "next network key handed out");
    this.#after(this.#settings.distributeMs);
  }

  /** The radio is up: a rotation that was under way goes on. */
  async resume(): Promise<void> {
    if (!this.#update.pending || this.#timer !== undefined) return;
    await this.#try(() => this.start());
  }

  /** A device is awake. */
  awake(device: HanDevice): void {
    const { nodeId, spec } = device;
    if (!this.#update.pending || nodeId === undefined || this.#given.has(device)) return;
    this.#given.add(device);
    void this.#try(() => this.#update.sendTo(spec.eui64, nodeId));
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #after(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(ms, () => {
      this.#timer = undefined;
      void this.#switch();
    });
  }

  async #switch(): Promise<void> {
    const switched = await this.#try(async () => {
      await this.#update.switch();
      this.#log.info({}, "network key changed");
    });
    if (!switched) this.#after(this.#settings.retryMs);
  }

  async #try(run: () => Promise<void>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#log.warn({ code: error.code }, `network key: ${error.message}`);
      return false;
    }
  }
}
