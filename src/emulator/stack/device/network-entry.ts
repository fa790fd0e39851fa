import type { Clock, Timer } from "../../../base/clock.ts";
import type { MacFrame } from "../../air/mac-frame.ts";
import type { Beacon } from "../network/beacon.ts";
import type { NwkIncoming, NwkLayer } from "../network/nwk.ts";
import { NWK_COMMAND } from "../network/nwk-frame.ts";
import type { DeviceKeys } from "./device-keys.ts";
import type { DeviceNodeSettings } from "./device-node-types.ts";
import type { HomeNetwork } from "./home-network.ts";
import { type JoinEffect, type JoinInput, type JoinState, reduceJoin, type Way } from "./join-machine.ts";
import type { ParentPoll } from "./parent-poll.ts";
import { Scanner } from "./scanner.ts";

export interface NetworkEntryPorts {
  cameUp(how: "joined" | "rejoined" | "resumed"): void;
  wentDown(): void;
}

/** The way onto a network and back onto it: runs the join machine against radio and clock. */
export class NetworkEntry {
  readonly #capability: number;
  readonly #clock: Clock;
  readonly #settings: DeviceNodeSettings;
  readonly #nwk: NwkLayer;
  readonly #home: HomeNetwork;
  readonly #keys: DeviceKeys;
  readonly #poll: ParentPoll;
  readonly #scanner: Scanner;
  readonly #ports: NetworkEntryPorts;
  #state: JoinState = { at: "off" };
  #beacon: Beacon | undefined;
  #timer: Timer | undefined;

  constructor(options: {
    /** MAC capability flags. */
    capability: number;
    clock: Clock;
    settings: DeviceNodeSettings;
    nwk: NwkLayer;
    home: HomeNetwork;
    keys: DeviceKeys;
    poll: ParentPoll;
    ports: NetworkEntryPorts;
  }) {
    this.#capability = options.capability;
    this.#clock = options.clock;
    this.#settings = options.settings;
    this.#nwk = options.nwk;
    this.#home = options.home;
    this.#keys = options.keys;
    this.#poll = options.poll;
    this.#scanner = new Scanner(options.nwk.mac, options.clock, options.settings.scanMs);
    this.#ports = options.ports;
  }

  get at(): JoinState["at"] {
    return this.#state.at;
  }

  input(input: JoinInput): void {
    const [next, effects] = reduceJoin(this.#state, input, this.#settings);
    this.#state = next;
    if (input.type === "stop") this.#scanner.stop();
    for (const effect of effects) this.#run(effect);
  }

  beacon(frame: MacFrame): void {
    this.#scanner.heard(frame);
  }

  /** The parent's answer to the association request. */
  associationResponse(frame: MacFrame): void {
    if (this.#state.at !== "associating") return;
    const [, low, high, status] = frame.payload;
    this.#addressed("associated", low, high, status);
  }

  /** The parent's answer to the rejoin request; it must be secured as the request was. */
  rejoinResponse({ header, payload, securedBy }: NwkIncoming): void {
    if (this.#state.at !== "rejoining" || header.destinationIeee !== this.#nwk.eui64) return;
    if ((this.#state.way === "secured") !== (securedBy !== undefined)) return;
    const [, low, high, status] = payload;
    this.#addressed("rejoined", low, high, status);
  }

  #addressed(
    type: "associated" | "rejoined",
    low: number | undefined,
    high: number | undefined,
    status: number | undefined,
  ): void {
    if (status !== 0 || low === undefined || high === undefined) {
      this.input({ type: "refused" });
      return;
    }
    this.#nwk.mac.radio.shortAddress = low | (high << 8);
    this.input({ type });
    this.#poll.soon();
  }

  #run(effect: JoinEffect): void {
    switch (effect.do) {
      case "scan":
        this.#scan(effect.way);
        break;
      case "associate":
        this.#associate();
        break;
      case "rejoin":
        this.#rejoin(effect.secured);
        break;
      case "timer":
        this.#timer?.cancel();
        this.#timer = this.#clock.after(effect.ms, () => this.input({ type: "timeout" }));
        break;
      case "stop-timer":
        this.#timer?.cancel();
        break;
      case "forget-network":
        this.#forget();
        break;
      case "came-up":
        this.#ports.cameUp(effect.how);
        break;
      case "went-down":
        this.#ports.wentDown();
        break;
    }
  }

  #scan(way: Way): void {
    const { radio } = this.#nwk.mac;
    radio.receiving = true;
    const home = radio.channel;
    const channels = [home, ...this.#settings.channels.filter((channel) => channel !== home)];
    const fits = (beacon: Beacon) =>
      way === "join" ? beacon.permitsJoining : beacon.extendedPanId === this.#home.extendedPanId;
    this.#scanner.start(channels, fits, (found) => {
      this.#beacon = found;
      if (!found) radio.channel = home;
      this.input({ type: "scanned", found: found !== undefined });
    });
  }

  #forget(): void {
    this.#home.forget();
    this.#keys.forget();
  }

  #tuneTo({ channel, panId, parent }: Beacon): void {
    const { radio } = this.#nwk.mac;
    radio.channel = channel;
    radio.panId = panId;
    this.#nwk.parent = parent;
  }

  #associate(): void {
    const beacon = this.#beacon;
    if (!beacon) return;
    this.#forget();
    this.#tuneTo(beacon);
    this.#home.extendedPanId = beacon.extendedPanId;
    this.#nwk.mac.associationRequest(beacon.parent, this.#capability, (acked) => {
      if (acked) this.#poll.now();
      else this.input({ type: "refused" });
    });
  }

  #rejoin(secured: boolean): void {
    const beacon = this.#beacon;
    if (!beacon) return;
    this.#tuneTo(beacon);
    const out = {
      type: "command",
      destination: beacon.parent,
      payload: Uint8Array.of(NWK_COMMAND.rejoinRequest, this.#capability),
      secured,
      radius: 1,
      sourceIeee: this.#nwk.eui64,
    } as const;
    this.#nwk.send(out, (acked) => {
      if (acked) this.#poll.soon();
      else this.input({ type: "refused" });
    });
  }
}
