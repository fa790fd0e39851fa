import { equalBytes } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import { readAddress } from "../../gbcs/address.ts";
import { protectionFacts } from "../../gbcs/catalogue/index.ts";
import { decodeDlms } from "../../gbcs/dlms/index.ts";
import { verifyMessage } from "../../gbcs/security/verify.ts";
import type { BuiltCommand } from "../../headend/command.ts";
import { type Answer, judgeResponse } from "../../headend/judge.ts";
import type { Receipt } from "../../headend/link.ts";
import type { PartyStore } from "../../headend/party-store.ts";
import { readBackup } from "../conformance/execute/seeds.ts";
import type { Expected } from "./device-log-model.ts";

/** One Command to the hub and what came of it. */
export interface Order {
  readonly command: BuiltCommand;
  /** What it is to do; undefined for a reading. */
  readonly expected: Expected | undefined;
  /** Message ids under which its octets were offered, in order. */
  readonly ids: string[];
  /** When they were last offered, by `performance.now()`. */
  offeredAt: number;
  stored: boolean;
  answer: Answer | undefined;
  /** Responses under different numbers. */
  responses: number;
  /** Ids that the hub has reported as executed, and those of which it said otherwise that no more is coming. */
  readonly executed: Set<string>;
  readonly refused: Set<string>;
}

/** What came of a run; everything after `receipts` is a fault. */
export interface ChfBookFigures {
  /** `inVain`: had nothing to change. */
  commands: { offered: number; inVain: number; answered: number };
  /** CS14, by content: as many and in the order in which the model changed. */
  alerts: { expected: number; arrived: number };
  /** Of Commands and of their repetitions. */
  receipts: { executed: number; refused: number };
  /** A message under the same number again, which QoS 1 allows. */
  repeatedByBroker: number;
  unanswered: number;
  /** Commands with Responses under more than one number, or reported as executed under more than one message id. */
  executedTwice: number;
  /** Copies of a Response, or of any message under one number, that are not the same octets. */
  copiesDiffer: number;
  /** Commands whose Response does not say what the model says. */
  otherResult: number;
  /** CS14 that are not those of the model, are missing or too many. */
  alertsDiffer: number;
  /** Offers without a last word of the hub, or refused where it should have been executed. */
  receiptsWrong: number;
  /** Numbers of the WAN contract below the highest that never came. */
  numbersMissing: number;
  /** Messages whose protection is wrong, or that nobody asked for. */
  unknown: number;
}

const ALERT = 3;
const RESPONSE = 2;
const CS14 = 0x0018;

/** The far end's books about Commands to the hub itself. */
export class ChfBooks {
  readonly orders: Order[] = [];
  readonly #parties: PartyStore;
  readonly #byId = new Map<string, Order>();
  readonly #byCounter = new Map<bigint, Order>();
  readonly #numbers = new Map<number, Uint8Array>();
  /** Device Logs that CS14 told, by number. */
  readonly #told = new Map<number, readonly Eui64[]>();
  #repeatedByBroker = 0;
  #copiesDiffer = 0;
  #unknown = 0;
  /** When something last came from the hub, and when the first copy of a Response, by `performance.now()`. */
  heardAt = Number.NEGATIVE_INFINITY;
  answeredAt = Number.NEGATIVE_INFINITY;

  constructor(parties: PartyStore) {
    this.#parties = parties;
  }

  order(command: BuiltCommand, expected: Expected | undefined): Order {
    const order: Order = {
      command,
      expected,
      ids: [],
      offeredAt: 0,
      stored: false,
      answer: undefined,
      responses: 0,
      executed: new Set(),
      refused: new Set(),
    };
    this.orders.push(order);
    this.#byCounter.set(command.counter, order);
    return order;
  }

  offered(order: Order, id: string): void {
    order.ids.push(id);
    order.offeredAt = performance.now();
    this.#byId.set(id, order);
  }

  receipt({ id, stage }: Receipt): void {
    this.heardAt = performance.now();
    const order = this.#byId.get(id);
    if (order === undefined) this.#unknown += 1;
    else if (stage === "stored") order.stored = true;
    else (stage === "executed" ? order.executed : order.refused).add(id);
  }

  up(payload: Uint8Array, seq: number): void {
    this.heardAt = performance.now();
    const known = this.#numbers.get(seq);
    if (known !== undefined) {
      this.#repeatedByBroker += 1;
      if (!equalBytes(known, payload)) this.#copiesDiffer += 1;
      return;
    }
    this.#numbers.set(seq, payload);
    const address = readAddress(payload);
    if ("refused" in address) this.#unknown += 1;
    else if (address.cra === ALERT && address.messageCode === CS14) this.#deviceLogChanged(payload, seq);
    else if (address.cra === RESPONSE) this.#response(payload, this.#byCounter.get(address.counter));
    else this.#unknown += 1;
  }

