import type { ApsLayer } from "../aps/aps.ts";
import type { ApsDataMeta } from "../aps/aps-handlers.ts";
import type { ApsMessage, StackEvent } from "../coordinator.ts";
import type { OwnZdo } from "./own-zdo.ts";

const COORDINATOR = 0x0000;
const LOOPBACK = { lqi: 255, rssi: 0 } as const;

const isZdo = (message: ApsMessage) => message.profile === 0 && message.destinationEndpoint === 0;

/** Messages between the host and the APS layer, and what the stick keeps to itself on the way. */
export class HostMessages {
  readonly #aps: ApsLayer;
  readonly #zdo: OwnZdo;
  readonly #emit: (event: StackEvent) => void;
  /** Runs a step after what is already on its way. */
  readonly #defer: (step: () => void) => void;

  constructor(options: {
    aps: ApsLayer;
    zdo: OwnZdo;
    emit: (event: StackEvent) => void;
    defer: (step: () => void) => void;
  }) {
    this.#aps = options.aps;
    this.#zdo = options.zdo;
    this.#emit = options.emit;
    this.#defer = options.defer;
  }

  unicast(message: ApsMessage): "ok" | "no-link-key" | "message-too-long" {
    if (message.fragment === undefined || message.fragment.index === 0)
      message.sequence = this.#aps.nextSequence();
    if (message.nodeId === COORDINATOR) return this.#loopback(message);
    return this.#aps.send(message, (delivered) => this.#emit({ type: "sent", message, delivered }));
  }

  /** Radius 0 is the longest. */
  broadcast(message: ApsMessage, radius: number): "ok" | "message-too-long" {
    message.sequence = this.#aps.nextSequence();
    const clear = { ...message, apsSecurity: false, apsAck: false };
    const sent = (delivered: boolean) => this.#emit({ type: "sent", message, delivered });
    const outcome = this.#aps.send(clear, sent, radius === 0 ? undefined : radius);
    return outcome === "message-too-long" ? outcome : "ok";
  }

  fragmentAck(to: number, message: ApsMessage): void {
    const { index, bitmap } = message.fragment ?? { index: 0, bitmap: undefined };
    this.#aps.acknowledgeBlocks(to, message, index, bitmap ?? 0xff);
  }

  incoming(message: ApsMessage, { kind, quality }: ApsDataMeta): void {
    if (isZdo(message) && this.#zdo.answers(message, kind)) return;
    const { lqi, rssi } = quality;
    this.#emit({ type: "incoming", message, kind, lqi, rssi });
  }

  /** To itself: the NCP answers ZDO and gives everything else back as if it had come over the air. */
  #loopback(message: ApsMessage): "ok" {
    const answer = isZdo(message) ? this.#zdo.answerToHost(message) : undefined;
    const incoming = answer
      ? { ...message, ...answer, sourceEndpoint: 0, destinationEndpoint: message.sourceEndpoint }
      : { ...message };
    delete incoming.tag;
    this.#defer(() => {
      this.#emit({ type: "sent", message, delivered: true });
      this.#emit({ type: "incoming", message: incoming, kind: "unicast", ...LOOPBACK });
    });
    return "ok";
  }
}
