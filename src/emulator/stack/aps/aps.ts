import { ByteReader, concatBytes } from "../../../base/bytes.ts";
import type { Clock, Timer } from "../../../base/clock.ts";
import { HanwayError } from "../../../base/error.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import type { LinkQuality } from "../../air/link.ts";
import type { ApsMessage } from "../coordinator.ts";
import type { NwkIncoming, NwkLayer } from "../network/nwk.ts";
import { isBroadcast } from "../network/nwk-frame.ts";
import { FrameCounter } from "../security/frame-counter.ts";
import type { LinkKey } from "../security/link-key.ts";
import {
  type AuxiliaryHeader,
  decodeAuxiliary,
  type KeyIdentifier,
  openFrame,
  secureFrame,
} from "../security/security.ts";
import { type ApsCommand, decodeApsCommand, encodeApsCommand } from "./aps-command.ts";
import { type ApsHeader, decodeApsHeader, encodeApsHeader, maximumApsPayload } from "./aps-frame.ts";
import { Duplicates } from "./duplicates.ts";

export interface ApsSettings {
  /** How long an APS ACK is waited for, in ms (EmberZNet APS_ACK_TIMEOUT). */
  ackTimeoutMs: number;
  /** How often a frame is sent again without APS ACK (apscMaxFrameRetries). */
  retries: number;
  /** Blocks of a fragmented message that one APS ACK may answer (EmberZNet FRAGMENT_WINDOW_SIZE), 1 to 8. */
  fragmentWindow: number;
}

export const APS_DEFAULTS: ApsSettings = { ackTimeoutMs: 1_600, retries: 3, fragmentWindow: 1 };

export interface ApsDataMeta {
  kind: "unicast" | "broadcast" | "multicast";
  quality: LinkQuality;
}

export interface ApsCommandMeta {
  nodeId: number;
  eui64: Eui64 | undefined;
  /** How the APS layer secured it; undefined in clear. */
  securedWith: KeyIdentifier | undefined;
  /** The key that opened it. */
  link: LinkKey | undefined;
  nwkSecured: boolean;
}

export interface ApsHandlers {
  /** A data frame, or one block of a message: duplicates are gone, whole frames are acknowledged already. */
  data(message: ApsMessage, meta: ApsDataMeta): void;
  command(command: ApsCommand, meta: ApsCommandMeta): void;
  /** The key shared with a device, for frames to it. */
  linkKey(eui64: Eui64): LinkKey | undefined;
  /** Keys that a frame from a device may be secured with, the likeliest first. */
  linkKeys(eui64: Eui64): readonly LinkKey[];
}

export interface ApsDrops {
  malformed: number;
  noLinkKey: number;
  replayed: number;
  unauthentic: number;
  duplicate: number;
}

interface Pending {
  message: ApsMessage;
  attempt: number;
  timer: Timer | undefined;
  done: (delivered: boolean) => void;
}

/** A frame without its security. */
interface Opened {
  payload: Uint8Array;
  eui64: Eui64 | undefined;
  securedWith: KeyIdentifier | undefined;
  link: LinkKey | undefined;
}

type DataHeader = Extract<ApsHeader, { type: "data" | "ack" }>;

/** The APS layer of one node: data and commands, acknowledgement, retries, duplicates, link-key security. */
export class ApsLayer {
  readonly drops: ApsDrops = { malformed: 0, noLinkKey: 0, replayed: 0, unauthentic: 0, duplicate: 0 };
  /** One counter for all link keys, as EmberZNet has it: no key ever sees a value twice. */
  counter: FrameCounter;
  settings: ApsSettings;
  /** Each frame goes out twice: a fault to be switched on. */
  repeat = false;
  readonly #nwk: NwkLayer;
  readonly #clock: Clock;
  readonly #handlers: ApsHandlers;
  readonly #duplicates: Duplicates;
  readonly #pending = new Map<string, Pending>();
  #sequence: number;

  constructor(options: {
    nwk: NwkLayer;
    clock: Clock;
    handlers: ApsHandlers;
    counter?: FrameCounter;
    settings?: Partial<ApsSettings>;
    firstSequence?: number;
  }) {
    this.#nwk = options.nwk;
    this.#clock = options.clock;
    this.#handlers = options.handlers;
    this.#duplicates = new Duplicates(options.clock);
    this.counter = options.counter ?? new FrameCounter(0);
    this.settings = { ...APS_DEFAULTS, ...options.settings };
    this.#sequence = options.firstSequence ?? 0;
  }

  nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xff;
    return this.#sequence;
  }

  /** Messages waiting for their APS ACK. */
  get outstanding(): number {
    return this.#pending.size;
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
    if (message.apsSecurity && !this.#keyOfNode(message.nodeId)) return "no-link-key";
    if (!message.apsAck || isBroadcast(message.nodeId)) {
      this.#transmit(message, done, radius);
      return "ok";
    }
    const name = pendingName(message.nodeId, message.sequence, message.fragment?.index);
    this.#settle(name, false);
    const pending: Pending = { message, attempt: 0, timer: undefined, done };
    this.#pending.set(name, pending);
    this.#try(name, pending);
    return "ok";
  }

  /**
   * The APS ACK of blocks of a fragmented message (Zigbee 2.2.8.4.5). `incoming` is a block as it was received;
   * bit 0 of `bitmap` stands for block `first`.
   */
  acknowledgeBlocks(to: number, incoming: ApsMessage, first: number, bitmap: number): void {
    const header: DataHeader = {
      type: "ack",
      delivery: "unicast",
      security: incoming.apsSecurity,
      ackRequest: false,
      destination: incoming.sourceEndpoint,
      cluster: incoming.cluster,
      profile: incoming.profile,
      sourceEndpoint: incoming.destinationEndpoint,
      counter: incoming.sequence,
      extended: { first: first === 0, block: first, bitmap },
    };
    this.#transmitHeader(to, header, new Uint8Array(0), () => {});
  }

  /** Gives up everything that waits for a node, or for all. */
  cancel(nodeId?: number): void {
    for (const [name, pending] of [...this.#pending])
      if (nodeId === undefined || pending.message.nodeId === nodeId) this.#settle(name, false);
  }

  forgetDuplicates(nodeId: number): void {
    this.#duplicates.forget(nodeId);
  }

  /** An APS command, secured with the key given (and with the network key unless `nwkSecured` is false). */
  sendCommand(
    destination: number,
    command: ApsCommand,
    options: { link?: LinkKey; identifier?: KeyIdentifier; nwkSecured?: boolean } = {},
    done: (acked: boolean) => void = () => {},
  ): void {
    const header = encodeApsHeader({
      type: "command",
      security: options.link !== undefined,
      ackRequest: false,
      counter: this.nextSequence(),
    });
    const body = encodeApsCommand(command);
    const identifier = options.identifier ?? "data";
    const payload = options.link
      ? secureFrame(
          options.link.for(identifier),
          header,
          { keyIdentifier: identifier, frameCounter: this.counter.take(), source: this.#nwk.eui64 },
          this.#nwk.eui64,
          body,
        )
      : concatBytes(header, body);
    this.#nwk.send({ destination, payload, secured: options.nwkSecured ?? true }, done);
  }

  #keyOfNode(nodeId: number): LinkKey | undefined {
    const eui64 = this.#nwk.eui64Of(nodeId);
    return eui64 === undefined ? undefined : this.#handlers.linkKey(eui64);
  }

  #try(name: string, pending: Pending): void {
    pending.timer = this.#clock.after(this.settings.ackTimeoutMs, () => {
      if (pending.attempt++ >= this.settings.retries) this.#settle(name, false);
      else this.#try(name, pending);
    });
    this.#transmit(pending.message, () => {});
  }

  #settle(name: string, delivered: boolean): void {
    const pending = this.#pending.get(name);
    if (!pending) return;
    this.#pending.delete(name);
    pending.timer?.cancel();
    pending.done(delivered);
  }

  #transmit(message: ApsMessage, done: (acked: boolean) => void, radius?: number): void {
    this.#transmitHeader(message.nodeId, dataHeader(message), message.payload, done, radius);
  }

  #transmitHeader(
    nodeId: number,
    header: DataHeader,
    payload: Uint8Array,
    done: (acked: boolean) => void,
    radius?: number,
  ): void {
    const head = encodeApsHeader(header);
    let bytes = concatBytes(head, payload);
    if (header.security) {
      const link = this.#keyOfNode(nodeId);
      if (!link) {
        done(false);
        return;
      }
      const auxiliary: AuxiliaryHeader = { keyIdentifier: "data", frameCounter: this.counter.take() };
      bytes = secureFrame(link.key, head, auxiliary, this.#nwk.eui64, payload);
    }
    const out = { destination: nodeId, payload: bytes, ...(radius === undefined ? {} : { radius }) };
    this.#nwk.send(out, done);
    if (this.repeat) this.#nwk.send(out);
  }

  /** A NWK payload. Anything wrong is counted and dropped, never thrown. */
  receive(frame: NwkIncoming): void {
    try {
      this.#decode(frame);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.drops.malformed++;
    }
  }

  #decode(frame: NwkIncoming): void {
    const reader = new ByteReader(frame.payload);
    const header = decodeApsHeader(reader);
    const opened = this.#open(frame, header, reader);
    if (!opened) return;
    if (header.type === "command") {
      this.#handlers.command(decodeApsCommand(opened.payload), {
        nodeId: frame.header.source,
        eui64: opened.eui64,
        securedWith: opened.securedWith,
        link: opened.link,
        nwkSecured: frame.securedBy !== undefined,
      });
    } else if (frame.securedBy === undefined) this.#nwk.drops.unsecured++;
    else if (header.type === "ack") this.#acknowledged(frame.header.source, header);
    else this.#data(frame, header, opened.payload);
  }

  #open(frame: NwkIncoming, header: ApsHeader, reader: ByteReader): Opened | undefined {
    const known = this.#nwk.eui64Of(frame.header.source);
    if (!header.security)
      return { payload: reader.rest(), eui64: known, securedWith: undefined, link: undefined };
    const head = frame.payload.subarray(0, reader.offset);
    const auxiliary = decodeAuxiliary(reader, "aps.security");
    const { keyIdentifier, frameCounter } = auxiliary;
    const eui64 = auxiliary.source ?? known;
    const links = eui64 === undefined || keyIdentifier === "network" ? [] : this.#handlers.linkKeys(eui64);
    if (eui64 === undefined || links.length === 0) {
      this.drops.noLinkKey++;
      return undefined;
    }
    const fresh = links.filter(({ incoming }) => frameCounter >= incoming);
    const sealed = reader.rest();
    for (const link of fresh) {
      const payload = openFrame(link.for(keyIdentifier), head, auxiliary, eui64, sealed);
      if (!payload) continue;
      link.incoming = frameCounter + 1;
      return { payload, eui64, securedWith: keyIdentifier, link };
    }
    if (fresh.length === 0) this.drops.replayed++;
    else this.drops.unauthentic++;
    return undefined;
  }

  #data(frame: NwkIncoming, header: DataHeader, payload: Uint8Array): void {
    const source = frame.header.source;
    const message = toMessage(source, header, payload);
    const broadcast = isBroadcast(frame.header.destination);
    if (header.ackRequest && !broadcast && !message.fragment) this.#acknowledge(source, header);
    if (!message.fragment && this.#duplicates.seen(source, header.counter)) {
      this.drops.duplicate++;
      return;
    }
    const kind = header.delivery === "group" ? "multicast" : broadcast ? "broadcast" : "unicast";
    this.#handlers.data(message, { kind, quality: frame.quality });
  }

  /** The ACK is secured as the frame was, with the endpoints turned round. */
  #acknowledge(source: number, header: DataHeader): void {
    const ack: DataHeader = {
      ...header,
      type: "ack",
      delivery: "unicast",
      ackRequest: false,
      destination: header.sourceEndpoint,
      sourceEndpoint: header.destination,
    };
    this.#transmitHeader(source, ack, new Uint8Array(0), () => {});
  }

  #acknowledged(source: number, header: DataHeader): void {
    const { extended } = header;
    const blocks = extended ? this.settings.fragmentWindow : 1;
    for (let i = 0; i < blocks; i++) {
      const block = extended ? extended.block + i : undefined;
      const name = pendingName(source, header.counter, block);
      const received = !extended || ((extended.bitmap ?? 0) & (1 << i)) !== 0;
      if (received && this.#pending.get(name)?.message.apsSecurity === header.security)
        this.#settle(name, true);
    }
  }
}

