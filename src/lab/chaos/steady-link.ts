import { setTimeout as delay } from "node:timers/promises";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { MessageId } from "../../base/wan-topic.ts";
import type { HeadEndLink } from "../../headend/link.ts";

interface Offer {
  readonly device: Eui64;
  readonly id: MessageId;
  readonly payload: Uint8Array;
}

/** Longer than any trouble with the broker. */
const TAKEN_MS = 15_000;
const AGAIN_MS = 200;

/**
 * A far end that outlives every trouble with its broker: it keeps what it offers, in order, until the broker has it, and
 * makes its link anew where that does not come about. mqtt.js alone gives messages up, or waits for ever, where the broker
 * goes while the process is too busy to see it (it then ends a connection that it has just made).
 */
export class SteadyLink implements AsyncDisposable {
  readonly #connect: () => Promise<HeadEndLink>;
  readonly #offers: Offer[] = [];
  #link: HeadEndLink;
  #sending: Promise<void> | undefined;
  #over = false;

  private constructor(connect: () => Promise<HeadEndLink>, link: HeadEndLink) {
    this.#connect = connect;
    this.#link = link;
  }

  /** `connect`: makes the link, under a session that the broker keeps. Throws as that does. */
  static async make(connect: () => Promise<HeadEndLink>): Promise<SteadyLink> {
    return new SteadyLink(connect, await connect());
  }

  /** A message that the broker has taken may be offered again, under its id. */
  offer(device: Eui64, id: MessageId, payload: Uint8Array): void {
    this.#offers.push({ device, id, payload });
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#link[Symbol.asyncDispose]();
  }

  async #send(): Promise<void> {
    for (let next = this.#offers[0]; next !== undefined && !this.#over; next = this.#offers[0]) {
      if (await this.#taken(next)) this.#offers.shift();
      else await this.#renew();
    }
  }

  async #taken({ device, id, payload }: Offer): Promise<boolean> {
    const giveUp = new AbortController();
    const late = delay(TAKEN_MS, false, { signal: giveUp.signal }).catch(() => false);
    const sent = this.#link.send(device, id, payload).then(
      () => true,
      () => false,
    );
    try {
      return await Promise.race([sent, late]);
    } finally {
      giveUp.abort();
    }
  }

  async #renew(): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
    while (!this.#over) {
      try {
        this.#link = await this.#connect();
        return;
      } catch (error) {
        if (!(error instanceof HanwayError)) throw error;
        await delay(AGAIN_MS);
      }
    }
  }
}
