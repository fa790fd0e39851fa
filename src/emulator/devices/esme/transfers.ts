import type { Clock, Timer } from "../../../base/clock.ts";
import { HanwayError } from "../../../base/error.ts";
import {
  decodeBlock,
  encodeBlock,
  type GbtBlock,
  type GbtSettings,
  gbtSettings,
  isBlock,
  newReceiver,
  newSender,
  type ReceiverState,
  receiver,
  type SenderState,
  sender,
} from "../../../gbcs/gbt/index.ts";

interface Incoming {
  state: ReceiverState;
  timer: Timer | undefined;
}
interface Outgoing {
  state: SenderState;
  timer: Timer | undefined;
}

/** Transfers that may be under way at a time, in either direction. */
const MOST = 4;

/** General Block Transfer at the meter: joins Commands that come in blocks, and splits what is too long for a tunnel. */
export class MeterTransfers {
  readonly #settings: GbtSettings;
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #send: (octets: Uint8Array) => void;
  readonly #received: (message: Uint8Array) => void;
  readonly #incoming = new Map<string, Incoming>();
  readonly #outgoing = new Map<string, Outgoing>();

  /** `limit`: octets that the tunnel takes at a time. */
  constructor(options: {
    clock: Clock;
    limit: number;
    settings?: Partial<GbtSettings>;
    send: (octets: Uint8Array) => void;
    received: (message: Uint8Array) => void;
  }) {
    this.#clock = options.clock;
    this.#limit = options.limit;
    this.#settings = gbtSettings(options.settings);
    this.#send = options.send;
    this.#received = options.received;
  }

  /** Takes what is a block; false for a whole message. */
  take(octets: Uint8Array): boolean {
    if (!isBlock(octets)) return false;
    let block: GbtBlock;
    try {
      block = decodeBlock(octets);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      return true;
    }
    const key = keyOf(block);
    const outgoing = this.#outgoing.get(key);
    if (outgoing !== undefined) this.#stepOut(key, outgoing, { type: "block", block });
    else if (block.cra === 1) this.#takeIn(key, block);
    return true;
  }

  /** Sends a message, in blocks where it is too long. */
  send(message: Uint8Array): void {
    if (message.length <= this.#limit) {
      this.#send(message);
      return;
    }
    const state = newSender(message, this.#settings);
    const [first] = state.phase === "sending" ? state.blocks : [];
    if (first === undefined) return;
    const outgoing: Outgoing = { state, timer: undefined };
    const key = keyOf(first);
    makeRoom(this.#outgoing);
    this.#outgoing.set(key, outgoing);
    this.#stepOut(key, outgoing, { type: "start" });
  }

  stop(): void {
    for (const { timer } of [...this.#incoming.values(), ...this.#outgoing.values()]) timer?.cancel();
    this.#incoming.clear();
    this.#outgoing.clear();
  }

  #takeIn(key: string, block: GbtBlock): void {
    let incoming = this.#incoming.get(key);
    if (incoming === undefined || incoming.state.phase === "failed") {
      makeRoom(this.#incoming);
      incoming = { state: newReceiver(block), timer: undefined };
      this.#incoming.set(key, incoming);
    }
    this.#stepIn(incoming, { type: "block", block });
  }

  #stepIn(incoming: Incoming, input: Parameters<typeof receiver>[1]): void {
    const [state, effects] = receiver(incoming.state, input, this.#settings);
    incoming.state = state;
    incoming.timer?.cancel();
    for (const effect of effects) {
      if (effect.type === "send") this.#send(encodeBlock(effect.block));
      else if (effect.type === "deliver") this.#received(effect.message);
      else incoming.timer = this.#clock.after(effect.ms, () => this.#stepIn(incoming, { type: "timeout" }));
    }
  }

  #stepOut(key: string, outgoing: Outgoing, input: Parameters<typeof sender>[1]): void {
    const [state, effects] = sender(outgoing.state, input, this.#settings);
    outgoing.state = state;
    if (state.phase !== "sending") {
      outgoing.timer?.cancel();
      this.#outgoing.delete(key);
      return;
    }
    for (const effect of effects) {
      if (effect.type === "send") this.#send(encodeBlock(effect.block));
      else {
        outgoing.timer?.cancel();
        outgoing.timer = this.#clock.after(effect.ms, () =>
          this.#stepOut(key, outgoing, { type: "timeout" }),
        );
      }
    }
  }
}

/** A transfer by what both ends say of it, whoever is named as its originator. */
function keyOf({ cra, counter, originator, target, messageCode }: GbtBlock): string {
  const parties = [originator, target].sort().join("/");
  return `${cra}/${messageCode}/${counter}/${parties}`;
}

/** The oldest transfer goes where there are too many. */
function makeRoom(transfers: Map<string, { timer: Timer | undefined }>): void {
  if (transfers.size < MOST) return;
  for (const [key, { timer }] of transfers) {
    timer?.cancel();
    transfers.delete(key);
    return;
  }
}
