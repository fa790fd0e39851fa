import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { DuplicateFilter } from "./duplicates.ts";
import { type FragmentIn, fragmentIn, NO_FRAGMENTS } from "./fragment-in.ts";
import { HeldReplies } from "./held-reply.ts";
import {
  type EmberApsFrame,
  EmberApsOption,
  EmberIncomingMessageType,
  type EmberRxPacketInfo,
  type Ezsp,
} from "./herdsman.ts";
import type { IncomingAps } from "./port.ts";
import type { RadioSettings } from "./settings.ts";

const REMEMBERED_FRAMES = 128;

/**
 * Turns the coordinator's incoming messages into whole APS messages: joins blocks, drops repeats and loopbacks.
 *
 * A message in blocks is acknowledged by the host, so its last block is only when whoever takes the message says that it
 * is safe. A message in one frame (some 70 octets under a link key) EmberZNet acknowledges by itself before the host
 * sees it; nothing can hold that back.
 */
export class ApsReceiver {
  readonly #ezsp: Ezsp;
  readonly #clock: Clock;
  readonly #settings: RadioSettings;
  readonly #log: Log;
  readonly #deliver: (frame: IncomingAps) => void;
  readonly #duplicates: DuplicateFilter;
  readonly #held: HeldReplies;
  #fragments: FragmentIn = NO_FRAGMENTS;

  constructor(
    ezsp: Ezsp,
    settings: RadioSettings,
    clock: Clock,
    log: Log,
    deliver: (frame: IncomingAps) => void,
  ) {
    this.#ezsp = ezsp;
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#deliver = deliver;
    this.#held = new HeldReplies(settings.fragmentIn.finishedMs);
    this.#duplicates = new DuplicateFilter(REMEMBERED_FRAMES, settings.duplicateMs);
  }

  incoming(type: number, aps: EmberApsFrame, info: EmberRxPacketInfo, payload: Uint8Array): void {
    if (LOOPBACKS.has(type)) return;
    const frame: IncomingAps = {
      nodeId: info.senderShortId,
      profile: aps.profileId,
      cluster: aps.clusterId,
      sourceEndpoint: aps.sourceEndpoint,
      destinationEndpoint: aps.destinationEndpoint,
      security: (aps.options & EmberApsOption.ENCRYPTION) !== 0 ? "link-key" : "network",
      broadcast: type === EmberIncomingMessageType.BROADCAST || type === EmberIncomingMessageType.MULTICAST,
      apsCounter: aps.sequence,
      lqi: info.lastHopLqi,
      rssi: info.lastHopRssi,
      payload,
    };
    if ((aps.options & EmberApsOption.FRAGMENT) !== 0) this.#block(aps, frame);
    else if (!this.#duplicates.repeated(frame, this.#clock.elapsed())) this.#deliver(frame);
  }

  #block(aps: EmberApsFrame, frame: IncomingAps): void {
    const now = this.#clock.elapsed();
    const [state, effects] = fragmentIn(
      this.#fragments,
      { ...frame, secured: frame.security === "link-key", group: aps.groupId },
      now,
      this.#settings.fragmentIn,
    );
    this.#fragments = state;
    this.#held.expire(now);
    const key = `${frame.nodeId}/${frame.apsCounter}`;
    if (state.get(key)?.finished !== true) this.#held.forget(key);
    const payload = effects.flatMap((effect) => (effect.type === "deliver" ? [effect.payload] : []))[0];
    for (const effect of effects) {
      if (effect.type === "drop") {
        this.#log.debug({}, `radio: a block from node ${frame.nodeId} was dropped (${effect.reason})`);
      } else if (effect.type === "reply") {
        const { group } = effect;
        const reply = () => this.#reply(frame.nodeId, { ...aps, groupId: group });
        if (payload !== undefined) {
          const deliver = () => this.#whole({ ...frame, payload });
          this.#held.take(key, { group, deliver, reply }, now);
        } else if (!this.#held.holds(key, group)) reply();
      }
    }
  }

  /** Hands a whole message over and returns what must come to a good end before it is acknowledged. */
  #whole(frame: IncomingAps): readonly Promise<unknown>[] {
    const work: Promise<unknown>[] = [];
    const acknowledgeAfter = (safe: Promise<unknown>) => {
      // One that comes too late to count must not be an unhandled rejection.
      safe.catch(() => {});
      work.push(safe);
    };
    this.#deliver({ ...frame, acknowledgeAfter });
    return work;
  }

  /** A reply that fails is like one lost on the air: the sender repeats the block. */
  #reply(nodeId: number, aps: EmberApsFrame): void {
    this.#ezsp.ezspSendReply(nodeId, aps, Buffer.alloc(0)).catch(() => {});
  }
}

const LOOPBACKS: ReadonlySet<number> = new Set([
  EmberIncomingMessageType.BROADCAST_LOOPBACK,
  EmberIncomingMessageType.MULTICAST_LOOPBACK,
]);
