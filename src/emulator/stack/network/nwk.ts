import { ByteReader } from "../../../base/bytes.ts";
import { HanwayError } from "../../../base/error.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import type { LinkQuality } from "../../air/link.ts";
import { FrameCounter } from "../security/frame-counter.ts";
import { NetworkKeys } from "../security/network-keys.ts";
import { decodeAuxiliary, openFrame, secureFrame } from "../security/security.ts";
import type { MacLayer } from "./mac.ts";
import {
  BROADCAST_ALL,
  decodeNwkHeader,
  encodeNwkHeader,
  isBroadcast,
  NWK_MAX_PAYLOAD,
  type NwkHeader,
} from "./nwk-frame.ts";

const RADIUS = 30;
const NO_ADDRESS = 0xffff;

export interface NwkIncoming {
  header: NwkHeader;
  payload: Uint8Array;
  /** Who secured the frame: the neighbour it came from. */
  securedBy: Eui64 | undefined;
  quality: LinkQuality;
}

export interface NwkOutgoing {
  type?: "data" | "command";
  destination: number;
  payload: Uint8Array;
  secured?: boolean;
  radius?: number;
  destinationIeee?: Eui64;
  sourceIeee?: Eui64;
}

/** Why frames were thrown away, for tests and the demo. */
export interface NwkDrops {
  malformed: number;
  unknownKey: number;
  replayed: number;
  unauthentic: number;
  /** Came in clear where the network key is needed. */
  unsecured: number;
}

/**
 * The NWK layer of a star: the coordinator forwards between its children, children send everything to their parent.
 * Frames are secured with the network key, and counters of every neighbour must rise (Zigbee 4.3.1).
 */
export class NwkLayer {
  readonly eui64: Eui64;
  readonly mac: MacLayer;
  readonly keys = new NetworkKeys();
  readonly drops: NwkDrops = { malformed: 0, unknownKey: 0, replayed: 0, unauthentic: 0, unsecured: 0 };
  counter: FrameCounter;
  /** Short address of the parent; undefined on the coordinator. */
  parent: number | undefined;
  readonly #receive: (frame: NwkIncoming) => void;
  readonly #heard: (neighbour: number, readable: boolean) => void;
  readonly #incoming = new Map<Eui64, number>();
  readonly #euiByNode = new Map<number, Eui64>();
  readonly #nodeByEui = new Map<Eui64, number>();
  #sequence = 0;

  constructor(options: {
    eui64: Eui64;
    mac: MacLayer;
    counter?: FrameCounter;
    receive: (frame: NwkIncoming) => void;
    /** Told of each secured frame, by its MAC source, and whether it is under a network key that this node has. */
    heard?: (neighbour: number, readable: boolean) => void;
  }) {
    this.eui64 = options.eui64;
    this.mac = options.mac;
    this.counter = options.counter ?? new FrameCounter(0);
    this.#receive = options.receive;
    this.#heard = options.heard ?? (() => {});
  }

  get nodeId(): number {
    return this.mac.radio.shortAddress;
  }

