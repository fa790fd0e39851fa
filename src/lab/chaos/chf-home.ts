import { setTimeout as delay } from "node:timers/promises";
import { toHex } from "../../base/bytes.ts";
import type { Random } from "../../base/random.ts";
import type { MessageId } from "../../base/wan-topic.ts";
import type { AccessResponse } from "../../gbcs/dlms/index.ts";
import { type BuiltCommand, buildCommand } from "../../headend/command.ts";
import type { HeadEndLink } from "../../headend/link.ts";
import type { PartyStore } from "../../headend/party-store.ts";
import { findUseCase } from "../../headend/use-case.ts";
import type { ChildHub } from "../demo-hub.ts";
import { CHF } from "../demo-setup.ts";
import { DEFAULT_COORDINATOR } from "../emulator.ts";
import { ChfBooks, type Order } from "./chf-books.ts";
import { type Change, DeviceLogModel } from "./device-log-model.ts";
import { MemoryCounters } from "./memory-counters.ts";
import { type BrokerUrls, Place } from "./place.ts";

/**
 * How long a Response is waited for before the same octets are offered again, in milliseconds; twice as long after each
 * time, for a hub that is behind would never come to the end of them.
 */
const AGAIN_MS = 2_000;
const AGAIN_LOOK_MS = 100;
const LOOK_MS = 20;
/** A join window that outlives a few kills, in seconds. */
const JOIN_TIMEOUT_S = 30;
const KEY_OCTETS = 16;

/** A hub as a process of its own, with keys, and the far end that changes its Device Log. */
export class ChfHome implements AsyncDisposable {
  readonly books: ChfBooks;
  readonly hub: ChildHub;
  readonly model = new DeviceLogModel();
  /** Offers of octets that were offered before: for want of a Response, and on purpose. */
  readonly again = { waiting: 0, onPurpose: 0 };
  readonly #parties: PartyStore;
  readonly #counters: MemoryCounters;
  readonly #farEnd: HeadEndLink;
  readonly #random: Random;
  readonly #scope: AsyncDisposableStack;
  #offers = 0;

  private constructor(parts: {
    books: ChfBooks;
    hub: ChildHub;
    parties: PartyStore;
    counters: MemoryCounters;
    farEnd: HeadEndLink;
    random: Random;
    scope: AsyncDisposableStack;
  }) {
    this.books = parts.books;
    this.hub = parts.hub;
    this.#parties = parts.parties;
    this.#counters = parts.counters;
    this.#farEnd = parts.farEnd;
    this.#random = parts.random;
    this.#scope = parts.scope;
    const again = setInterval(() => this.#offerAgain(), AGAIN_LOOK_MS);
    this.#scope.defer(() => clearInterval(again));
  }

  /** Resolves when the hub's network is up. */
  static async start(
    brokers: BrokerUrls,
    options: { seed: number; random: Random; tell: (line: string) => void },
  ): Promise<ChfHome> {
    await using building = new AsyncDisposableStack();
    const place = building.use(await Place.make(options.seed));
    const parties = place.parties([
      { type: "chf", eui64: CHF },
      { type: "gpf", eui64: DEFAULT_COORDINATOR },
    ]);
    const books = new ChfBooks(parties);
    const farEnd = building.use(
      await place.farEnd(brokers, place.chfSection, {
        up: ({ payload, seq }) => books.up(payload, seq),
        receipt: (receipt) => books.receipt(receipt),
      }),
    );
    const watcher = { network() {}, joined() {}, tunnelOpen() {} };
    const hub = building.use(place.hub(brokers, place.chfSection, { watcher, tell: options.tell }));
    await hub.start();
    const counters = new MemoryCounters(place.clock);
    const { random } = options;
    return new ChfHome({ books, hub, parties, counters, farEnd, random, scope: building.move() });
  }

  /** Offers the next Command to change the Device Log. */
  change(): void {
    const change = this.model.draw(this.#random);
    this.#offer(this.books.order(this.#changing(change), this.model.apply(change)));
  }

  /** Offers the octets of one of the last so many Commands again, answered or not. */
  repeat(among: number): void {
    const { orders } = this.books;
    const order = orders[Math.max(0, orders.length - 1 - this.#random.below(among))];
    if (order?.expected === undefined) return;
    this.again.onPurpose += 1;
    this.#offer(order);
  }

  /** Offers a Command that reads, and resolves with what the hub says; undefined where it does not within `ms`. */
  async read(useCase: string, fields: Readonly<Record<string, string>>, ms: number) {
    const order = this.books.order(this.#build(useCase, fields), undefined);
    this.#offer(order);
    for (const until = performance.now() + ms; performance.now() < until; await delay(LOOK_MS)) {
      if (order.answer !== undefined) break;
    }
    return accessResponse(order);
  }

  /** Resolves to whether the hub has said its last word about everything, at the latest after `ms`. */
  async settled(ms: number): Promise<boolean> {
    for (const until = performance.now() + ms; performance.now() < until; await delay(LOOK_MS)) {
      if (this.books.settled) return true;
    }
    return this.books.settled;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope.disposeAsync();
  }

  #changing({ do: what, device: { eui64, deviceType } }: Change): BuiltCommand {
    if (what === "remove") return this.#build("CCS02", { unregister_device: eui64 });
    const key = toHex(this.#random.bytes(KEY_OCTETS));
    const device_type = String(deviceType);
    return this.#build("CCS01", { ieee_address: eui64, key, device_type, join_timeout: `${JOIN_TIMEOUT_S}` });
  }

  #build(useCase: string, fields: Readonly<Record<string, string>>): BuiltCommand {
    const order = { useCase: findUseCase(useCase, "CHF"), target: CHF, targetKind: "CHF", fields } as const;
    return buildCommand(order, this.#parties, this.#counters);
  }

  #offer(order: Order): void {
    this.#offers += 1;
    const id = `chaos-${this.#offers}` as MessageId;
    this.books.offered(order, id);
    this.#farEnd.send(CHF, id, order.command.message).catch(() => {});
  }

  /** As the DSP does. A reading is not protected against replay and would be executed again. */
  #offerAgain(): void {
    const now = performance.now();
    for (const order of this.books.unanswered) {
      const patience = AGAIN_MS * 2 ** (order.ids.length - 1);
      if (now - order.offeredAt < patience || order.expected === undefined) continue;
      this.again.waiting += 1;
      this.#offer(order);
    }
  }
}

function accessResponse({ answer, command }: Order) {
  const { payload } = command;
  if (answer?.message.payload.format !== "DLMS" || payload.format !== "DLMS") return undefined;
  const { apdu: response } = answer.message.payload;
  const { apdu: request } = payload;
  if (response.type !== "access-response" || request.type !== "access-request") return undefined;
  return { request, response: response as AccessResponse };
}
