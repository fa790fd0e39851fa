import type { Clock, Timer } from "../../../base/clock.ts";
import type { LinkQuality } from "../../air/link.ts";
import {
  encodeMac,
  MAC_BROADCAST,
  MAC_COMMAND,
  type MacAddress,
  type MacFrame,
  type MacFrameType,
} from "../../air/mac-frame.ts";
import type { Radio } from "../../air/radio.ts";

/** MAC capability flags (IEEE 802.15.4 7.3.1.2); without receiver on when idle the device sleeps. */
export const CAPABILITY_MAINS = 0x04;
export const CAPABILITY_RX_ON = 0x08;
export const CAPABILITY_ALLOCATE = 0x80;

/** macTransactionPersistenceTime as EmberZNet sets it: how long a frame waits for a sleepy child to poll. */
export const INDIRECT_TIMEOUT_MS = 7_680;

export interface MacHandlers {
  data(payload: Uint8Array, source: number, quality: LinkQuality): void;
  /** `id` is the first octet of the payload of `frame`. */
  command(id: number, frame: MacFrame, quality: LinkQuality): void;
  beacon(frame: MacFrame, quality: LinkQuality): void;
  /** A neighbour asked for what is held for it; `expected` where there was something. */
  polled?(source: MacAddress, expected: boolean): void;
  /** Told after each data frame or command to this node alone, with the sender's word on whether more is held. */
  received?(framePending: boolean): void;
}

interface Held {
  type: MacFrameType;
  build: () => Uint8Array;
  done: (acked: boolean) => void;
  timer: Timer;
}

/** The MAC of one node: addressing, frames held for sleepy children, and polls. */
export class MacLayer {
  readonly radio: Radio;
  /** Children with their receiver off: what is sent to them waits for their poll. */
  readonly sleepy = new Set<MacAddress>();
  readonly #clock: Clock;
  readonly #handlers: MacHandlers;
  readonly #held = new Map<MacAddress, Held[]>();
  #sequence = 0;

  constructor(radio: Radio, clock: Clock, handlers: MacHandlers) {
    this.radio = radio;
    this.#clock = clock;
    this.#handlers = handlers;
    radio.onFrame = (frame, quality) => this.#receive(frame, quality);
    radio.hasPendingFor = (poll) => this.#held.has(poll.source);
  }

  /**
   * Sends to a neighbour. `build` is called when the frame goes out, which for a sleepy child is at its poll:
   * counters are then in the order of the air.
   */
  send(
    type: "data" | "command",
    destination: MacAddress,
    build: () => Uint8Array,
    done: (acked: boolean) => void = () => {},
  ): void {
    if (this.sleepy.has(destination)) this.hold(type, destination, build, done);
    else this.#transmit(type, destination, build(), false, done);
  }

  /** Holds a frame until `destination` polls. */
  hold(
    type: "data" | "command",
    destination: MacAddress,
    build: () => Uint8Array,
    done: (acked: boolean) => void = () => {},
  ): void {
    const list = this.#held.get(destination) ?? [];
    const timer = this.#clock.after(INDIRECT_TIMEOUT_MS, () => {
      this.#unhold(destination, held);
      done(false);
    });
    const held: Held = { type, build, done, timer };
    this.#held.set(destination, [...list, held]);
  }

  /** Drops everything held for an address that is gone. */
  forget(destination: MacAddress): void {
    for (const held of this.#held.get(destination) ?? []) {
      held.timer.cancel();
      held.done(false);
    }
    this.#held.delete(destination);
    this.sleepy.delete(destination);
  }

  /** Asks the parent for held frames; the receiver stays on where the acknowledgement says there are some. */
  poll(parent: number, fromExtended: boolean, done: (acked: boolean, pending: boolean) => void): void {
    const wasReceiving = this.radio.receiving;
    this.radio.receiving = true;
    const bytes = this.#frame("command", parent, Uint8Array.of(MAC_COMMAND.dataRequest), false, fromExtended);
    this.radio.transmit(bytes, ({ acked, pending }) => {
      if (!pending) this.radio.receiving = wasReceiving;
      done(acked, pending);
    });
  }

  beaconRequest(): void {
    this.#sequence = (this.#sequence + 1) & 0xff;
    this.radio.transmit(
      encodeMac({
        type: "command",
        sequence: this.#sequence,
        ackRequest: false,
        destinationPan: MAC_BROADCAST,
        destination: MAC_BROADCAST,
        sourcePan: MAC_BROADCAST,
        source: undefined,
        payload: Uint8Array.of(MAC_COMMAND.beaconRequest),
      }),
    );
  }

  beacon(payload: Uint8Array): void {
    this.#sequence = (this.#sequence + 1) & 0xff;
    this.radio.transmit(
      encodeMac({
        type: "beacon",
        sequence: this.#sequence,
        ackRequest: false,
        destinationPan: MAC_BROADCAST,
        destination: undefined,
        sourcePan: this.radio.panId,
        source: this.radio.shortAddress,
        payload,
      }),
    );
  }

  /** From the extended address, before a short one is known. */
  associationRequest(parent: number, capability: number, done: (acked: boolean) => void): void {
    const payload = Uint8Array.of(MAC_COMMAND.associationRequest, capability);
    this.radio.transmit(this.#frame("command", parent, payload, false, true), ({ acked }) => done(acked));
  }

  #frame(
    type: MacFrameType,
    destination: MacAddress,
    payload: Uint8Array,
    framePending: boolean,
    fromExtended: boolean,
  ): Uint8Array {
    this.#sequence = (this.#sequence + 1) & 0xff;
    return encodeMac({
      type,
      sequence: this.#sequence,
      framePending,
      ackRequest: destination !== MAC_BROADCAST,
      destinationPan: this.radio.panId,
      destination,
      sourcePan: this.radio.panId,
      source: fromExtended ? this.radio.eui64 : this.radio.shortAddress,
      payload,
    });
  }

  #transmit(
    type: MacFrameType,
    destination: MacAddress,
    payload: Uint8Array,
    framePending: boolean,
    done: (acked: boolean) => void,
  ): void {
    const extended = typeof destination === "string";
    this.radio.transmit(this.#frame(type, destination, payload, framePending, extended), ({ acked }) =>
      done(acked),
    );
  }

  #unhold(destination: MacAddress, held: Held): void {
    const left = (this.#held.get(destination) ?? []).filter((other) => other !== held);
    if (left.length === 0) this.#held.delete(destination);
    else this.#held.set(destination, left);
  }

  #release(destination: MacAddress): void {
    const held = this.#held.get(destination)?.[0];
    if (!held) return;
    held.timer.cancel();
    this.#unhold(destination, held);
    this.#transmit(held.type, destination, held.build(), this.#held.has(destination), held.done);
  }

  #polled(source: MacAddress | undefined): void {
    if (source === undefined) return;
    const expected = this.#held.has(source);
    this.#release(source);
    this.#handlers.polled?.(source, expected);
  }

  #receive(frame: MacFrame, quality: LinkQuality): void {
    const id = frame.payload[0];
    if (frame.type === "beacon") this.#handlers.beacon(frame, quality);
    else if (frame.type === "command" && id === MAC_COMMAND.dataRequest) this.#polled(frame.source);
    else if (frame.type === "command" && id !== undefined) this.#handlers.command(id, frame, quality);
    else if (frame.type === "data" && typeof frame.source === "number")
      this.#handlers.data(frame.payload, frame.source, quality);
    if (frame.type !== "beacon" && frame.destination !== MAC_BROADCAST)
      this.#handlers.received?.(frame.framePending === true);
  }
}
