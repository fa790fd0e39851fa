import { type Clock, sleep } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { DeliveryOutcome, Destinations, Execution, UndeliveredCommand } from "../base/routing.ts";
import type { ReceiptReason, ReceiptStage, Receipts, Uplink, UplinkOutcome } from "../base/uplink.ts";
import type { Store } from "../store/store.ts";
import type { Arrived, Inbox } from "../wan/inbox.ts";
import { judgeDownlink, judgeFromHan } from "./judge.ts";

export interface RouterPorts {
  readonly store: Store;
  readonly inbox: Inbox;
  readonly uplink: Uplink;
  readonly receipts: Receipts;
  readonly destinations: Destinations;
  readonly clock: Clock;
  readonly log: Log;
  /** A message that a device in the Device Log did not get; called in the transaction that stores its receipt. */
  readonly undelivered?: (command: UndeliveredCommand, reason: ReceiptReason) => void;
}

/** How a delivery that did not succeed is told to the sender. */
const FAILURES: Record<Exclude<DeliveryOutcome, "delivered" | "waiting"> | "fault", ReceiptReason> = {
  "tunnel-lost": "tunnel-lost",
  "too-large": "too-large",
  "mailbox-full": "mailbox-full",
  busy: "refused",
  suspended: "suspended",
  fault: "internal",
};

/** Pause before the store is tried again, in milliseconds. */
const STORE_RETRY_MS = 1_000;

/**
 * The one place that reads a message's address (communications-hub A4). It changes no octet of any message.
 *
 * Downlinks go to one device one after the other and to different devices side by side. A downlink leaves the inbox in
 * the same transaction that stores its end, so after a power cut it is dealt with again or was dealt with.
 */
export class Router {
  readonly #ports: RouterPorts;
  readonly #busy = new Map<Eui64, Promise<void>>();
  #stopping = false;

  constructor(ports: RouterPorts) {
    this.#ports = ports;
  }

  /** To be called when the inbox has something new. */
  wake(): void {
    if (this.#stopping) return;
    for (const message of this.#ports.inbox.fronts(new Set(this.#busy.keys()))) {
      const run = this.#run(message).then(() => {
        this.#busy.delete(message.device);
        this.wake();
      });
      this.#busy.set(message.device, run);
    }
  }

  /**
   * Takes no more downlinks and resolves when those under way have ended: close the tunnels meanwhile. What that makes
   * fail stays in the inbox for the next start.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#busy.values());
  }

  /**
   * A message from a device on the HAN. Resolves once it is safe and the device may be acknowledged: `safe`, or waiting
   * for another device or delivered to it; what goes nowhere is logged.
   */
  async fromHan(device: Eui64, payload: Uint8Array): Promise<UplinkOutcome | DeliveryOutcome | "refused"> {
    const verdict = judgeFromHan(device, payload);
    switch (verdict.to) {
      case "wan":
        return this.#ports.uplink.send({ device, lane: verdict.lane, payload });
      case "han": {
        const way = this.#ports.destinations.han(verdict.target);
        const outcome = (await way?.deliver(verdict.target, payload, undefined)) ?? "refused";
        if (outcome !== "delivered" && outcome !== "waiting")
          this.#ports.log.warn({ device, target: verdict.target, outcome }, "HAN-only message goes nowhere");
        return outcome;
      }
      case "nowhere":
        this.#ports.log.warn({ device, reason: verdict.reason }, "message from the HAN goes nowhere");
        return "refused";
    }
  }

  async #run(message: Arrived): Promise<void> {
    try {
      await this.#route(message);
    } catch (error) {
      this.#ports.log.error({ err: error, id: message.id }, "downlink failed");
      await this.#end(message, "failed", "internal");
    }
  }

  async #route(message: Arrived): Promise<void> {
    const { destinations, log, undelivered } = this.#ports;
    const { device, payload, id } = message;
    const verdict = judgeDownlink(device, payload);
    if ("reason" in verdict) return this.#fail(message, verdict.reason);
    const own = destinations.own(device);
    if (own === "absent") return this.#fail(message, "unsupported");
    if (own !== undefined) {
      const execution = await own.execute(message);
      // Whose radio is taken away fails for that alone; calls of ports can be made again at the next start.
      return this.#stopping ? undefined : this.#executed(message, execution);
    }
    const way = destinations.han(device);
    if (way === undefined) return this.#fail(message, "no-such-device");
    const outcome = await way.deliver(device, payload, id).catch((error: unknown) => {
      log.error({ err: error, id }, "downlink failed");
      return "fault" as const;
    });
    if (outcome === "delivered") return this.#end(message, "delivered");
    if (outcome === "waiting") return this.#end(message);
    // A hub that stops closes its tunnels: that is no failure of the message.
    if (this.#stopping) return;
    const reason = FAILURES[outcome];
    await this.#fail(message, reason, () => undelivered?.(verdict.address, reason));
  }

  async #executed(message: Arrived, execution: Execution): Promise<void> {
    const { uplink, log } = this.#ports;
    const stored = await this.#commit(() => {
      execution.writes?.();
      for (const answer of execution.answers) {
        const outcome = uplink.put(answer);
        if (outcome !== "safe") log.error({ id: message.id, outcome }, "answer not stored");
      }
      this.#takeOut(message, execution.failed === undefined ? "executed" : "failed", execution.failed);
    });
    if (stored) execution.after?.();
  }

  /** `also` joins the transaction of the receipt. */
  async #fail(message: Arrived, reason: ReceiptReason, also?: () => void): Promise<void> {
    this.#ports.log.warn({ id: message.id, device: message.device, reason }, "downlink refused");
    await this.#commit(() => {
      this.#takeOut(message, "failed", reason);
      also?.();
    });
  }

  async #end(message: Arrived, stage?: ReceiptStage, reason?: ReceiptReason): Promise<void> {
    await this.#commit(() => this.#takeOut(message, stage, reason));
  }

  #takeOut(message: Arrived, stage?: ReceiptStage, reason?: ReceiptReason): void {
    if (stage !== undefined) this.#ports.receipts.report(message.id, stage, reason);
    this.#ports.inbox.done(message.place);
  }

  /**
   * One transaction, tried until the store takes it: what has happened on the HAN must not be told as a failure, or
   * happen twice, because the disk was full. False where the hub stops first.
   */
  async #commit(work: () => void): Promise<boolean> {
    for (;;) {
      try {
        this.#ports.store.transaction(work);
        return true;
      } catch (error) {
        if (!(error instanceof HanwayError && error.code.startsWith("store/"))) throw error;
        this.#ports.log.error({ err: error }, "the end of a downlink cannot be stored; trying again");
      }
      if (this.#stopping) return false;
      await sleep(this.#ports.clock, STORE_RETRY_MS);
    }
  }
}
