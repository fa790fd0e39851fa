import type { Clock } from "../../../base/clock.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import { MAC_COMMAND, type MacFrame } from "../../air/mac-frame.ts";
import type { ApsLayer } from "../aps/aps.ts";
import { CAPABILITY_RX_ON } from "../network/mac.ts";
import type { NwkIncoming, NwkLayer } from "../network/nwk.ts";
import { BROADCAST_RX_ON, LEAVE_REJOIN, LEAVE_REQUEST, NWK_COMMAND } from "../network/nwk-frame.ts";
import type { DeviceKeys } from "./device-keys.ts";
import type { DeviceNodeSettings } from "./device-node-types.ts";
import { HomeNetwork } from "./home-network.ts";
import type { JoinState } from "./join-machine.ts";
import { KeyReception } from "./key-reception.ts";
import { NetworkEntry, type NetworkEntryPorts } from "./network-entry.ts";
import { ParentPoll } from "./parent-poll.ts";

export interface MembershipPorts extends NetworkEntryPorts {
  partnerKey(partner: Eui64): void;
  /** What is stored has changed. */
  changed(): void;
}

/** A device's place on a network: how it gets one, the keys that come with it, and how it keeps it or loses it. */
export class Membership {
  readonly sleepy: boolean;
  readonly home: HomeNetwork;
  readonly reception: KeyReception;
  readonly poll: ParentPoll;
  readonly #nwk: NwkLayer;
  readonly #entry: NetworkEntry;

  constructor(options: {
    nwk: NwkLayer;
    aps: ApsLayer;
    keys: DeviceKeys;
    clock: Clock;
    /** MAC capability flags. */
    capability: number;
    settings: DeviceNodeSettings;
    ports: MembershipPorts;
  }) {
    const { nwk, aps, keys, clock, capability, settings, ports } = options;
    const at = () => this.at;
    this.#nwk = nwk;
    this.sleepy = (capability & CAPABILITY_RX_ON) === 0;
    this.home = new HomeNetwork(nwk);
    this.poll = new ParentPoll({
      clock,
      settings,
      sleepy: this.sleepy,
      nwk,
      aps,
      ports: { at, lost: (why) => this.#entry.input({ type: why }) },
    });
    this.#entry = new NetworkEntry({
      capability,
      clock,
      settings,
      nwk,
      home: this.home,
      keys,
      poll: this.poll,
      ports,
    });
    this.reception = new KeyReception({
      nwk,
      home: this.home,
      keys,
      ports: {
        at,
        admitted: () => this.#entry.input({ type: "network-key" }),
        partnerKey: (partner) => ports.partnerKey(partner),
        changed: () => ports.changed(),
      },
    });
  }

  get at(): JoinState["at"] {
    return this.#entry.at;
  }

  /** Power on: on the network that is stored, or in search of one. */
  start(): void {
    const known = this.#nwk.keys.active !== undefined;
    if (known) this.#nwk.mac.radio.receiving = true;
    this.#entry.input({ type: "start", known });
  }

  /** Power off. */
  stop(): void {
    this.#entry.input({ type: "stop" });
  }

  /** Looks for a network at once where it was waiting for its next attempt; on one, a sleepy device polls. */
  wake(): void {
    if (this.at === "waiting") this.#entry.input({ type: "timeout" });
    else if (this.sleepy) this.poll.now();
  }

  /** The hub no longer answers: the device looks for its network. */
  parentLost(): void {
    this.#entry.input({ type: "parent-lost" });
  }

  /** Tells the parent and goes. */
  leave(rejoin: boolean): void {
    if (this.at !== "joined") return;
    const payload = Uint8Array.of(NWK_COMMAND.leave, rejoin ? LEAVE_REJOIN : 0);
    this.#nwk.send({ type: "command", destination: BROADCAST_RX_ON, payload }, () =>
      this.#entry.input({ type: "left", rejoin }),
    );
  }

  beacon(frame: MacFrame): void {
    this.#entry.beacon(frame);
  }

  macCommand(id: number, frame: MacFrame): void {
    if (id === MAC_COMMAND.associationResponse) this.#entry.associationResponse(frame);
  }

  nwkCommand(frame: NwkIncoming): void {
    const { header, payload, securedBy } = frame;
    const [id, options = 0] = payload;
    if (id === NWK_COMMAND.rejoinResponse) this.#entry.rejoinResponse(frame);
    else if (id === NWK_COMMAND.leave && securedBy !== undefined && header.source === this.#nwk.parent)
      if ((options & LEAVE_REQUEST) !== 0) this.leave((options & LEAVE_REJOIN) !== 0);
  }

  /** A neighbour has sent a secured frame under a network key that the device has, or has not. */
  heard(neighbour: number, readable: boolean): void {
    if (neighbour === this.#nwk.parent) this.poll.heard(readable);
  }
}
