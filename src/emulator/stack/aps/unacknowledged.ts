import type { Clock, Timer } from "../../../base/clock.ts";
import type { ApsMessage } from "../coordinator.ts";
import type { DataHeader } from "./aps-frame.ts";
import type { ApsSettings } from "./aps-settings.ts";

interface Pending {
  message: ApsMessage;
  attempt: number;
  timer: Timer | undefined;
  done: (delivered: boolean) => void;
}

/** Frames, or blocks, that went out and wait for their APS ACK: each goes out again until it comes (Zigbee 2.2.8.4.4). */
export class Unacknowledged {
  readonly #clock: Clock;
  readonly #settings: ApsSettings;
  readonly #transmit: (message: ApsMessage) => void;
  readonly #pending = new Map<string, Pending>();

  constructor(clock: Clock, settings: ApsSettings, transmit: (message: ApsMessage) => void) {
    this.#clock = clock;
    this.#settings = settings;
    this.#transmit = transmit;
  }

  get count(): number {
    return this.#pending.size;
  }

  send(message: ApsMessage, done: (delivered: boolean) => void): void {
    const name = pendingName(message.nodeId, message.sequence, message.fragment?.index);
    this.#settle(name, false);
    const pending: Pending = { message, attempt: 0, timer: undefined, done };
    this.#pending.set(name, pending);
    this.#try(name, pending);
  }

  /** An ACK has come; it counts only where it is secured as the message was. */
  acknowledged(source: number, { counter, security, extended }: DataHeader): void {
    const blocks = extended ? this.#settings.fragmentWindow : 1;
    for (let i = 0; i < blocks; i++) {
      const block = extended ? extended.block + i : undefined;
      const name = pendingName(source, counter, block);
      const received = !extended || ((extended.bitmap ?? 0) & (1 << i)) !== 0;
      if (received && this.#pending.get(name)?.message.apsSecurity === security) this.#settle(name, true);
    }
  }

  /** Gives up everything that waits for a node, or for all. */
  cancel(nodeId?: number): void {
    for (const [name, pending] of [...this.#pending])
      if (nodeId === undefined || pending.message.nodeId === nodeId) this.#settle(name, false);
  }

  #try(name: string, pending: Pending): void {
    pending.timer = this.#clock.after(this.#settings.ackTimeoutMs, () => {
      if (pending.attempt++ >= this.#settings.retries) this.#settle(name, false);
      else this.#try(name, pending);
    });
    this.#transmit(pending.message);
  }

  #settle(name: string, delivered: boolean): void {
    const pending = this.#pending.get(name);
    if (!pending) return;
    this.#pending.delete(name);
    pending.timer?.cancel();
    pending.done(delivered);
  }
}

function pendingName(nodeId: number, counter: number, block: number | undefined): string {
  return `${nodeId}/${counter}/${block ?? "-"}`;
}
