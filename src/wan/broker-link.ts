import type { Clock, Timer } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { FailureLog } from "./link-failure.ts";
import {
  initialLink,
  type LinkInput,
  type LinkState,
  type LinkTiming,
  linkStep,
  type MqttLevel,
} from "./link-state.ts";
import {
  type Allowance,
  type Arrival,
  type BrokerSettings,
  Transport,
  type TransportSettings,
} from "./transport.ts";

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
  readonly #failures: FailureLog;
  #state: LinkState;
  #transport: Transport | undefined;
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
    this.#transport?.publish(topic, payload, retain, acknowledged);
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
          this.#closing = this.#transport?.close(true) ?? Promise.resolve();
          this.#transport = undefined;
          break;
        case "hang-up":
          void this.#transport?.close(false);
          this.#transport = undefined;
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
    const transport: Transport = new Transport(chosen, level, this.#settings.transport, {
      accepted: (allowance) => {
        this.#allowance = allowance;
        this.#input({ type: "accepted" });
      },
      ended: (cause, sentence) => {
        this.#transport = undefined;
        this.#failures.ended(broker, sentence, { url: chosen.url, level });
        this.#input({ type: "ended", cause });
      },
      message: (arrival) => this.#handlers.message(arrival),
    });
    this.#transport = transport;
  }

  async #subscribe(): Promise<void> {
    const transport = this.#transport;
    if (transport === undefined || transport !== this.#transport) return;
    const granted = await transport.subscribe(this.#settings.filters);
    if (transport !== this.#transport) return;
    if (granted) {
      this.#input({ type: "subscribed" });
      return;
    }
    this.#transport = undefined;
    await transport.close(true);
    this.#failures.ended(this.#state.broker, "it refused the subscription", { level: this.status.level });
    this.#input({ type: "ended", cause: "other" });
  }
}