function pendingName(nodeId: number, counter: number, block: number | undefined): string {
  return `${nodeId}/${counter}/${block ?? "-"}`;
}

function dataHeader(message: ApsMessage): DataHeader {
  const group = message.group !== undefined && message.fragment === undefined;
  const header: DataHeader = {
    type: "data",
    delivery: group ? "group" : isBroadcast(message.nodeId) ? "broadcast" : "unicast",
    security: message.apsSecurity,
    ackRequest: message.apsAck,
    destination: group ? (message.group ?? 0) : message.destinationEndpoint,
    cluster: message.cluster,
    profile: message.profile,
    sourceEndpoint: message.sourceEndpoint,
    counter: message.sequence,
  };
  if (message.fragment) {
    const { index, total } = message.fragment;
    header.extended = { first: index === 0, block: index === 0 ? total : index };
  }
  return header;
}

function toMessage(nodeId: number, header: DataHeader, payload: Uint8Array): ApsMessage {
  const message: ApsMessage = {
    nodeId,
    profile: header.profile,
    cluster: header.cluster,
    sourceEndpoint: header.sourceEndpoint,
    destinationEndpoint: header.delivery === "group" ? 0xff : header.destination,
    apsSecurity: header.security,
    apsAck: header.ackRequest,
    sequence: header.counter,
    payload,
  };
  if (header.delivery === "group") message.group = header.destination;
  const { extended } = header;
  if (extended)
    message.fragment = extended.first
      ? { index: 0, total: extended.block }
      : { index: extended.block, total: 0 };
  return message;
}
