import type { ApsMessage } from "../../src/emulator/stack/coordinator.ts";
import type { EmulatedCoordinator } from "../../src/emulator/stack/coordinator-stack.ts";
import { seMessage } from "./home.ts";

const BLOCK = 71;

/** What an EZSP host does for fragmentation: one block at a time down, a reply for every block up. */
export class Host {
  /** Smart Energy frames, whole, oldest first. */
  readonly received: Uint8Array[] = [];
  /** Told of each whole Smart Energy message. */
  onMessage: (message: ApsMessage) => void = () => {};
  readonly #hub: EmulatedCoordinator;
  readonly #blocks = new Map<number, Map<number, Uint8Array>>();
  readonly #totals = new Map<number, number>();
  #sent: ((delivered: boolean, sequence: number) => void) | undefined;

  constructor(hub: EmulatedCoordinator) {
    this.#hub = hub;
    hub.on((event) => {
      if (event.type === "sent" && event.message.fragment)
        this.#sent?.(event.delivered, event.message.sequence);
      if (event.type === "incoming" && event.message.fragment) this.#block(event.message);
      else if (event.type === "incoming" && event.message.profile === 0x0109) this.#whole(event.message);
    });
  }

  #block(message: ApsMessage): void {
    const { index, total } = message.fragment ?? { index: 0, total: 0 };
    if (index === 0 && !this.#blocks.get(message.sequence)?.has(0)) {
      this.#blocks.set(message.sequence, new Map());
      this.#totals.set(message.sequence, total);
    }
    const blocks = this.#blocks.get(message.sequence);
    if (!blocks) return;
    const fresh = !blocks.has(index);
    blocks.set(index, message.payload);
    this.#hub.fragmentAck(message.nodeId, { ...message, fragment: { index, total: 0, bitmap: 0xff } });
    if (!fresh || blocks.size !== this.#totals.get(message.sequence)) return;
    const payload = Buffer.concat([...blocks].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
    this.#whole({ ...message, payload });
  }

  #whole(message: ApsMessage): void {
    this.received.push(message.payload);
    this.onMessage(message);
  }

  /** Sends in blocks; resolves to whether all were acknowledged. */
  async send(nodeId: number, payload: Uint8Array, more: Partial<ApsMessage> = {}): Promise<boolean> {
    const total = Math.ceil(payload.length / BLOCK);
    let sequence = 0;
    for (let index = 0; index < total; index++) {
      const bytes = payload.subarray(index * BLOCK, (index + 1) * BLOCK);
      const delivered = await new Promise<boolean>((resolve) => {
        this.#sent = (ok, used) => {
          sequence = used;
          resolve(ok);
        };
        const message = seMessage(nodeId, bytes, { ...more, fragment: { index, total }, sequence });
        if (this.#hub.unicast(message) !== "ok") resolve(false);
      });
      if (!delivered) return false;
    }
    return true;
  }
}
