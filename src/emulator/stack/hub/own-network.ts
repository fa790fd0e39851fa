import { MAC_BROADCAST } from "../../air/mac-frame.ts";
import type { ApsLayer } from "../aps/aps.ts";
import type { NetworkParameters, NetworkSecurity } from "../coordinator.ts";
import { encodeBeacon } from "../network/beacon.ts";
import type { NwkLayer } from "../network/nwk.ts";
import type { TrustCenter } from "./trust-center.ts";

const COORDINATOR = 0x0000;

/** The network that the coordinator has made: it comes up, goes down, and shows itself in beacons. */
export class OwnNetwork {
  /** What is stored, up or not. */
  parameters: NetworkParameters | undefined;
  #up = false;
  readonly #nwk: NwkLayer;
  readonly #aps: ApsLayer;
  readonly #trustCenter: TrustCenter;
  readonly #changed: (state: "up" | "down") => void;

  constructor(options: {
    nwk: NwkLayer;
    aps: ApsLayer;
    trustCenter: TrustCenter;
    changed: (state: "up" | "down") => void;
  }) {
    this.#nwk = options.nwk;
    this.#aps = options.aps;
    this.#trustCenter = options.trustCenter;
    this.#changed = options.changed;
  }

  get isUp(): boolean {
    return this.#up;
  }

  form(parameters: NetworkParameters, security: NetworkSecurity): void {
    this.#trustCenter.reset();
    this.#nwk.reset();
    this.#nwk.keys.clear();
    this.#nwk.keys.active = { key: Uint8Array.from(security.networkKey), sequence: security.sequence };
    this.#trustCenter.globalKey = Uint8Array.from(security.trustCenterKey);
    this.parameters = { ...parameters };
    this.#bringUp(this.parameters);
  }

  /** False where nothing is stored. */
  resume(): boolean {
    if (!this.parameters || !this.#nwk.keys.active) return false;
    if (!this.#up) this.#bringUp(this.parameters);
    return true;
  }

  leave(): void {
    if (!this.parameters) return;
    this.#trustCenter.reset();
    this.#aps.cancel();
    this.#nwk.reset();
    this.#nwk.keys.clear();
    this.parameters = undefined;
    this.silence();
    this.#changed("down");
  }

  /** Nothing is heard or answered any more. */
  silence(): void {
    this.#up = false;
    const { radio } = this.#nwk.mac;
    radio.receiving = false;
    radio.panId = MAC_BROADCAST;
    radio.shortAddress = MAC_BROADCAST;
  }

  sendBeacon(): void {
    const extendedPanId = this.parameters?.extendedPanId ?? this.#nwk.eui64;
    this.#nwk.mac.beacon(encodeBeacon(extendedPanId, this.#trustCenter.window.isOpen));
  }

  #bringUp({ channel, panId }: NetworkParameters): void {
    const { radio } = this.#nwk.mac;
    radio.channel = channel;
    radio.panId = panId;
    radio.shortAddress = COORDINATOR;
    radio.receiving = true;
    this.#up = true;
    this.#nwk.learn(COORDINATOR, this.#nwk.eui64);
    this.#changed("up");
  }
}
