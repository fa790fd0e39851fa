import { type Clock, sleep, type Timer } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import type { Deliver, DeliveryOutcome } from "../../base/routing.ts";
import type { ReceiptReason, ReceiptStage, Receipts } from "../../base/uplink.ts";
import type { MessageId } from "../../base/wan-topic.ts";
import type { Store } from "../../store/store.ts";
import type { IncomingAps } from "../radio/port.ts";
import type { TunnelUser } from "../tunnel/server.ts";
import { MailboxRepository, type Waiting } from "./repository.ts";
import { encodeGetResponse, GET_RESPONSE_OVERHEAD, readMeterTransfer } from "./transfer.ts";

export interface MailboxSettings {
  /** How long a message waits for its device, in milliseconds (A6.6: the standard's figure was not found). */
  readonly lifeMs: number;
  /** Messages that wait for one device (A6.7: the standard's figure was not found). */
  readonly depth: number;
  /** Takes nothing for a device without a mirror, which could not be told of it (A6.3). */
  readonly needsMirror: boolean;
  /** Octets of the largest transfer to a device, GET-RESPONSE prefix and all. */
  readonly transferSize: number;
  /** Message ids remembered, so that a message routed again after a power cut is not queued twice. */
  readonly remembered: number;
}

export const MAILBOX_SETTINGS: MailboxSettings = {
  lifeMs: 24 * 3_600_000,
  depth: 32,
  needsMirror: false,
  transferSize: 1_500,
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

/** Pause before the store is tried again, in milliseconds. */
const STORE_RETRY_MS = 1_000;
/** Longest wait for an expiry, in milliseconds: the clock may be corrected meanwhile. */
const EXPIRY_LOOK_MS = 3_600_000;

/**
 * The mailbox of the sleeping gas meter (GBCS 10.2.2.1, communications-hub A6): what is sent to it waits on disk until the
 * meter wakes and asks, oldest first. A message handed out leaves the queue in the transaction that stores its receipt,
 * once the meter has acknowledged every block of it; until then it is handed out again.
 */
export class Mailbox implements TunnelUser, Deliver {
  readonly #settings: MailboxSettings;
  readonly #ports: MailboxPorts;
  readonly #queue: MailboxRepository;
  /** Devices that are being answered; true where another GET came meanwhile. */
  readonly #serving = new Map<Eui64, boolean>();
  /** Places of messages that are being handed out. */
  readonly #handing = new Set<number>();
  /** Devices whose pending flag is set. */
  readonly #flagged = new Set<Eui64>();
  #expiry: Timer | undefined;
  #stopped = false;

  constructor(settings: MailboxSettings, ports: MailboxPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#queue = new MailboxRepository(ports.store);
    for (const device of this.#queue.devices()) this.#flagged.add(device);
  }

  /** Begins to watch the life of messages; what waits for a device that is `listed` no longer fails. */
  start(listed: (device: Eui64) => boolean): void {
    for (const device of this.#queue.devices()) if (!listed(device)) this.removed(device);
    this.#expire();
  }

  stop(): void {
    this.#stopped = true;
    this.#expiry?.cancel();
  }

  /** Whether the device has a message to fetch: bit 21 of FunctionalNotificationFlags on its mirror. */
  pending(device: Eui64): boolean {
    return this.#flagged.has(device);
  }

  /** Messages that wait for a device. */
  waiting(device: Eui64): number {
    return this.#queue.count(device);
  }

  /** Stores the message: `waiting` is said after the commit, of an id taken before at once. Rejects `store/*`. */
  async deliver(device: Eui64, payload: Uint8Array, id: MessageId | undefined): Promise<DeliveryOutcome> {
    const { lifeMs, depth, needsMirror, transferSize, remembered } = this.#settings;
    const { store, clock, hasMirror } = this.#ports;
    if (payload.length > transferSize - GET_RESPONSE_OVERHEAD) return "too-large";
    if (needsMirror && hasMirror?.(device) !== true) return "busy";
    const outcome = await store.soon((): DeliveryOutcome => {
      if (id !== undefined && this.#queue.known(id)) return "waiting";
      if (this.#queue.count(device) >= depth) return "mailbox-full";
      this.#queue.put({ device, id, payload }, clock.now() + lifeMs, remembered);
      return "waiting";
    });
    this.#show(device);
    this.#watchExpiry();
    return outcome;
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
    this.#guarded(device, () => {
      for (const message of this.#queue.ofDevice(device)) this.#takeOut(message, "failed", "no-such-device");
    });
    this.#show(device);
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
    const { transfer, log, clock } = this.#ports;
    this.#expireBy(clock.now());
    const message = this.#queue.oldest(device);
    if (message === undefined) {
      await transfer(device, encodeGetResponse(0, new Uint8Array(0)));
      return false;
    }
    this.#handing.add(message.place);
    try {
      const left = this.waiting(device) - 1;
      const outcome = await transfer(device, encodeGetResponse(left, message.payload));
      if (outcome === "delivered") await this.#settle(message, "collected");
      else if (outcome === "too-large") await this.#settle(message, "failed", "too-large");
      else log.info({ device, outcome }, "the gas meter did not take its message; it stays for the next GET");
      return outcome === "too-large" && !this.#stopped;
    } finally {
      this.#handing.delete(message.place);
    }
  }

  /** Tried until the store takes it: until then the message must not be handed out again. */
  async #settle(message: Waiting, stage: ReceiptStage, reason?: ReceiptReason): Promise<void> {
    while (!this.#guarded(message.device, () => this.#takeOut(message, stage, reason))) {
      if (this.#stopped) return;
      await sleep(this.#ports.clock, STORE_RETRY_MS);
    }
    this.#show(message.device);
  }

  #takeOut(message: Waiting, stage: ReceiptStage, reason?: ReceiptReason): void {
    if (!this.#queue.remove(message)) return;
    if (message.id !== undefined) this.#ports.receipts.report(message.id, stage, reason);
  }

  #expire(): void {
    if (this.#stopped) return;
    this.#expireBy(this.#ports.clock.now());
    this.#watchExpiry();
  }

  /** A message that is being handed out expires only after that has failed. */
  #expireBy(now: number): void {
    const ended = this.#queue.expired(now).filter(({ place }) => !this.#handing.has(place));
    if (ended.length === 0) return;
    this.#guarded(undefined, () => {
      for (const message of ended) {
        this.#takeOut(message, "expired");
        this.#ports.event(NEVER_FETCHED, message.device);
      }
    });
    for (const device of new Set(ended.map((message) => message.device))) {
      this.#ports.log.warn({ device, event: "0x819d" }, "messages for a gas meter were never fetched");
      this.#show(device);
    }
  }

  #watchExpiry(): void {
    this.#expiry?.cancel();
    if (this.#stopped) return;
    const at = this.#queue.nextExpiry();
    if (at === undefined) return;
    // No sooner than a second, also where what has expired is being handed out or the store refuses.
    const ms = Math.min(Math.max(at - this.#ports.clock.now(), STORE_RETRY_MS), EXPIRY_LOOK_MS);
    this.#expiry = this.#ports.clock.after(ms, () => this.#expire());
  }

  #show(device: Eui64): void {
    if (this.#stopped) return;
    const waiting = this.waiting(device);
    if (waiting > 0) this.#flagged.add(device);
    else this.#flagged.delete(device);
    this.#ports.changed?.(device, waiting);
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
