import { toHex } from "../../../src/base/bytes.ts";
import { ManualClock } from "../../../src/base/clock.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { MessageId } from "../../../src/base/wan-topic.ts";
import { MAILBOX_SETTINGS, Mailbox, type MailboxSettings } from "../../../src/han/mailbox/mailbox.ts";
import { Store } from "../../../src/store/store.ts";

export const GSME = Eui64("00db1234567890a1");
export const OTHER = Eui64("00db1234567890a9");

/** A mailbox on a real store between a meter and a router that are only their ends. */
export class MailboxBench {
  readonly clock = new ManualClock();
  readonly settings: MailboxSettings;
  /** Outlive a restart. */
  readonly receipts: string[];
  readonly events: string[];
  readonly sent: string[] = [];
  readonly put: string[] = [];
  readonly waiting: number[] = [];
  store: Store;
  mailbox: Mailbox;
  /** How a transfer to the meter ends. */
  transfer: (data: Uint8Array) => Promise<string> = async () => "delivered";
  routed: () => Promise<unknown> = async () => "safe";
  mirror = false;
  /** Octets of the largest transfer to a meter. */
  limit = 1_500;
  readonly #path: string;

  constructor(settings: Partial<MailboxSettings> = {}, path = ":memory:") {
    this.#path = path;
    this.settings = { ...MAILBOX_SETTINGS, ...settings };
    this.receipts = [];
    this.events = [];
    this.store = new Store(this.#path, this.clock);
    this.mailbox = this.#make();
  }

  #make(): Mailbox {
    // Receipts and events count once the transaction that they are part of is on the disk.
    let unsaved: (() => void)[] = [];
    const { store } = this;
    store.watch({
      committed: () => {
        for (const save of unsaved.splice(0)) save();
      },
      rolledBack: () => {
        unsaved = [];
      },
    });
    const mailbox = new Mailbox(this.settings, {
      store,
      clock: this.clock,
      log: silentLog,
      receipts: {
        report: (id, stage, reason) => {
          if (!store.inTransaction) throw new Error("a receipt outside the transaction of its message");
          unsaved.push(() => this.receipts.push([id, stage, reason].filter(Boolean).join(" ")));
        },
      },
      limit: () => this.limit,
      transfer: (_device, data) => {
        this.sent.push(toHex(data));
        return this.transfer(data);
      },
      fromDevice: (_device, message) => {
        this.put.push(toHex(message));
        return this.routed();
      },
      event: (code, device) => unsaved.push(() => this.events.push(`${code.toString(16)} ${device}`)),
      changed: (_device, waiting) => this.waiting.push(waiting),
      hasMirror: () => this.mirror,
    });
    mailbox.start(() => true);
    return mailbox;
  }

  /** As after a power cut: only what is on the disk is there. */
  restart(listed: (device: Eui64) => boolean = () => true): void {
    void this.mailbox.stop();
    this.store.close();
    this.store = new Store(this.#path, this.clock);
    this.mailbox = this.#make();
    this.mailbox.start(listed);
  }

  offer(id: string | undefined, payload: Uint8Array, device = GSME) {
    return this.mailbox.deliver(device, payload, id as MessageId | undefined);
  }

  from(...data: number[]): void {
    this.mailbox.received(GSME, Uint8Array.from(data), undefined);
  }

  async get(): Promise<string | undefined> {
    this.from(0x01);
    await settled();
    return this.sent.at(-1);
  }
}

/** Lets everything that is ready happen. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
