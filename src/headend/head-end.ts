import { toHex } from "../base/bytes.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Random } from "../base/random.ts";
import { isMessageId, type MessageId, type WanRoot } from "../base/wan-topic.ts";
import { gbtSettings } from "../gbcs/gbt/index.ts";
import { type BuiltCommand, buildCommand, type Order } from "./command.ts";
import type { Counters } from "./counters.ts";
import {
  type ExchangeContext,
  type ExchangeInput,
  type ExchangeState,
  exchange,
  newExchange,
  type Outcome,
} from "./exchange.ts";
import { HeadEndLink, type Receipt, type Upward } from "./link.ts";
import type { PartyStore } from "./party-store.ts";

export interface HeadEndOptions {
  /** URL of the broker. */
  readonly broker: string;
  readonly root: WanRoot;
  readonly parties: PartyStore;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly random: Random;
}

export interface SendOptions {
  /** How long a Response is waited for, in milliseconds. */
  readonly timeoutMs: number;
  /** How long a second Response is waited for behind the first. */
  readonly lingerMs: number;
  /** Octets that the device takes in one message; above it block transfer is used. Undefined for no limit. */
  readonly transferSize?: number | undefined;
  /** The hub reports how far the Command has come. */
  readonly onStage?: (stage: string) => void;
  /** The Response is there and is the device's own; a second one is looked for from here on. */
  readonly onAnswer?: () => void;
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
}

/** What the retained state of the hub says. */
interface HubSeen {
  online: boolean | undefined;
}

/** Octets around the data of a block: its header with both lengths in three octets. */
const BLOCK_OVERHEAD = 51;

/** The far end of the WAN: builds Commands as the remote parties and the Access Control Broker would, and has them run. */
export class HeadEnd implements AsyncDisposable {
  readonly #options: HeadEndOptions;
  readonly #link: HeadEndLink;
  readonly #running = new Set<RunningExchange>();
  readonly #listeners: Set<(message: Upward) => void>;
  readonly #hub: HubSeen;

  private constructor(
    options: HeadEndOptions,
    link: HeadEndLink,
    listeners: Set<(message: Upward) => void>,
    hub: HubSeen,
  ) {
    this.#hub = hub;
    this.#options = options;
    this.#link = link;
    this.#listeners = listeners;
  }

  /** Resolves once connected and subscribed. Throws `wan/unavailable`. */
  static async connect(options: HeadEndOptions): Promise<HeadEnd> {
    const listeners = new Set<(message: Upward) => void>();
    let headEnd: HeadEnd | undefined;
    const hub: HubSeen = { online: undefined };
    const link = await HeadEndLink.connect(options.broker, options.root, {
      up: (message) => {
        for (const listener of listeners) listener(message);
        headEnd?.up(message);
      },
      receipt: (receipt) => headEnd?.receipt(receipt),
      state: (online) => {
        hub.online = online;
      },
    });
    headEnd = new HeadEnd(options, link, listeners, hub);
    return headEnd;
  }

  /** Whether the hub is online at the broker, by its retained state; undefined where it never was. */
  get hubOnline(): boolean | undefined {
    return this.#hub.online;
  }

  /** Hears everything that comes up from the hub; returns what ends it. */
  listen(listener: (message: Upward) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Builds a Command under a new counter; throws as `buildCommand` does. */
  command(order: Order): BuiltCommand {
    return buildCommand(order, this.#options.parties, this.#options.counters);
  }

  /** Sends a Command and resolves with what came of it. Throws `wan/unavailable` where the broker does not take it. */
  send(command: BuiltCommand, options: SendOptions): Promise<Outcome> {
    const { parties, clock, random } = this.#options;
    const { transferSize } = options;
    const blockOctets = Math.min(1149, Math.max(1, (transferSize ?? 1200) - BLOCK_OVERHEAD));
    const context = { parties, transferSize, gbt: gbtSettings({ blockOctets }) };
    const publish = async (id: MessageId, payload: Uint8Array) => {
      try {
        await this.#link.send(command.target, id, payload);
      } catch (cause) {
        throw new HanwayError("wan/unavailable", "the broker did not take the Command", { cause });
      }
    };
    const running = new RunningExchange({ command, options, context, clock, random, publish });
    this.#running.add(running);
    return running.run().finally(() => this.#running.delete(running));
  }

  /** A message from the hub goes to every exchange under way; each knows its own. */
  up(message: Upward): void {
    for (const running of this.#running) running.input({ type: "up", message });
  }

  receipt(receipt: Receipt): void {
    for (const running of this.#running) running.input({ type: "receipt", receipt });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
  }
}

interface Running {
  readonly command: BuiltCommand;
  readonly options: SendOptions;
  readonly context: ExchangeContext;
  readonly clock: Clock;
  readonly random: Random;
  readonly publish: (id: MessageId, payload: Uint8Array) => Promise<void>;
}

/** Does what the reducer of an exchange asks for. */
class RunningExchange {
  readonly #parts: Running;
  readonly #end = Promise.withResolvers<Outcome>();
  readonly #timers = new Map<string, Timer>();
  #state: ExchangeState;

  constructor(parts: Running) {
    this.#parts = parts;
    this.#state = newExchange(parts.command);
  }

  async run(): Promise<Outcome> {
    const { timeoutMs, signal } = this.#parts.options;
    const giveUp = () => this.input({ type: "timeout" });
    signal?.addEventListener("abort", giveUp, { once: true });
    this.#after("timeout", timeoutMs, { type: "timeout" });
    try {
      this.input({ type: "start" });
      return await this.#end.promise;
    } finally {
      signal?.removeEventListener("abort", giveUp);
      for (const timer of this.#timers.values()) timer.cancel();
    }
  }

  input(input: ExchangeInput): void {
    const [state, effects] = exchange(this.#state, input, this.#parts.context);
    this.#state = state;
    for (const effect of effects) {
      switch (effect.type) {
        case "publish":
          this.#publish(effect.payload);
          break;
        case "stage":
          this.#parts.options.onStage?.(effect.stage);
          break;
        case "linger":
          this.#parts.options.onAnswer?.();
          this.#after("linger", this.#parts.options.lingerMs, { type: "lingered" });
          break;
        case "block-timer":
          this.#after(effect.end, effect.ms, { type: "block-timeout", end: effect.end });
          break;
        case "end":
          this.#end.resolve(effect.outcome);
      }
    }
  }

  #publish(payload: Uint8Array): void {
    const id = newMessageId(this.#parts.random);
    this.input({ type: "published", id });
    this.#parts.publish(id, payload).catch((error: unknown) => this.#end.reject(error));
  }

  #after(name: string, ms: number, input: ExchangeInput): void {
    this.#timers.get(name)?.cancel();
    this.#timers.set(
      name,
      this.#parts.clock.after(ms, () => this.input(input)),
    );
  }
}

function newMessageId(random: Random): MessageId {
  const id = `he-${toHex(random.bytes(12))}`;
  if (!isMessageId(id)) throw new TypeError("hex makes a message id");
  return id;
}
