import { HanwayError } from "../../base/error.ts";
import type { Air } from "../air/air.ts";
import type { DeviceCounts, DeviceEvent, MessageHandler } from "./device-types.ts";

/** What a device does with GBCS messages: its handler answers them; they are counted and told of. */
export class Application {
  readonly #handler: MessageHandler;
  readonly #air: Air;
  readonly #counts: DeviceCounts;
  readonly #emit: (event: DeviceEvent) => void;

  constructor(handler: MessageHandler, air: Air, counts: DeviceCounts, emit: (event: DeviceEvent) => void) {
    this.#handler = handler;
    this.#air = air;
    this.#counts = counts;
    this.#emit = emit;
  }

  /** Resolves to the answer, if there is one. Emulated time stands still until then. */
  async received(message: Uint8Array): Promise<Uint8Array | undefined> {
    this.#counts.messagesIn++;
    this.#emit({ type: "message-in", message });
    const release = this.#air.hold();
    try {
      const answer = await this.#handled(message);
      if (answer === undefined) this.#counts.unanswered++;
      return answer;
    } finally {
      release();
    }
  }

  sent(message: Uint8Array, delivered: boolean): void {
    if (delivered) this.#counts.messagesOut++;
    else this.#counts.undelivered++;
    this.#emit({ type: "message-out", message, delivered });
  }

  /** A message that cannot be decoded is met with silence, as GBCS wants; any other fault is a fault. */
  async #handled(message: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return await this.#handler(message);
    } catch (error) {
      if (error instanceof HanwayError) return undefined;
      throw error;
    }
  }
}