  /** Commands that have a Response. */
  get answered(): number {
    return this.orders.length - this.unanswered.length;
  }

  get unanswered(): Order[] {
    return this.orders.filter(({ answer }) => answer === undefined);
  }

  /** Whether every offer has had its last word, and every change its alert. */
  get settled(): boolean {
    const { alerts } = this.#alerts();
    return (
      alerts.arrived >= alerts.expected &&
      this.orders.every(
        ({ answer, ids, executed, refused }) => answer && executed.size + refused.size >= ids.length,
      )
    );
  }

  figures(): ChfBookFigures {
    const { orders } = this;
    const changing = orders.filter(({ expected }) => expected !== undefined);
    const sum = (of: (order: Order) => number) => orders.reduce((total, order) => total + of(order), 0);
    return {
      commands: {
        offered: changing.length,
        inVain: changing.filter(({ expected }) => expected?.changedTo === undefined).length,
        answered: changing.filter(({ answer }) => answer !== undefined).length,
      },
      ...this.#alerts(),
      receipts: {
        executed: sum(({ executed }) => executed.size),
        refused: sum(({ refused }) => refused.size),
      },
      repeatedByBroker: this.#repeatedByBroker,
      unanswered: this.unanswered.length,
      executedTwice: orders.filter(({ responses, executed }) => responses > 1 || executed.size > 1).length,
      copiesDiffer: this.#copiesDiffer,
      otherResult: changing.filter(isOtherResult).length,
      receiptsWrong: orders.filter(
        ({ ids, executed, refused }) => executed.size !== 1 || refused.size !== ids.length - 1,
      ).length,
      numbersMissing: Math.max(0, ...this.#numbers.keys()) - this.#numbers.size,
      unknown: this.#unknown,
    };
  }

  #alerts(): Pick<ChfBookFigures, "alerts" | "alertsDiffer"> {
    const wanted = this.orders.flatMap((order) => {
      const changedTo = order.expected?.changedTo;
      return changedTo === undefined ? [] : [changedTo];
    });
    const told = [...this.#told].sort(([a], [b]) => a - b).map(([, log]) => log);
    const differ = told.filter((log, i) => !sameLog(log, wanted[i])).length;
    return {
      alerts: { expected: wanted.length, arrived: told.length },
      alertsDiffer: differ + Math.max(0, wanted.length - told.length),
    };
  }

  #response(payload: Uint8Array, order: Order | undefined): void {
    if (order === undefined) {
      this.#unknown += 1;
      return;
    }
    order.responses += 1;
    if (order.answer !== undefined) {
      if (!equalBytes(order.answer.octets, payload)) this.#copiesDiffer += 1;
      return;
    }
    const judged = judgeResponse(payload, order.command, this.#parties);
    if (judged.is !== "answer") {
      this.#unknown += 1;
      return;
    }
    order.answer = judged.answer;
    this.answeredAt = performance.now();
  }

  #deviceLogChanged(payload: Uint8Array, seq: number): void {
    const log = this.#readAlert(payload);
    if (log === undefined) this.#unknown += 1;
    else this.#told.set(seq, log);
  }

  /** The Device Log in a CS14; undefined where it is not the hub's own or cannot be read. */
  #readAlert(payload: Uint8Array): readonly Eui64[] | undefined {
    const { keys, accessControlBroker } = this.#parties;
    const verification = verifyMessage(payload, {
      keys,
      accessControlBroker,
      self: accessControlBroker,
      signatureKeyOf: (party) => this.#parties.signatureKeyOf(party),
      factsOf: protectionFacts,
    });
    if (verification.outcome !== "verified") return undefined;
    try {
      const apdu = decodeDlms(verification.envelope.content);
      if (apdu.type !== "data-notification" || apdu.body.type !== "structure") return undefined;
      const backup = apdu.body.value[2];
      return backup && readBackup(backup).deviceLog.map(({ eui64 }) => eui64);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      return undefined;
    }
  }
}

export function sameLog(a: readonly Eui64[], b: readonly Eui64[] | undefined): boolean {
  return a.length === b?.length && a.every((eui64, i) => eui64 === b[i]);
}

function isOtherResult({ expected, answer }: Order): boolean {
  return answer !== undefined && (answer.failures.length === 0) !== expected?.success;
}
