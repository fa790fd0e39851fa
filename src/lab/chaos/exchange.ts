import { toHex } from "../../base/bytes.ts";
import type { Receipt } from "../../headend/link.ts";
import { Arrivals } from "./arrivals.ts";
import { UnderWay } from "./under-way.ts";

/** What came of a run. */
export interface ExchangeFigures {
  /**
   * `repeated`: came to the meter again. A hub that is killed between the meter's acknowledgement of a Command and the
   * commit that takes it out of the inbox cannot know that it was delivered, and delivers it once more. The meter
   * refuses it by its counter, so it is not executed again: `executed` is the meter's balance, to which every
   * execution adds one.
   */
  commands: { offered: number; arrived: number; executed: number; repeated: number };
  responses: { offered: number; arrived: number };
  alerts: { offered: number; arrived: number };
  /** Messages that did not arrive, and Commands that arrived and were not answered. */
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

/** Where the messages of an exchange come from. */
export interface ExchangeSource {
  command(): Uint8Array;
  alert(): Uint8Array;
  /** The meter's Response to a Command that it executes; undefined to one that it refuses. */
  execute(command: Uint8Array): Promise<Uint8Array | undefined>;
  /** How often the meter has executed a Command. */
  readonly executed: number;
}

/** Messages between a far end and a meter, and the books about them at both ends. */
export class Exchange {
  readonly underWay = new UnderWay();
  readonly #source: ExchangeSource;
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

  constructor(source: ExchangeSource) {
    this.#source = source;
  }

  /** The next Command, offered under this id. */
  command(id: string): Uint8Array {
    const command = this.#source.command();
    this.#commands.offer(command);
    this.#byId.set(id, command);
    this.underWay.offered(id, command);
    return command;
  }

  alert(): Uint8Array {
    const alert = this.#source.alert();
    this.#alerts.offer(alert);
    return alert;
  }

  /** The meter begins to send this Alert. */
  sending(alert: Uint8Array): void {
    this.underWay.sending(alert);
  }

  async atMeter(command: Uint8Array): Promise<Uint8Array | undefined> {
    this.underWay.atMeter(command);
    this.#commands.arrive(command);
    const response = await this.#source.execute(command);
    if (response === undefined) return undefined;
    this.#responses.offer(response);
    this.underWay.sending(response);
    return response;
  }

  /** The hub acknowledged this message to the meter. */
  acknowledged(message: Uint8Array): void {
    this.#acknowledged.push(message);
    this.underWay.acknowledged(message);
  }

  receipt({ id, stage, reason }: Receipt): void {
    // The far end could not know that the broker had taken it.
    if (reason === "duplicate") return;
    if (stage === "stored") {
      this.#stored.add(id);
      this.underWay.stored(id);
      return;
    }
    if (stage === "failed") this.#refused += 1;
    this.underWay.over(id);
  }

  atFarEnd(message: Uint8Array, seq: number): void {
    this.underWay.atFarEnd(message);
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

  /** Messages that have not arrived, and Responses still to be made. */
  get missing(): number {
    const unanswered = Math.max(0, this.#commands.arrived - this.#responses.offered);
    return this.#commands.missing + unanswered + this.#responses.missing + this.#alerts.missing;
  }

  /** Messages that have arrived, at either end. */
  get arrived(): { down: number; up: number } {
    return { down: this.#commands.arrived, up: this.#responses.arrived + this.#alerts.arrived };
  }

  figures(): ExchangeFigures {
    const [commands, responses, alerts] = [this.#commands, this.#responses, this.#alerts];
    const cameUp = (message: Uint8Array) => responses.has(message) || alerts.has(message);
    const stored = [...this.#stored].flatMap((id) => this.#byId.get(id) ?? []);
    return {
      commands: {
        offered: commands.offered,
        arrived: commands.arrived,
        executed: this.#source.executed,
        repeated: commands.duplicates,
      },
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
