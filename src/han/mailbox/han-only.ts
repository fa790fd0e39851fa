import type { Clock, Timer } from "../../base/clock.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import type { DeliveryOutcome } from "../../base/routing.ts";
import type { Store } from "../../store/store.ts";
import { MessageQueue, type QueueSettings } from "./queue.ts";

export interface HanOnlyPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** One message through the tunnel of a device, where it is open; `delivered` once the device has acknowledged it. */
  send(device: Eui64, message: Uint8Array): Promise<DeliveryOutcome>;
}

/** How often what waits is tried also where no tunnel opened, in milliseconds: one may stay open through a failure. */
const TRY_AGAIN_MS = 60_000;

/**
 * HAN-only messages (PCS01, PCS02) to a device with a tunnel, such as the gas meter's Responses to a PPMID (A4.5). The
 * gas meter does not repeat what it has handed over, so each waits on disk until the device has acknowledged it: at
 * once, or when its tunnel is open again.
 */
export class HanOnlyMessages {
  readonly #ports: HanOnlyPorts;
  readonly #queue: MessageQueue;
  /** Devices that are being served; true where the tunnel opened, or a message came, meanwhile. */
  readonly #serving = new Map<Eui64, boolean>();
  readonly #later = new Map<Eui64, Timer>();
  #stopped = false;

  constructor(settings: QueueSettings, ports: HanOnlyPorts) {
    const { store, clock, log } = ports;
    this.#ports = ports;
    this.#queue = new MessageQueue("han_only", settings, {
      store,
      clock,
      log,
      ended: ({ device }, stage, reason) => {
        if (stage !== "delivered") log.warn({ device, stage, reason }, "a HAN-only message was given up");
      },
      changed: () => {},
    });
  }

  /** Begins to watch the life of messages; what waits for a device that is `listed` no longer is given up. */
  start(listed: (device: Eui64) => boolean): void {
    this.#queue.start(listed);
  }

  /** Hands over nothing more; resolves when what is on its way has arrived, or has had two seconds for it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#later.values()) timer.cancel();
    await this.#queue.stop();
  }

  /** Messages that wait for a device. */
  waiting(device: Eui64): number {
    return this.#queue.waiting(device);
  }

  /** Stores the message and begins to hand it over: `waiting` is said after the commit. Rejects `store/*`. */
  async deliver(device: Eui64, message: Uint8Array): Promise<DeliveryOutcome> {
    const outcome = await this.#queue.put(device, message, undefined);
    this.#serve(device);
    return outcome;
  }

  /** The tunnel to the device is open, or may be. */
  opened(device: Eui64): void {
    if (this.waiting(device) > 0) this.#serve(device);
  }

  /** The device is off the list: what waits for it is given up. */
  removed(device: Eui64): void {
    this.#queue.removed(device);
  }

  #serve(device: Eui64): void {
    if (this.#serving.has(device)) this.#serving.set(device, true);
    else if (!this.#stopped) void this.#handOverAll(device);
  }

  async #handOverAll(device: Eui64): Promise<void> {
    try {
      do {
        this.#serving.set(device, false);
        for (let more = true; more && !this.#stopped; ) more = await this.#handOverNext(device);
      } while (this.#serving.get(device) === true && !this.#stopped);
    } catch (error) {
      this.#ports.log.error({ device, err: error }, "a HAN-only message could not be handed over");
    } finally {
      this.#serving.delete(device);
      if (!this.#stopped) this.#tryLater(device);
    }
  }

  #tryLater(device: Eui64): void {
    this.#later.get(device)?.cancel();
    this.#later.delete(device);
    if (this.waiting(device) === 0) return;
    const timer = this.#ports.clock.after(TRY_AGAIN_MS, () => this.opened(device));
    this.#later.set(device, timer);
  }

  /** False where nothing waits, or the device cannot be reached: its tunnel tells when it can be again. */
  async #handOverNext(device: Eui64): Promise<boolean> {
    const message = this.#queue.take(device);
    if (message === undefined) return false;
    try {
      const outcome = await this.#ports.send(message.device, message.payload);
      if (outcome === "delivered") return await this.#queue.settle(message, "delivered");
      if (outcome === "too-large") return await this.#queue.settle(message, "failed", "too-large");
      return false;
    } finally {
      this.#queue.release(message);
    }
  }
}
