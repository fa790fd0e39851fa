import { type Clock, sleep, type Timer } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import type { ReceiptReason, ReceiptStage } from "../../base/uplink.ts";
import type { MessageId } from "../../base/wan-topic.ts";
import type { Store } from "../../store/store.ts";
import { MailboxRepository, type QueueName, type Waiting } from "./repository.ts";

export interface QueueSettings {
  /** How long a message waits for its device, in milliseconds (A6.6: the standard's figure was not found). */
  readonly lifeMs: number;
  /** Messages that wait for one device (A6.7: the standard's figure was not found). */
  readonly depth: number;
  /** Message ids remembered, so that a message routed again after a power cut is not queued twice. */
  readonly remembered: number;
}

export interface QueuePorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** A message leaves the queue; called inside the transaction that takes it out. */
  ended(message: Waiting, stage: ReceiptStage, reason?: ReceiptReason): void;
  /** So many messages wait for the device now. */
  changed(device: Eui64, waiting: number): void;
}

/** Pause before the store is tried again, in milliseconds. */
const STORE_RETRY_MS = 1_000;
/** How long a hub that stops waits for the end of what is being handed out, in milliseconds. */
const LAST_ENDS_MS = 2_000;
/** Longest wait for an expiry, in milliseconds: the clock may be corrected meanwhile. */
const EXPIRY_LOOK_MS = 3_600_000;

/**
 * Messages on disk that wait for their devices, oldest first, each for its life. One that is taken neither expires nor is
 * taken again until it is released, settled or not.
 */
export class MessageQueue {
  readonly #settings: QueueSettings;
  readonly #ports: QueuePorts;
  readonly #rows: MailboxRepository;
  /** Places of messages that are being handed out. */
  readonly #taken = new Set<number>();
  #released: (() => void) | undefined;
  #expiry: Timer | undefined;
  #stopped = false;

  constructor(name: QueueName, settings: QueueSettings, ports: QueuePorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#rows = new MailboxRepository(ports.store, name);
  }

  /** Begins to watch the life of messages; what waits for a device that is `listed` no longer fails. */
  start(listed: (device: Eui64) => boolean): void {
    for (const device of this.devices()) if (!listed(device)) this.removed(device);
    this.#expire();
  }

  /** To be called when nothing more is taken; resolves when the last one is released, or after two seconds. */
  async stop(): Promise<void> {
    this.#expiry?.cancel();
    if (this.#taken.size > 0) {
      const released = new Promise<void>((resolve) => {
        this.#released = resolve;
      });
      await Promise.race([released, sleep(this.#ports.clock, LAST_ENDS_MS)]);
    }
    this.#stopped = true;
    this.#expiry?.cancel();
  }

  /** Devices for which something waits. */
  devices(): Eui64[] {
    return this.#rows.devices();
  }

  waiting(device: Eui64): number {
    return this.#rows.count(device);
  }

  /** Stores the message: `waiting` is said after the commit, of an id put before at once. Rejects `store/*`. */
  async put(
    device: Eui64,
    payload: Uint8Array,
    id: MessageId | undefined,
  ): Promise<"waiting" | "mailbox-full"> {
    const { lifeMs, depth, remembered } = this.#settings;
    const { store, clock } = this.#ports;
    const outcome = await store.soon(() => {
      if (id !== undefined && this.#rows.known(id)) return "waiting";
      if (this.#rows.count(device) >= depth) return "mailbox-full";
      this.#rows.put({ device, id, payload }, clock.now() + lifeMs, remembered);
      return "waiting";
    });
    this.#show(device);
    this.#watchExpiry();
    return outcome;
  }

  /** The oldest message that has not expired, taken; undefined where nothing waits. One at a time for each device. */
  take(device: Eui64): Waiting | undefined {
    this.#expireBy(this.#ports.clock.now());
    const message = this.#rows.oldest(device);
    if (message !== undefined) this.#taken.add(message.place);
    return message;
  }

  /** The end of handing it out; one that was not settled waits on. */
  release({ place }: Waiting): void {
    this.#taken.delete(place);
    if (this.#taken.size === 0) this.#released?.();
  }

  /**
   * A taken message is at its end. Tried until the store takes it, for until then it must not be handed out again; false
   * where the hub stops first.
   */
  async settle(message: Waiting, stage: ReceiptStage, reason?: ReceiptReason): Promise<boolean> {
    while (!this.#guarded(message.device, () => this.#takeOut(message, stage, reason))) {
      if (this.#stopped) return false;
      await sleep(this.#ports.clock, STORE_RETRY_MS);
    }
    this.#show(message.device);
    return true;
  }

  /** The device is off the list: what waits for it fails. */
  removed(device: Eui64): void {
    this.#guarded(device, () => {
      for (const message of this.#rows.ofDevice(device)) this.#takeOut(message, "failed", "no-such-device");
    });
    this.#show(device);
  }

  #takeOut(message: Waiting, stage: ReceiptStage, reason?: ReceiptReason): void {
    if (this.#rows.remove(message)) this.#ports.ended(message, stage, reason);
  }

  #expire(): void {
    if (this.#stopped) return;
    this.#expireBy(this.#ports.clock.now());
    this.#watchExpiry();
  }

  #expireBy(now: number): void {
    const ended = this.#rows.expired(now).filter(({ place }) => !this.#taken.has(place));
    if (ended.length === 0) return;
    this.#guarded(undefined, () => {
      for (const message of ended) this.#takeOut(message, "expired");
    });
    for (const device of new Set(ended.map((message) => message.device))) this.#show(device);
  }

  #watchExpiry(): void {
    this.#expiry?.cancel();
    if (this.#stopped) return;
    const at = this.#rows.nextExpiry();
    if (at === undefined) return;
    // No sooner than a second, also where what has expired is being handed out or the store refuses.
    const ms = Math.min(Math.max(at - this.#ports.clock.now(), STORE_RETRY_MS), EXPIRY_LOOK_MS);
    this.#expiry = this.#ports.clock.after(ms, () => this.#expire());
  }

  #show(device: Eui64): void {
    if (!this.#stopped) this.#ports.changed(device, this.waiting(device));
  }

  /** One transaction; false where the store does not take it. */
  #guarded(device: Eui64 | undefined, work: () => void): boolean {
    try {
      this.#ports.store.transaction(work);
      return true;
    } catch (error) {
      if (!(error instanceof HanwayError && error.code.startsWith("store/"))) throw error;
      this.#ports.log.error({ device, code: error.code }, "the mailbox cannot be written; trying again");
      return false;
    }
  }
}
