import { fromHex, toHex } from "../../../base/bytes.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import { MAC_BROADCAST } from "../../air/mac-frame.ts";
import type { NwkLayer } from "../network/nwk.ts";
import type { StoredHome } from "./device-node-types.ts";

/** The network that the device is on, or about to join. */
export class HomeNetwork {
  trustCenter: Eui64 | undefined;
  extendedPanId: Eui64 | undefined;
  readonly #nwk: NwkLayer;

  constructor(nwk: NwkLayer) {
    this.#nwk = nwk;
  }

  /** What a restart needs to go on there; undefined before the first network key. */
  snapshot(): StoredHome | undefined {
    const { trustCenter, extendedPanId } = this;
    const active = this.#nwk.keys.active;
    const { radio } = this.#nwk.mac;
    if (!active || trustCenter === undefined || extendedPanId === undefined) return undefined;
    return {
      channel: radio.channel,
      panId: radio.panId,
      extendedPanId,
      nodeId: radio.shortAddress,
      trustCenter,
      networkKey: toHex(active.key),
      networkKeySequence: active.sequence,
    };
  }

  restore(stored: StoredHome): void {
    const { radio } = this.#nwk.mac;
    radio.channel = stored.channel;
    radio.panId = stored.panId;
    radio.shortAddress = stored.nodeId;
    this.extendedPanId = stored.extendedPanId;
    this.trustCenter = stored.trustCenter;
    this.#nwk.parent = 0;
    this.#nwk.keys.active = { key: fromHex(stored.networkKey), sequence: stored.networkKeySequence };
    this.#nwk.learn(0, stored.trustCenter);
  }

  /** Counters of what this device sends go on: they belong to the device, not to the network. */
  forget(): void {
    this.#nwk.reset();
    this.#nwk.keys.clear();
    this.trustCenter = undefined;
    this.extendedPanId = undefined;
    const { radio } = this.#nwk.mac;
    radio.shortAddress = MAC_BROADCAST;
    radio.panId = MAC_BROADCAST;
  }
}
