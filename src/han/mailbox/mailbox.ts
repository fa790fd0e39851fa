import type { Clock } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import type { Deliver, DeliveryOutcome } from "../../base/routing.ts";
import type { Receipts } from "../../base/uplink.ts";
import type { MessageId } from "../../base/wan-topic.ts";
import type { Store } from "../../store/store.ts";
import type { IncomingAps } from "../radio/port.ts";
import type { TunnelUser } from "../tunnel/server.ts";
import { MessageQueue, type QueueSettings } from "./queue.ts";
import type { Waiting } from "./repository.ts";
import { encodeGetResponse, GET_RESPONSE_OVERHEAD, readMeterTransfer } from "./transfer.ts";

export interface MailboxSettings extends QueueSettings {
  /** Takes nothing for a device without a mirror, which could not be told of it (A6.3). */
  readonly needsMirror: boolean;
  /**
   * Whether what was handed out waits until the meter has acknowledged it: a message whose last acknowledgement is lost
   * is handed out a second time then. Otherwise it is gone as it is handed out, also where the meter never got it (A6.8).
   */
  readonly untilAcknowledged: boolean;
}

export const MAILBOX_SETTINGS: MailboxSettings = {
  lifeMs: 24 * 3_600_000,
  depth: 32,
  needsMirror: false,
  untilAcknowledged: true,
  remembered: 2_000,
};

/** Code of the event that a message was never fetched (A4.8). */
export const NEVER_FETCHED = 0x819d;

/** Bit 21 of FunctionalNotificationFlags, for {@link Mailbox.pending}: a tunnel message waits (A6.2). */
export const TUNNEL_MESSAGE_PENDING = 1 << 21;

export interface MailboxPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly receipts: Receipts;
  /** Octets of the largest transfer to the device, GET-RESPONSE prefix and all; less once its tunnel says so. */
  limit(device: Eui64): number;
  /** One transfer to the device; `delivered` once it has acknowledged it. */
  transfer(device: Eui64, data: Uint8Array): Promise<string>;
  /** A message from the device, for the router; resolves when the device may be acknowledged. */
  fromDevice(device: Eui64, message: Uint8Array): Promise<unknown>;
  /** For the event log; called inside the store transaction of what it is about. */
  event(code: number, device: Eui64): void;
  /** The pending flag of a device has changed, and so many messages wait for it now. */
  changed?(device: Eui64, waiting: number): void;
  /** Whether the GPF has a mirror for the device; needed with `needsMirror`. */
  hasMirror?(device: Eui64): boolean;
}

/**
 * The mailbox of the sleeping gas meter (GBCS 10.2.2.1, communications-hub A6): what is sent to it waits on disk until the
 * meter wakes and asks, oldest first. A message leaves the queue in the transaction that stores its receipt.
 */
export class Mailbox implements TunnelUser, Deliver {
  readonly #settings: MailboxSettings;
  readonly #ports: MailboxPorts;
  readonly #queue: MessageQueue;
  /** Devices that are being answered; true where another GET came meanwhile. */
  readonly #serving = new Map<Eui64, boolean>();
  /** Devices whose pending flag is set. */
  readonly #flagged: Set<Eui64>;
  #stopped = false;

