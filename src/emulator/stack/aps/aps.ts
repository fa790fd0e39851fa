import type { Clock } from "../../../base/clock.ts";
import type { ApsMessage } from "../coordinator.ts";
import type { NwkIncoming, NwkLayer } from "../network/nwk.ts";
import { isBroadcast } from "../network/nwk-frame.ts";
import type { FrameCounter } from "../security/frame-counter.ts";
import type { LinkKey } from "../security/link-key.ts";
import type { KeyIdentifier } from "../security/security.ts";
import { type ApsCommand, encodeApsCommand } from "./aps-command.ts";
import { type DataHeader, maximumApsPayload } from "./aps-frame.ts";
import type { ApsDrops, ApsHandlers } from "./aps-handlers.ts";
import { blockAckHeader, dataHeader } from "./aps-message.ts";
import { ApsReceiver } from "./aps-receiver.ts";
import { ApsSecurity } from "./aps-security.ts";
import { APS_DEFAULTS, type ApsSettings } from "./aps-settings.ts";
import { Unacknowledged } from "./unacknowledged.ts";

const NOTHING = new Uint8Array(0);

/** The APS layer of one node: the way out for data, ACKs and commands; the way in is its {@link ApsReceiver}. */
export class ApsLayer {
  readonly drops: ApsDrops = { malformed: 0, noLinkKey: 0, replayed: 0, unauthentic: 0, duplicate: 0 };
  readonly settings: ApsSettings;
  readonly security: ApsSecurity;
  /** Each frame goes out twice: a fault to be switched on. */
  repeat = false;
  readonly #nwk: NwkLayer;
  readonly #receiver: ApsReceiver;
  readonly #unacknowledged: Unacknowledged;
  #sequence: number;

  constructor(options: {
    nwk: NwkLayer;
    clock: Clock;
    handlers: ApsHandlers;
    counter?: FrameCounter;
    settings?: Partial<ApsSettings>;
    firstSequence?: number;
  }) {
    const { nwk, clock, handlers, counter } = options;
    const { drops } = this;
    this.#nwk = nwk;
    this.#sequence = options.firstSequence ?? 0;
    this.settings = { ...APS_DEFAULTS, ...options.settings };
    this.security = new ApsSecurity({ nwk, keys: handlers, drops, ...(counter ? { counter } : {}) });
    this.#unacknowledged = new Unacknowledged(clock, this.settings, (message) => this.#transmit(message));
    const ports = {
      transmit: (nodeId: number, header: DataHeader) => this.#frame(nodeId, header, NOTHING),
      acknowledged: (source: number, header: DataHeader) => this.#unacknowledged.acknowledged(source, header),
    };
    this.#receiver = new ApsReceiver({ nwk, clock, security: this.security, handlers, drops, ports });
  }

  nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xff;
    return this.#sequence;
  }

  /** Messages waiting for their APS ACK. */
  get outstanding(): number {
    return this.#unacknowledged.count;
  }

  /** A NWK payload. */
  receive(frame: NwkIncoming): void {
    this.#receiver.receive(frame);
  }

  /**
   * Sends one frame under the counter in `message.sequence`. `done` follows after the APS ACK, or after the MAC's
   * acknowledgement where none is asked for, or after the last retry.
   */
  send(
    message: ApsMessage,
    done: (delivered: boolean) => void,
    radius?: number,
  ): "ok" | "no-link-key" | "message-too-long" {
    if (message.payload.length > maximumApsPayload(message.apsSecurity, message.fragment !== undefined))
      return "message-too-long";
    if (message.apsSecurity && !this.security.keyOf(message.nodeId)) return "no-link-key";
    if (message.apsAck && !isBroadcast(message.nodeId)) this.#unacknowledged.send(message, done);
    else this.#transmit(message, done, radius);
    return "ok";
  }

  /** The APS ACK of blocks of a fragmented message, see {@link blockAckHeader}. */
  acknowledgeBlocks(to: number, incoming: ApsMessage, first: number, bitmap: number): void {
    this.#frame(to, blockAckHeader(incoming, first, bitmap), NOTHING);
  }

  /** An APS command, secured with the key given (and with the network key unless `nwkSecured` is false). */
  sendCommand(
    destination: number,
    command: ApsCommand,
    options: { link?: LinkKey; identifier?: KeyIdentifier; nwkSecured?: boolean } = {},
  ): void {
    const { link, identifier = "data", nwkSecured = true } = options;
    const body = encodeApsCommand(command);
    const payload = this.security.command(this.nextSequence(), body, link, identifier);
    this.#nwk.send({ destination, payload, secured: nwkSecured });
  }

  /** Gives up everything that waits for a node, or for all. */
  cancel(nodeId?: number): void {
    this.#unacknowledged.cancel(nodeId);
  }

  /** What a node sends from here on is new, whatever its counter. */
  forgetDuplicates(nodeId: number): void {
    this.#receiver.duplicates.forget(nodeId);
  }

  #transmit(message: ApsMessage, done: (acked: boolean) => void = () => {}, radius?: number): void {
    this.#frame(message.nodeId, dataHeader(message), message.payload, done, radius);
  }

  #frame(
    destination: number,
    header: DataHeader,
    body: Uint8Array,
    done: (acked: boolean) => void = () => {},
    radius?: number,
  ): void {
    const payload = this.security.data(destination, header, body);
    if (!payload) {
      done(false);
      return;
    }
    const out = { destination, payload, ...(radius === undefined ? {} : { radius }) };
    this.#nwk.send(out, done);
    if (this.repeat) this.#nwk.send(out);
  }
}
