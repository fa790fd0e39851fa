import { toHex } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { ACCESS_CONTROL_BROKER, ESME } from "../demo-setup.ts";
import type { ReceiptSeen } from "../far-end.ts";
import { SampleExchange } from "../sample.ts";
import { Arrivals } from "./arrivals.ts";

/** What came of a run. */
export interface ExchangeFigures {
  commands: { offered: number; arrived: number; repeated: number };
  responses: { offered: number; arrived: number };
  alerts: { offered: number; arrived: number };
  /** Messages that did not arrive. */
  lost: number;
  /** Of those, the ones that the hub had acknowledged to the meter or reported to the far end as stored. */
  acknowledgedLost: number;
  /** Against the order in which they were sent, per device and lane. */
  outOfOrder: number;
  /**
   * The same message under two numbers of the WAN contract: what is left after de-duplication by number. A hub that is
   * killed between storing a message and acknowledging it to the meter gets it once more.
   */
  duplicates: number;
  /** The same message under the same number again, which QoS 1 allows. */
  repeatedByBroker: number;
  /** One number for two messages. */
  numberReused: number;
  /** Commands that the hub refused with a receipt: more came at once than it holds. */
  refused: number;
  /** Octets that nobody sent. */
  unknown: number;
}

/** Sample messages between a far end and a meter, and the books about them at both ends. */
export class Exchange {
  readonly #samples: SampleExchange;
  readonly #commands = new Arrivals();
  readonly #responses = new Arrivals();
  readonly #alerts = new Arrivals();
  readonly #byId = new Map<string, Uint8Array>();
  readonly #stored = new Set<string>();
  readonly #acknowledged: Uint8Array[] = [];
  readonly #numbers = new Map<number, string>();
  #repeatedByBroker = 0;
  #numberReused = 0;
  #refused = 0;

  constructor(clock: Clock) {
    this.#samples = new SampleExchange({ farEnd: ACCESS_CONTROL_BROKER, meter: ESME }, clock);
  }

  /** The next Command, offered under this id. */
  command(id: string): Uint8Array {
    const command = this.#samples.command();
    this.#commands.offer(command);
    this.#byId.set(id, command);
    return command;
  }

  alert(): Uint8Array {
    const alert = this.#samples.alert();
    this.#alerts.offer(alert);
    return alert;
  }

  /** The meter: executes a Command once, and stays silent at one that comes again (its counter is not above the last). */
  atMeter(command: Uint8Array): Uint8Array | undefined {
    if (!this.#commands.arrive(command)) return undefined;
    const response = this.#samples.answer(command);
    if (response !== undefined) this.#responses.offer(response);
    return response;
  }

  /** The hub acknowledged this message to the meter. */
  acknowledged(message: Uint8Array): void {
    this.#acknowledged.push(message);
  }

  receipt({ id, stage }: ReceiptSeen): void {
    if (stage === "stored") this.#stored.add(id);
    if (stage === "failed") this.#refused += 1;
  }

  atFarEnd(message: Uint8Array, seq: number): void {
    const name = toHex(message);
    const known = this.#numbers.get(seq);
    if (known === name) {
      this.#repeatedByBroker += 1;
      return;
    }
    if (known !== undefined) this.#numberReused += 1;
    this.#numbers.set(seq, name);
    (this.#responses.knows(message) ? this.#responses : this.#alerts).arrive(message);
  }

  get missing(): number {
    return this.#commands.missing + this.#responses.missing + this.#alerts.missing;
  }

  figures(): ExchangeFigures {
    const [commands, responses, alerts] = [this.#commands, this.#responses, this.#alerts];
    const cameUp = (message: Uint8Array) => responses.has(message) || alerts.has(message);
    const stored = [...this.#stored].flatMap((id) => this.#byId.get(id) ?? []);
    return {
      commands: { offered: commands.offered, arrived: commands.arrived, repeated: commands.duplicates },
      responses: { offered: responses.offered, arrived: responses.arrived },
      alerts: { offered: alerts.offered, arrived: alerts.arrived },
      lost: this.missing,
      acknowledgedLost:
        this.#acknowledged.filter((message) => !cameUp(message)).length +
        stored.filter((message) => !commands.has(message)).length,
      outOfOrder: commands.outOfOrder + responses.outOfOrder + alerts.outOfOrder,
      duplicates: responses.duplicates + alerts.duplicates,
      repeatedByBroker: this.#repeatedByBroker,
      numberReused: this.#numberReused,
      refused: this.#refused,
      unknown: commands.unknown + responses.unknown + alerts.unknown,
    };
  }
}