  learn(nodeId: number, eui64: Eui64): void {
    const before = this.#nodeByEui.get(eui64);
    if (before === nodeId && this.#euiByNode.get(nodeId) === eui64) return;
    if (before !== undefined) this.#euiByNode.delete(before);
    const holder = this.#euiByNode.get(nodeId);
    if (holder !== undefined) this.#nodeByEui.delete(holder);
    this.#euiByNode.set(nodeId, eui64);
    this.#nodeByEui.set(eui64, nodeId);
  }

  eui64Of(nodeId: number): Eui64 | undefined {
    return this.#euiByNode.get(nodeId);
  }

  nodeIdOf(eui64: Eui64): number | undefined {
    return this.#nodeByEui.get(eui64);
  }

  /** Forgets addresses and counters: another network begins. */
  reset(): void {
    this.#incoming.clear();
    this.#euiByNode.clear();
    this.#nodeByEui.clear();
    this.parent = undefined;
  }

  send(out: NwkOutgoing, done: (acked: boolean) => void = () => {}): void {
    this.#sequence = (this.#sequence + 1) & 0xff;
    const header: NwkHeader = {
      type: out.type ?? "data",
      security: out.secured ?? true,
      destination: out.destination,
      source: this.nodeId,
      radius: out.radius ?? RADIUS,
      sequence: this.#sequence,
    };
    if (out.destinationIeee !== undefined) header.destinationIeee = out.destinationIeee;
    if (out.sourceIeee !== undefined) header.sourceIeee = out.sourceIeee;
    if (out.payload.length > NWK_MAX_PAYLOAD)
      throw new HanwayError("encode/value", `${out.payload.length} octets; ${NWK_MAX_PAYLOAD} fit`, {
        field: "nwk.payload",
      });
    if (header.security && !this.keys.active) done(false);
    else this.#route(header, out.payload, done);
  }

  /** One MAC hop; in a star there is never more than the parent between two nodes. */
  #route(header: NwkHeader, payload: Uint8Array, done: (acked: boolean) => void): void {
    const build = () => this.#secure(header, payload);
    const broadcast = isBroadcast(header.destination);
    const next = this.parent ?? (broadcast ? BROADCAST_ALL : header.destination);
    this.mac.send("data", next, build, done);
    if (this.parent !== undefined || header.destination !== BROADCAST_ALL) return;
    for (const child of this.mac.sleepy)
      if (typeof child === "number" && child !== header.source) this.mac.hold("data", child, build);
  }

  #secure(header: NwkHeader, payload: Uint8Array): Uint8Array {
    const head = encodeNwkHeader(header);
    const active = this.keys.active;
    if (!header.security || !active) {
      const clear = new Uint8Array(head.length + payload.length);
      clear.set(head);
      clear.set(payload, head.length);
      return clear;
    }
    const auxiliary = {
      keyIdentifier: "network",
      frameCounter: this.counter.take(),
      source: this.eui64,
      keySequence: active.sequence,
    } as const;
    return secureFrame(active.key, head, auxiliary, this.eui64, payload);
  }

  /** A MAC data payload from a neighbour. Anything wrong is counted and dropped, never thrown. */
  receive(bytes: Uint8Array, macSource: number, quality: LinkQuality): void {
    try {
      this.#decode(bytes, macSource, quality);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.drops.malformed++;
    }
  }

  #decode(bytes: Uint8Array, macSource: number, quality: LinkQuality): void {
    const reader = new ByteReader(bytes);
    const header = decodeNwkHeader(reader);
    if (header.source === this.nodeId && this.nodeId !== NO_ADDRESS) return;
    if (!header.security) {
      this.#accept({ header, payload: reader.rest(), securedBy: undefined, quality });
      return;
    }
    const head = bytes.subarray(0, reader.offset);
    const auxiliary = decodeAuxiliary(reader, "nwk.security");
    const key =
      auxiliary.keyIdentifier === "network" ? this.keys.bySequence(auxiliary.keySequence ?? 0) : undefined;
    const securedBy = auxiliary.source;
    if (!key || securedBy === undefined) {
      this.drops.unknownKey++;
      this.#heard(macSource, false);
      return;
    }
    if (auxiliary.frameCounter < (this.#incoming.get(securedBy) ?? 0)) {
      this.drops.replayed++;
      return;
    }
    const payload = openFrame(key.key, head, auxiliary, securedBy, reader.rest());
    if (!payload) {
      this.drops.unauthentic++;
      this.#heard(macSource, false);
      return;
    }
    this.#incoming.set(securedBy, auxiliary.frameCounter + 1);
    this.#heard(macSource, true);
    if (key === this.keys.other && this.parent !== undefined) this.keys.switchTo(key.sequence);
    if (header.source === macSource) this.learn(header.source, securedBy);
    else if (header.sourceIeee !== undefined) this.learn(header.source, header.sourceIeee);
    this.#accept({ header, payload, securedBy, quality });
  }

  #accept(frame: NwkIncoming): void {
    const { destination } = frame.header;
    const mine = destination === this.nodeId;
    const broadcast = isBroadcast(destination);
    const relays = this.parent === undefined && this.nodeId === 0;
    if (!mine && relays && frame.securedBy !== undefined && frame.header.radius > 1)
      this.#route({ ...frame.header, radius: frame.header.radius - 1 }, frame.payload, () => {});
    if (mine || broadcast) this.#receive(frame);
  }
}
