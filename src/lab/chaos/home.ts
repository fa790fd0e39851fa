import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { MessageId } from "../../base/wan-topic.ts";
import type { LinkEvents } from "../../headend/link.ts";
import type { ChildHub } from "../demo-hub.ts";
import { ACCESS_CONTROL_BROKER, ESME, INSTALL_CODE } from "../demo-setup.ts";
import { SampleExchange } from "../sample.ts";
import { BalanceAdjustments } from "./adjustments.ts";
import { Exchange } from "./exchange.ts";
import { type BrokerUrls, Place } from "./place.ts";
import { SteadyLink } from "./steady-link.ts";

/** How long the meter waits before it tries again to send what was not acknowledged. */
const AGAIN_MS = 200;
const LOOK_MS = 50;

/** Who is connected to the broker, as the far end knows; of the hub by its retained state. */
export interface Links {
  farEnd: boolean;
  hub: boolean | undefined;
}

/**
 * A hub as a process of its own between an emulated meter and a far end that exchange messages. Everything but the hub's
 * process and the broker lives here.
 */
export class ChaosHome implements AsyncDisposable {
  readonly exchange: Exchange;
  readonly hub: ChildHub;
  readonly links: Readonly<Links>;
  readonly #farEnd: SteadyLink;
  readonly #sendAlert: (alert: Uint8Array) => Promise<boolean>;
  readonly #scope: AsyncDisposableStack;
  readonly #alerts: Uint8Array[] = [];
  #sending = false;
  #offered = 0;
  #over = false;

  private constructor(
    exchange: Exchange,
    parts: {
      hub: ChildHub;
      farEnd: SteadyLink;
      sendAlert: (alert: Uint8Array) => Promise<boolean>;
      links: Links;
      scope: AsyncDisposableStack;
    },
  ) {
    this.exchange = exchange;
    this.hub = parts.hub;
    this.#farEnd = parts.farEnd;
    this.#sendAlert = parts.sendAlert;
    this.links = parts.links;
    this.#scope = parts.scope;
  }

  /** Resolves when the meter can be reached. */
  static async start(
    brokers: BrokerUrls,
    options: { seed: number; tell: (line: string) => void },
  ): Promise<ChaosHome> {
    await using building = new AsyncDisposableStack();
    const place = building.use(await Place.make(options.seed));
    const { clock } = place;
    const meter = place.emulator.addDevice({ type: "esme", eui64: ESME, installCode: INSTALL_CODE });
    const parties = place.parties([{ type: "esme", eui64: ESME }]);
    const adjustments = building.use(new BalanceAdjustments(parties, meter, clock, options.seed));
    const samples = new SampleExchange({ farEnd: ACCESS_CONTROL_BROKER, meter: ESME }, clock);
    const exchange = new Exchange({
      command: () => adjustments.command(),
      execute: (command) => adjustments.execute(command),
      alert: () => samples.alert(),
      get executed() {
        return adjustments.balance;
      },
    });
    meter.messageHandler = (command) => exchange.atMeter(command);
    meter.on((event) => {
      if (event.type === "message-out" && event.delivered) exchange.acknowledged(event.message);
    });
    const links: Links = { farEnd: true, hub: undefined };
    const events: LinkEvents = {
      connection: (up) => {
        links.farEnd = up;
      },
      state: (online) => {
        links.hub = online;
      },
      up: ({ payload, seq }) => exchange.atFarEnd(payload, seq),
      receipt: (receipt) => exchange.receipt(receipt),
    };
    const farEnd = building.use(
      await SteadyLink.make(async () => {
        const link = await place.farEnd(brokers, undefined, events);
        links.farEnd = true;
        return link;
      }),
    );
    const reachable = Promise.withResolvers<void>();
    const watcher = { network() {}, joined() {}, tunnelOpen: () => reachable.resolve() };
    const hub = building.use(place.hub(brokers, undefined, { watcher, tell: options.tell }));
    await hub.start();
    await reachable.promise;
    const sendAlert = (alert: Uint8Array) => meter.send(alert);
    return new ChaosHome(exchange, { hub, farEnd, sendAlert, links, scope: building.move() });
  }

  /** Offers one Command at the broker and has the meter send one Alert. */
  offer(): void {
    this.offerCommand();
    this.#alerts.push(this.exchange.alert());
    if (!this.#sending) void this.#sendAlerts();
  }

  offerCommand(): void {
    this.#offered += 1;
    const id = `chaos-${this.#offered}` as MessageId;
    this.#farEnd.offer(ESME, id, this.exchange.command(id));
  }

  /** Resolves when all but `left` messages have arrived, or when nothing more has for `ms`. */
  async drained(ms: number, left = 0): Promise<void> {
    let { missing } = this.exchange;
    for (let until = performance.now() + ms; missing > left && performance.now() < until; ) {
      await delay(LOOK_MS);
      if (this.exchange.missing === missing) continue;
      missing = this.exchange.missing;
      until = performance.now() + ms;
    }
  }

  /** Resident memory of the hub's process, in megabytes; undefined while it is gone. */
  residentMb(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.hub.pid}/status`, "utf8");
      const kilobytes = /VmRSS:\s+(\d+) kB/.exec(status)?.[1];
      return kilobytes === undefined ? undefined : Number(kilobytes) / 1_024;
    } catch {
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#scope.disposeAsync();
  }

  /** One after the other: order is part of what is looked at. */
  async #sendAlerts(): Promise<void> {
    this.#sending = true;
    for (let next = this.#alerts[0]; next !== undefined && !this.#over; next = this.#alerts[0]) {
      this.exchange.sending(next);
      if (await this.#sendAlert(next)) this.#alerts.shift();
      else await delay(AGAIN_MS);
    }
    this.#sending = false;
  }
}
