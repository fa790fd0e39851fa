import type { Clock, Timer } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Arrival } from "./arrivals.ts";
import type { BrokerSettings, TransportSettings } from "./broker-settings.ts";
import { FailureLog, failureSentence } from "./link-failure.ts";
import {
  initialLink,
  type LinkInput,
  type LinkState,
  type LinkTiming,
  linkStep,
  type MqttLevel,
} from "./link-state.ts";
import { Refusals } from "./refusals.ts";
import { WINDOW } from "./sender.ts";
import { type Allowance, Transport } from "./transport.ts";

export interface LinkSettings {
  brokers: readonly BrokerSettings[];
  /** Subscribed with QoS 1 on every connect, session or not. */
  filters: readonly string[];
  timing: LinkTiming;
  transport: TransportSettings;
}

export interface LinkHandlers {
  /** Connected and subscribed. */
  up(allowance: Allowance): void;
  down(): void;
  /** The broker is acknowledged when this resolves; a rejection ends the connection, so that it comes again. */
  message(arrival: Arrival): Promise<void>;
}

export interface LinkStatus {
  readonly phase: LinkState["phase"];
  readonly broker: number;
  readonly level: MqttLevel;
}

/** Keeps one connection to one of the brokers; runs the machine of link-state.ts on real connections. */
export class BrokerLink {
  readonly #settings: LinkSettings;
  readonly #handlers: LinkHandlers;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #failures: FailureLog;
  #state: LinkState;
  #transport: Transport | undefined;
  #refusals: Refusals | undefined;
  #allowance: Allowance = { inFlight: 1, packet: 0 };
  #timer: Timer | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(
    settings: LinkSettings,
    handlers: LinkHandlers,
    ports: { clock: Clock; random: Random; log: Log },
  ) {
    this.#settings = settings;
    this.#handlers = handlers;
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#log = ports.log;
    this.#failures = new FailureLog(ports.clock, ports.log);
    this.#state = initialLink(settings.brokers.length);
  }

  get status(): LinkStatus {
    const { phase, broker, levels } = this.#state;
    return { phase, broker, level: levels[broker] ?? 5 };
  }

  start(): void {
    this.#input({ type: "start" });
  }

  /** Connects anew, without waiting: the way out of the machine has changed. */
  renew(): void {
    this.#input({ type: "renew" });
  }

  /** Says goodbye to the broker, which then does not publish the last will. */
  stop(): Promise<void> {
    this.#input({ type: "stop" });
    return this.#closing;
  }

  /** Does nothing while the link is down; `acknowledged` then never comes. */
  publish(topic: string, payload: Uint8Array, retain: boolean, acknowledged: () => void): void {
    this.#refusals?.publish({ topic, payload, retain, acknowledged });
  }

  #input(input: LinkInput): void {
    const [state, effects] = linkStep(this.#state, input, this.#settings.timing);
    if (state.phase !== this.#state.phase || input.type === "renew") this.#timer?.cancel();
    this.#state = state;
    for (const effect of effects) {
      switch (effect.type) {
        case "open":
          this.#open(effect.broker, effect.level);
          break;
        case "close":
          this.#closing = this.#let()?.close(true) ?? Promise.resolve();
          break;
        case "hang-up":
          void this.#let()?.close(false);
          break;
        case "subscribe":
          void this.#subscribe();
          break;
        case "announce":
          this.#announce(effect.up);
          break;
        case "back-off":
          this.#wait(this.#random.fraction() * effect.ceilingMs);
          break;
        case "timer":
          this.#wait(effect.ms);
          break;
      }
    }
  }

  #announce(up: boolean): void {
    if (!up) this.#handlers.down();
    else {
      this.#failures.held(this.#state.broker);
      this.#handlers.up(this.#allowance);
    }
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.after(ms, () => this.#input({ type: "timeout" }));
  }

  #open(broker: number, level: MqttLevel): void {
    const chosen = this.#settings.brokers[broker];
    if (chosen === undefined) return;
    try {
      const transport: Transport = new Transport(chosen, level, this.#settings.transport, this.#clock, {
        accepted: (allowance) => {
          this.#allowance = allowance;
          this.#refusals = this.#refusalsOf(transport, allowance);
          this.#input({ type: "accepted" });
        },
        ended: (cause, sentence) => this.#ended(cause, sentence),
        message: (arrival) => this.#handlers.message(arrival),
      });
      this.#transport = transport;
    } catch (error) {
      // Not even begun. Whatever the reason is, a hub that ended over it would end at every start.
      this.#ended(
        "other",
        error instanceof Error ? failureSentence(error, undefined) : "it cannot be dialled",
      );
    }
  }

  #ended(cause: "unanswered" | "level" | "other", sentence: string): void {
    this.#let();
    const { broker, level } = this.status;
    const url = this.#settings.brokers[broker]?.url;
    this.#failures.ended(broker, sentence, { url, mqtt: level });
    this.#input({ type: "ended", cause });
  }

  /** Lets go of the transport, which is returned: nothing that it still does counts. */
  #let(): Transport | undefined {
    const transport = this.#transport;
    this.#transport = undefined;
    this.#refusals?.stop();
    this.#refusals = undefined;
    return transport;
  }

  #refusalsOf(transport: Transport, { inFlight }: Allowance): Refusals {
    const ports = { clock: this.#clock, random: this.#random, log: this.#log };
    return new Refusals(transport, Math.min(WINDOW, inFlight), this.#settings.timing, ports, (why) => {
      void transport.close(false);
      this.#ended("other", `it refuses every message: ${why}`);
    });
  }

  async #subscribe(): Promise<void> {
    const transport = this.#transport;
    if (transport === undefined) return;
    const result = await transport.subscribe(this.#settings.filters);
    if (transport !== this.#transport) return;
    if (!result.granted) {
      void transport.close(true);
      this.#ended("other", `it refuses the subscription: ${result.why}`);
      return;
    }
    if (result.qos < 1)
      this.#log.warn(
        { broker: this.#state.broker },
        "the broker sends with QoS 0 only: what is under way while the link goes down is lost",
      );
    this.#input({ type: "subscribed" });
  }
}
