import type { Eui64 } from "../../../base/eui64.ts";
import type { Random } from "../../../base/random.ts";
import type { ApsLayer } from "../aps/aps.ts";
import type { ApsCommand } from "../aps/aps-command.ts";
import type { NwkLayer } from "../network/nwk.ts";
import { BROADCAST_RX_ON } from "../network/nwk-frame.ts";
import type { LinkKey } from "../security/link-key.ts";
import type { NetworkKey } from "../security/network-keys.ts";
import type { Children } from "./children.ts";
import type { LinkKeyTable } from "./link-key-table.ts";

/** How the Trust Centre hands out keys: network keys, and link keys that two devices share. */
export class KeyTransport {
  readonly #nwk: NwkLayer;
  readonly #aps: ApsLayer;
  readonly #keys: LinkKeyTable;
  readonly #children: Children;
  readonly #random: Random;

  constructor(options: {
    nwk: NwkLayer;
    aps: ApsLayer;
    keys: LinkKeyTable;
    children: Children;
    random: Random;
  }) {
    this.#nwk = options.nwk;
    this.#aps = options.aps;
    this.#keys = options.keys;
    this.#children = options.children;
    this.#random = options.random;
  }

  /** The present network key to a newcomer, who has no more than its link key. */
  admit(eui64: Eui64, nodeId: number, link: LinkKey): void {
    const active = this.#nwk.keys.active;
    if (!active) return;
    this.#aps.sendCommand(nodeId, this.#networkKey(eui64, active), {
      link,
      identifier: "key-transport",
      nwkSecured: false,
    });
  }

  /** A further network key to everyone, or to one: under each one's link key where there is one (Zigbee 4.6.3.4). */
  distribute(next: NetworkKey, only?: Eui64): void {
    for (const { eui64, nodeId } of this.#children.all()) {
      if (only !== undefined && eui64 !== only) continue;
      const link = this.#keys.find(eui64);
      const secured = link ? ({ link, identifier: "key-transport" } as const) : {};
      this.#aps.sendCommand(nodeId, this.#networkKey(eui64, next), secured);
    }
  }

  /** From now on the key of this number: to all who listen, and to each one who sleeps. */
  announceSwitch(sequence: number): void {
    this.#aps.sendCommand(BROADCAST_RX_ON, { id: "switch-key", sequence });
    for (const child of this.#children.all())
      if (child.sleepy) this.#aps.sendCommand(child.nodeId, { id: "switch-key", sequence });
  }

  /** A new application link key for two devices, to each under its key-load key (Zigbee 4.7.3.6). */
  introduce(initiator: Eui64, partner: Eui64): void {
    const ends = [initiator, partner].map((eui64) => ({
      nodeId: this.#nwk.nodeIdOf(eui64),
      link: this.#keys.find(eui64),
    }));
    if (ends.some(({ nodeId, link }) => nodeId === undefined || !link)) return;
    const key = this.#random.bytes(16);
    for (const [i, { nodeId, link }] of ends.entries()) {
      if (nodeId === undefined || !link) continue;
      const other = i === 0 ? partner : initiator;
      const command: ApsCommand = { id: "transport-link-key", key, partner: other, initiator: i === 0 };
      this.#aps.sendCommand(nodeId, command, { link, identifier: "key-load" });
    }
  }

  #networkKey(destination: Eui64, { key, sequence }: NetworkKey): ApsCommand {
    return { id: "transport-network-key", key, sequence, destination, source: this.#nwk.eui64 };
  }
}
