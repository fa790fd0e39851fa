import type { DoneCallback, IPublishPacket } from "mqtt";

export interface Arrival {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker says that it has sent this before (DUP), or that it is a retained one. */
  readonly again: boolean;
}

/**
 * Messages that a broker of MQTT 5 may send, and that are taken of any broker, before the hub has acknowledged the first.
 * Without a limit a broker sends all that it has, and its acknowledgements of what the hub sends stand in line behind.
 */
export const RECEIVE_MAXIMUM = 16;
/** What makes the driver go on to the next packet without a PUBACK of its own. */
const OWN_PUBACK = new Error("acknowledged elsewhere");

export interface ArrivalPorts {
  /** Resolves when the message is safe. */
  take(arrival: Arrival): Promise<void>;
  /** Sends the PUBACK; resolves when the next one may be sent. */
  acknowledge(id: number): Promise<void>;
  failed(sentence: string): void;
}

/**
 * What a connection brings. Several messages are taken at a time: they share a commit, and the broker's acknowledgement of
 * what the hub sent, where it comes behind them, does not wait for each one's own.
 */
export class Arrivals {
  readonly #ports: ArrivalPorts;
  #under = 0;
  #goOn = () => {};
  #acknowledged: Promise<void> = Promise.resolve();

  constructor(ports: ArrivalPorts) {
    this.#ports = ports;
  }

  /** `done` lets the driver go on to its next packet. */
  arrived({ topic, payload, qos, messageId = 0, dup, retain }: IPublishPacket, done: DoneCallback): void {
    if (qos > 0 && messageId === 0) {
      this.#ports.failed("message without a packet id");
      return;
    }
    const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
    const taken = this.#ports.take({ topic, payload: bytes, again: dup || retain });
    this.#under += 1;
    // In the order of arrival (MQTT 5, 4.6), and nothing behind what could not be taken.
    this.#acknowledged = Promise.all([taken, this.#acknowledged])
      .then(() => (qos > 0 ? this.#ports.acknowledge(messageId) : undefined))
      .then(() => this.#ended());
    this.#acknowledged.catch((error) =>
      this.#ports.failed(error instanceof Error ? error.message : "message not taken"),
    );
    if (this.#under < RECEIVE_MAXIMUM) done(OWN_PUBACK);
    else this.#goOn = () => done(OWN_PUBACK);
  }

  #ended(): void {
    this.#under -= 1;
    const goOn = this.#goOn;
    this.#goOn = () => {};
    goOn();
  }
}
