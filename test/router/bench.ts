import { fromHex, toHex } from "../../src/base/bytes.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { silentLog } from "../../src/base/log.ts";
import type { Deliver, DeliveryOutcome, Destinations, UndeliveredCommand } from "../../src/base/routing.ts";
import type { Downlink, ReceiptReason, UplinkMessage, UplinkOutcome } from "../../src/base/uplink.ts";
import type { MessageId } from "../../src/base/wan-topic.ts";
import { Router } from "../../src/router/router.ts";
import { Store } from "../../src/store/store.ts";
import { INBOX_LIMITS, Inbox } from "../../src/wan/inbox.ts";

export const CHF = Eui64("00db1234567890a2");
export const GPF = Eui64("00db1234567890a3");
export const ESME = Eui64("00db1234567890a0");
export const GSME = Eui64("00db1234567890a1");
export const PPMID = Eui64("00db1234567890a4");
export const ACB = Eui64("90b3d51f30000002");

/** A message without a MAC header and with two octets that look like nothing (GBCS 7.2, gbcs-messages 2). */
export function gbcs(
  cra: 1 | 2 | 3,
  originator: Eui64,
  target: Eui64,
  code: number,
  content = "fefe",
): Uint8Array {
  const flag = `0${cra}`;
  const length = (content.length / 2).toString(16).padStart(2, "0");
  const hexCode = code.toString(16).padStart(4, "0");
  return fromHex(`df09${flag}000000000000051608${originator}08${target}0002${hexCode}${length}${content}00`);
}

/** One General Block Transfer block (gbcs-messages 12). */
export function block(cra: 1 | 2 | 3, originator: Eui64, target: Eui64, code: number): Uint8Array {
  const hexCode = code.toString(16).padStart(4, "0");
  return fromHex(
    `dd090${cra}000000000000051608${originator}08${target}0002${hexCode}000e1100000000e0810001000002fefe`,
  );
}

/** A router on a real store and inbox; what it hands on is written down. */
export class RouterBench {
  readonly clock = new ManualClock();
  readonly store = new Store(":memory:", this.clock);
  readonly inbox = new Inbox(this.store, INBOX_LIMITS);
  readonly receipts: string[] = [];
  readonly up: UplinkMessage[] = [];
  readonly delivered: { device: Eui64; hex: string; id: MessageId | undefined }[] = [];
  readonly undelivered: { command: UndeliveredCommand; reason: ReceiptReason; inTransaction: boolean }[] = [];
  readonly log = new Set<Eui64>([ESME, GSME, PPMID]);
  outcome: (device: Eui64) => Promise<DeliveryOutcome> = async () => "delivered";
  own: Destinations["own"] = (device) => (device === CHF || device === GPF ? "absent" : undefined);
  putOutcome: UplinkOutcome = "safe";
  readonly router: Router;
  #receiptAdded: () => void = () => {};

  constructor() {
    const han: Deliver = {
      deliver: (device, payload, id) => {
        this.delivered.push({ device, hex: toHex(payload), id });
        return this.outcome(device);
      },
    };
    this.router = new Router({
      store: this.store,
      inbox: this.inbox,
      uplink: { send: async (message) => this.#put(message), put: (message) => this.#put(message) },
      receipts: {
        report: (id, stage, reason) => {
          this.receipts.push([id, stage, reason].filter(Boolean).join(" "));
          this.#receiptAdded();
        },
      },
      destinations: {
        han: (device) => (this.log.has(device) ? han : undefined),
        own: (device) => this.own(device),
      },
      clock: this.clock,
      log: silentLog,
      undelivered: (command, reason) =>
        this.undelivered.push({ command, reason, inTransaction: this.store.inTransaction }),
    });
  }

  #put(message: UplinkMessage): UplinkOutcome {
    if (this.putOutcome === "safe") this.up.push(message);
    return this.putOutcome;
  }

  down(device: Eui64, id: string, payload: Uint8Array): void {
    const downlink: Downlink = { device, id: id as MessageId, payload };
    this.store.transaction(() => this.inbox.put(downlink));
    this.router.wake();
  }

  /** Resolves when so many receipts have been given. */
  async given(count: number): Promise<string[]> {
    while (this.receipts.length < count) {
      await new Promise<void>((resolve) => {
        this.#receiptAdded = resolve;
      });
    }
    return this.receipts;
  }
}
