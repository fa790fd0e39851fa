import type { Eui64 } from "../../../base/eui64.ts";
import type { ApsCommand } from "../aps/aps-command.ts";
import type { ApsCommandMeta, LinkKeys } from "../aps/aps-handlers.ts";
import type { NwkLayer } from "../network/nwk.ts";
import { LinkKey } from "../security/link-key.ts";
import type { DeviceKeys } from "./device-keys.ts";
import type { HomeNetwork } from "./home-network.ts";
import type { JoinState } from "./join-machine.ts";

export interface KeyReceptionPorts {
  at(): JoinState["at"];
  /** The network key that was awaited is here. */
  admitted(): void;
  partnerKey(partner: Eui64): void;
  /** What is stored has changed. */
  changed(): void;
}

/** The keys that the Trust Centre hands to a device, and which of its link keys count for whom. */
export class KeyReception implements LinkKeys {
  readonly #nwk: NwkLayer;
  readonly #home: HomeNetwork;
  readonly #keys: DeviceKeys;
  readonly #ports: KeyReceptionPorts;

  constructor(options: {
    nwk: NwkLayer;
    home: HomeNetwork;
    keys: DeviceKeys;
    ports: KeyReceptionPorts;
  }) {
    this.#nwk = options.nwk;
    this.#home = options.home;
    this.#keys = options.keys;
    this.#ports = options.ports;
  }

  linkKey(peer: Eui64): LinkKey | undefined {
    const partner = this.#keys.partners.get(peer);
    if (partner) return partner;
    const { trustCenter } = this.#home;
    return trustCenter === undefined || peer === trustCenter ? this.#keys.trustCenterLink : undefined;
  }

  /** While the network key is awaited its sender may be a Trust Centre not known yet. */
  linkKeys(peer: Eui64): readonly LinkKey[] {
    if (this.#ports.at() === "awaiting-key") return this.#keys.forNetworkKey();
    const link = this.linkKey(peer);
    return link ? [link] : [];
  }

  command(command: ApsCommand, meta: ApsCommandMeta): void {
    if (command.id === "transport-network-key") this.#networkKey(command, meta);
    else if (command.id === "switch-key" && meta.nwkSecured) {
      if (this.#nwk.keys.switchTo(command.sequence)) this.#ports.changed();
    } else if (command.id === "transport-link-key" && meta.securedWith === "key-load") {
      const { partner, key } = command;
      this.#keys.partners.set(partner, new LinkKey(partner, Uint8Array.from(key)));
      this.#ports.partnerKey(partner);
    }
  }

  /** The first key must come under the link key; a further one may come under the network key alone. */
  #networkKey(command: Extract<ApsCommand, { id: "transport-network-key" }>, meta: ApsCommandMeta): void {
    if (command.destination !== this.#nwk.eui64) return;
    const next = { key: Uint8Array.from(command.key), sequence: command.sequence };
    const at = this.#ports.at();
    if (at === "awaiting-key" && meta.securedWith === "key-transport") {
      if (meta.link) this.#keys.proven(meta.link);
      this.#home.trustCenter = command.source;
      this.#nwk.keys.clear();
      this.#nwk.keys.active = next;
      this.#nwk.learn(meta.nodeId, command.source);
      this.#ports.admitted();
    } else if (at === "joined" && meta.nwkSecured && meta.securedWith !== "data") this.#nwk.keys.other = next;
  }
}