  constructor(settings: MailboxSettings, ports: MailboxPorts) {
    const { store, clock, log } = ports;
    this.#settings = settings;
    this.#ports = ports;
    this.#queue = new MessageQueue("han_mailbox", settings, {
      store,
      clock,
      log,
      ended: (message, stage, reason) => {
        if (message.id !== undefined) ports.receipts.report(message.id, stage, reason);
        if (stage === "expired") this.#neverFetched(message);
      },
      changed: (device, waiting) => this.#show(device, waiting),
    });
    this.#flagged = new Set(this.#queue.devices());
  }

  /** Begins to watch the life of messages; what waits for a device that is `listed` no longer fails. */
  start(listed: (device: Eui64) => boolean): void {
    this.#queue.start(listed);
  }

  /** Hands out nothing more; resolves when what is on its way has arrived, or has had two seconds for it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#queue.stop();
  }

  /** Whether the device has a message to fetch: bit 21 of FunctionalNotificationFlags on its mirror. */
  pending(device: Eui64): boolean {
    return this.#flagged.has(device);
  }

  /** Messages that wait for a device. */
  waiting(device: Eui64): number {
    return this.#queue.waiting(device);
  }

  /** Stores the message: `waiting` is said after the commit, of an id taken before at once. Rejects `store/*`. */
  async deliver(device: Eui64, payload: Uint8Array, id: MessageId | undefined): Promise<DeliveryOutcome> {
    if (this.#tooLarge(device, payload)) return "too-large";
    if (this.#settings.needsMirror && this.#ports.hasMirror?.(device) !== true) return "busy";
    return this.#queue.put(device, payload, id);
  }

  opened(device: Eui64): void {
    this.#ports.log.info({ device, waiting: this.waiting(device) }, "the gas meter opened its tunnel");
  }

  closed(device: Eui64): void {
    this.#ports.log.info({ device }, "the gas meter's tunnel is closed");
  }

  received(device: Eui64, data: Uint8Array, acknowledgeAfter: IncomingAps["acknowledgeAfter"]): void {
    const { log } = this.#ports;
    try {
      const transfer = readMeterTransfer(data);
      if (transfer.type === "put") this.#put(device, transfer.message, acknowledgeAfter);
      else this.#get(device);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      const { code, field, offset } = error;
      log.warn({ device, code, field, offset, octets: data.length }, "transfer of a gas meter dropped");
    }
  }

  /** The device is off the list: what waits for it fails. */
  removed(device: Eui64): void {
    this.#queue.removed(device);
  }

  #put(device: Eui64, message: Uint8Array, acknowledgeAfter: IncomingAps["acknowledgeAfter"]): void {
    const routed = this.#ports.fromDevice(device, message);
    acknowledgeAfter?.(routed);
    routed.catch((error: unknown) => {
      this.#ports.log.error({ device, err: error }, "a message of the gas meter could not be stored");
    });
  }

  /** One answer at a time. However many GETs come during one, the meter has but one more question. */
  #get(device: Eui64): void {
    if (this.#stopped) return;
    if (this.#serving.has(device)) {
      this.#serving.set(device, true);
      return;
    }
    this.#serving.set(device, false);
    void this.#serve(device);
  }

  async #serve(device: Eui64): Promise<void> {
    try {
      do {
        this.#serving.set(device, false);
        while (await this.#answer(device));
      } while (this.#serving.get(device) === true && !this.#stopped);
    } catch (error) {
      this.#ports.log.error({ device, err: error }, "the gas meter could not be answered");
    } finally {
      this.#serving.delete(device);
    }
  }

  /** Answers one GET; true where its message had to be given up, so that the next one is due. */
  async #answer(device: Eui64): Promise<boolean> {
    const message = this.#queue.take(device);
    if (message === undefined) {
      await this.#ports.transfer(device, encodeGetResponse(0, new Uint8Array(0)));
      return false;
    }
    try {
      if (this.#tooLarge(device, message.payload)) {
        await this.#queue.settle(message, "failed", "too-large");
        return !this.#stopped;
      }
      await this.#handOut(message);
      return false;
    } finally {
      this.#queue.release(message);
    }
  }

  async #handOut(message: Waiting): Promise<void> {
    const { device, payload } = message;
    const { untilAcknowledged } = this.#settings;
    const data = encodeGetResponse(this.waiting(device) - 1, payload);
    if (!untilAcknowledged && !(await this.#queue.settle(message, "collected"))) return;
    const outcome = await this.#ports.transfer(device, data);
    if (outcome !== "delivered")
      this.#ports.log.info(
        { device, outcome, stays: untilAcknowledged },
        "the gas meter did not take its message",
      );
    else if (untilAcknowledged) await this.#queue.settle(message, "collected");
  }

  #tooLarge(device: Eui64, payload: Uint8Array): boolean {
    return payload.length + GET_RESPONSE_OVERHEAD > this.#ports.limit(device);
  }

  #neverFetched({ device, id }: Waiting): void {
    this.#ports.event(NEVER_FETCHED, device);
    this.#ports.log.warn({ device, id, event: "0x819d" }, "a message for a gas meter was never fetched");
  }

  #show(device: Eui64, waiting: number): void {
    if (waiting > 0) this.#flagged.add(device);
    else this.#flagged.delete(device);
    this.#ports.changed?.(device, waiting);
  }
}
