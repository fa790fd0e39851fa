import { ByteReader, ByteWriter } from "../../../base/bytes.ts";
import type { Clock, Timer } from "../../../base/clock.ts";
import { HanwayError } from "../../../base/error.ts";
import { ZDO, ZDO_STATUS } from "./zdo.ts";

/** What is looked for: input clusters are those that a server has. */
export interface ServiceQuery {
  nodeId: number;
  profile: number;
  inputClusters: readonly number[];
}

interface Asked {
  nodeId: number;
  timer: Timer;
  done: (endpoints: readonly number[] | undefined) => void;
}

/** Match_Desc_req (Zigbee 2.4.3.1.7) with its transaction sequence number. */
export function encodeMatchRequest(sequence: number, query: ServiceQuery): Uint8Array {
  const out = new ByteWriter(16).u8(sequence).u16le(query.nodeId).u16le(query.profile);
  out.u8(query.inputClusters.length);
  for (const cluster of query.inputClusters) out.u16le(cluster);
  return out.u8(0).done();
}

/** Asks other nodes for their services and waits a while for the answer. */
export class ServiceDiscovery {
  readonly #clock: Clock;
  readonly #answerMs: number;
  readonly #send: (nodeId: number, cluster: number, payload: Uint8Array) => void;
  readonly #asked = new Map<number, Asked>();

  constructor(
    clock: Clock,
    answerMs: number,
    send: (nodeId: number, cluster: number, payload: Uint8Array) => void,
  ) {
    this.#clock = clock;
    this.#answerMs = answerMs;
    this.#send = send;
  }

  /** `done` gets the endpoints that match, or undefined where no answer comes in time. */
  find(sequence: number, query: ServiceQuery, done: Asked["done"]): void {
    this.#answered(sequence, undefined);
    const timer = this.#clock.after(this.#answerMs, () => this.#answered(sequence, undefined));
    this.#asked.set(sequence, { nodeId: query.nodeId, timer, done });
    this.#send(query.nodeId, ZDO.matchDescriptor, encodeMatchRequest(sequence, query));
  }

  /** A Match_Desc_rsp from a node; what was not asked for, or cannot be read, is passed over. */
  response(nodeId: number, payload: Uint8Array): void {
    const sequence = payload[0];
    if (sequence === undefined || this.#asked.get(sequence)?.nodeId !== nodeId) return;
    const endpoints = readMatchResponse(payload);
    if (endpoints !== undefined) this.#answered(sequence, endpoints);
  }

  /** Nobody is waited for any longer. */
  clear(): void {
    for (const sequence of [...this.#asked.keys()]) this.#answered(sequence, undefined);
  }

  #answered(sequence: number, endpoints: readonly number[] | undefined): void {
    const asked = this.#asked.get(sequence);
    if (asked === undefined) return;
    this.#asked.delete(sequence);
    asked.timer.cancel();
    asked.done(endpoints);
  }
}

/** No endpoints where the status says so; undefined where the octets are cut short. */
function readMatchResponse(payload: Uint8Array): readonly number[] | undefined {
  try {
    const reader = new ByteReader(payload, 1);
    if (reader.u8("zdo.status") !== ZDO_STATUS.success) return [];
    reader.u16le("zdo.nwkAddressOfInterest");
    return [...reader.take(reader.u8("zdo.matchLength"), "zdo.matchList")];
  } catch (error) {
    if (error instanceof HanwayError) return undefined;
    throw error;
  }
}
