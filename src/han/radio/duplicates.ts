import { equalBytes } from "../../base/bytes.ts";

/** What makes an incoming APS frame the same as one before: sender, APS counter, addressing and octets. */
export interface SeenFrame {
  nodeId: number;
  apsCounter: number;
  profile: number;
  cluster: number;
  sourceEndpoint: number;
  destinationEndpoint: number;
  payload: Uint8Array;
}

/**
 * Recognises repeated frames: an APS retry whose first copy did arrive, a broadcast heard twice. The octets count
 * too, because a device that restarts begins its counter anew. Remembers the newest `limit` frames for `ms`.
 */
export class DuplicateFilter {
  readonly #limit: number;
  readonly #ms: number;
  readonly #seen = new Map<string, { frame: SeenFrame; until: number }>();

  constructor(limit: number, ms: number) {
    this.#limit = limit;
    this.#ms = ms;
  }

  /** True when the same frame was given within the time; `now` in elapsed milliseconds. */
  repeated(frame: SeenFrame, now: number): boolean {
    const key = `${frame.nodeId}/${frame.apsCounter}/${frame.profile}/${frame.cluster}/${frame.sourceEndpoint}/${frame.destinationEndpoint}`;
    const before = this.#seen.get(key);
    if (before !== undefined && before.until > now && equalBytes(before.frame.payload, frame.payload))
      return true;
    this.#seen.delete(key);
    this.#seen.set(key, { frame, until: now + this.#ms });
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= this.#limit) break;
      this.#seen.delete(oldest);
    }
    return false;
  }
}
