import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { DuplicateFilter } from "./duplicates.ts";
import { type FragmentIn, fragmentIn, NO_FRAGMENTS } from "./fragment-in.ts";
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

/** Turns the coordinator's incoming messages into whole APS messages: joins blocks, drops repeats and loopbacks. */
export class ApsReceiver {
  readonly #ezsp: Ezsp;
  readonly #clock: Clock;
  readonly #settings: RadioSettings;
  readonly #log: Log;
  readonly #deliver: (frame: IncomingAps) => void;
  readonly #duplicates: DuplicateFilter;
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
    const [state, effects] = fragmentIn(
      this.#fragments,
      { ...frame, secured: frame.security === "link-key", group: aps.groupId },
      this.#clock.elapsed(),
      this.#settings.fragmentIn,
    );
    this.#fragments = state;
    for (const effect of effects) {
      if (effect.type === "reply") this.#reply(frame.nodeId, { ...aps, groupId: effect.group });
      else if (effect.type === "deliver") this.#deliver({ ...frame, payload: effect.payload });
      else this.#log.debug({}, `radio: a block from node ${frame.nodeId} was dropped (${effect.reason})`);
    }
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
