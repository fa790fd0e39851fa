import { setTimeout as delay } from "node:timers/promises";
import { toHex } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { isMessageId } from "../base/wan-topic.ts";
import type { EmulatedDevice, MessageHandler } from "../emulator/devices/device.ts";
import type { HeadEndLink } from "../headend/link.ts";
import { ACCESS_CONTROL_BROKER, ESME } from "./demo-setup.ts";
import { vectorResponder } from "./emulator.ts";
import type { Traffic } from "./fault.ts";
import { Ledger } from "./ledger.ts";
import { SampleExchange } from "./sample.ts";
import type { Story } from "./story.ts";
import type { TrafficSource } from "./traffic-source.ts";
import type { VectorPair } from "./vectors.ts";

/** How long the meter waits before it tries again to send an Alert for which it had no tunnel. */
const ALERT_AGAIN_MS = 500;

/** The messages of one demo, at both ends: what is offered, what the meter answers, and what arrives. */
export class DemoTraffic implements Traffic {
  readonly ledger = new Ledger();
  /** What the meter answers to Commands. */
  readonly answer: MessageHandler;
  readonly #samples: SampleExchange;
  #source: TrafficSource;
  /** Recorded pairs still to be offered; sample messages where undefined. */
  readonly #pairs: VectorPair[] | undefined;
  readonly #story: Story;
  /** Only some of the messages are told. */
  readonly #brief: boolean;
  /** Called when something has arrived, and is answered where it was a Command. */
  readonly #arrival: () => void;
  /** Commands at the meter of which it is not yet known whether they have a Response. */
  #answering = 0;
  readonly #executed = new Set<string>();
  #farEnd: HeadEndLink | undefined;
  #meter: EmulatedDevice | undefined;
  #over = false;

  constructor(
    options: { vectors: readonly VectorPair[] | undefined; brief: boolean; arrival: () => void },
    clock: Clock,
    story: Story,
  ) {
    const { vectors, brief, arrival } = options;
    this.#arrival = arrival;
    this.#samples = new SampleExchange({ farEnd: ACCESS_CONTROL_BROKER, meter: ESME }, clock);
    this.#pairs = vectors?.filter(({ target }) => target === ESME);
    this.#brief = brief || vectors !== undefined;
    this.#story = story;
    this.#source = this.#samples;
    const reply =
      vectors === undefined ? (command: Uint8Array) => this.#answerOnce(command) : vectorResponder(vectors);
    this.answer = (command) => this.#whileAnswering(() => reply(command));
  }

  /** Commands come from elsewhere than the samples, and the meter answers by other means. */
  use(source: TrafficSource): void {
    this.#source = source;
  }

  attach(farEnd: HeadEndLink): void {
    this.#farEnd = farEnd;
  }

  meterIs(meter: EmulatedDevice | undefined): void {
    this.#meter = meter;
    meter?.on((event) => {
      if (event.type === "message-in") this.ledger.atDevice(event.message);
    });
  }

  /** Recorded Commands still to be offered; undefined where samples are. */
  get left(): number | undefined {
    return this.#pairs?.length;
  }

  /** Nothing is offered any more. */
  stop(): void {
    this.#over = true;
  }

  async command(): Promise<void> {
    const id = `demo-${toHex(systemRandom.bytes(8))}`;
    if (this.#over || this.#farEnd === undefined || !isMessageId(id)) return;
    const pair = this.#pairs === undefined ? undefined : this.#pairs.shift();
    if (this.#pairs !== undefined && pair === undefined) return;
    const command = pair?.command ?? this.#source.command();
    this.ledger.offer({ command, response: pair?.response });
    if (this.#brief) this.#story.progress("message in", this.ledger.counts().offered, command);
    else this.#story.messageIn(command, pair?.useCase ?? this.#source.useCase);
    await this.#farEnd.send(ESME, id, command);
  }

  alert(): void {
    if (this.#over || this.#meter === undefined) return;
    const alert = this.#samples.alert();
    this.ledger.alert(alert);
    void this.#sendAlert(this.#meter, alert);
  }

  /** Everything offered has arrived, and what it was answered with as well. */
  get complete(): boolean {
    return this.#answering === 0 && this.ledger.complete;
  }

  inFlight(): number {
    return this.ledger.underWay;
  }

  arrived(): { down: number; up: number } {
    const { relayed, responses } = this.ledger.counts();
    return { down: relayed, up: responses + this.ledger.alerts().arrived };
  }

  /** Something has arrived at the far end. */
  atFarEnd(payload: Uint8Array): void {
    this.ledger.atFarEnd(payload);
    if (this.#brief) this.#story.progress("message out", this.arrived().up, payload);
    else this.#story.messageOut(payload, this.#source.read(payload));
    this.#arrival();
  }

  async #whileAnswering(reply: () => ReturnType<MessageHandler>): Promise<Uint8Array | undefined> {
    this.#answering += 1;
    try {
      return await reply();
    } finally {
      this.#answering -= 1;
      this.#arrival();
    }
  }

  /** A meter executes no Command twice: its counter protects it from one that comes again. */
  async #answerOnce(command: Uint8Array): Promise<Uint8Array | undefined> {
    const name = toHex(command);
    if (this.#executed.has(name)) return undefined;
    this.#executed.add(name);
    const response = await this.#source.answer(command);
    if (response !== undefined) this.ledger.answered(response);
    return response;
  }

  async #sendAlert(meter: EmulatedDevice, alert: Uint8Array): Promise<void> {
    while (!this.#over && !(await meter.send(alert))) await delay(ALERT_AGAIN_MS);
  }
}
