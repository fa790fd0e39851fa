import type { Clock, Timer } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { LinkTiming } from "./link-state.ts";
import type { Transport } from "./transport.ts";

interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  readonly acknowledged: () => void;
}

/**
 * What an MQTT 5 broker refuses in its PUBACK (quota exceeded, not authorised, payload format invalid) is neither lost nor
 * in the way: it keeps its place in the window and is published again over the same link, after a back-off with full
 * jitter, while the others go on. Its number in the topic shows where it belongs. Only where the whole window is taken by
 * refused messages is the link given up, for another broker may take them.
 */
export class Refusals {
  readonly #transport: Transport;
  readonly #window: number;
  readonly #timing: LinkTiming;
  readonly #ports: { clock: Clock; random: Random; log: Log };
  readonly #allRefused: (why: string) => void;
  readonly #timers = new Set<Timer>();
  #held = 0;

  /** `window`: messages that may be un-acknowledged on this link. `allRefused` is called when none of them gets through. */
  constructor(
    transport: Transport,
    window: number,
    timing: LinkTiming,
    ports: { clock: Clock; random: Random; log: Log },
    allRefused: (why: string) => void,
  ) {
    this.#transport = transport;
    this.#window = window;
    this.#timing = timing;
    this.#ports = ports;
    this.#allRefused = allRefused;
  }

  /** `acknowledged` comes when the broker has taken it, however often it had to be asked. */
  publish(message: Message): void {
    this.#try(message, 0);
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #try(message: Message, refused: number): void {
    const { topic, payload, retain } = message;
    this.#transport.publish(topic, payload, retain, (refusal) => {
      if (refusal === undefined) {
        if (refused > 0) this.#held -= 1;
        message.acknowledged();
      } else this.#refused(message, refused + 1, refusal);
    });
  }

  #refused(message: Message, times: number, why: string): void {
    const { clock, random, log } = this.#ports;
    if (times === 1) {
      this.#held += 1;
      log.warn({ topic: message.topic, why }, `the broker refuses a message, which is tried again: ${why}`);
    }
    if (this.#held >= this.#window) {
      this.#allRefused(why);
      return;
    }
    const ceilingMs = Math.min(
      this.#timing.backOffMaxMs,
      this.#timing.backOffMs * 2 ** Math.min(times - 1, 30),
    );
    const timer = clock.after(random.fraction() * ceilingMs, () => {
      this.#timers.delete(timer);
      this.#try(message, times);
    });
    this.#timers.add(timer);
  }
}
