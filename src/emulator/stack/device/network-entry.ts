import type { Clock, Timer } from "../../../base/clock.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import type { MacFrame } from "../../air/mac-frame.ts";
import type { Beacon } from "../network/beacon.ts";
import type { MacLayer } from "../network/mac.ts";
import type { NwkIncoming, NwkLayer } from "../network/nwk.ts";
import { NWK_COMMAND } from "../network/nwk-frame.ts";
import type { DeviceNodeSettings } from "./device-node-types.ts";
import { type JoinEffect, type JoinInput, type JoinState, reduceJoin, type Way } from "./join-machine.ts";
import { Scanner } from "./scanner.ts";

export interface NetworkEntryPorts {
  mac(): MacLayer;
  nwk(): NwkLayer;
  /** The network that the device knows, or is about to join. */
  extendedPanId(): Eui64 | undefined;
  joining(extendedPanId: Eui64): void;
  pollNow(): void;
  pollSoon(): void;
  forget(): void;
  cameUp(how: "joined" | "rejoined" | "resumed"): void;
  wentDown(): void;
}

/** The way onto a network and back onto it: runs the join machine against radio and clock. */
export class NetworkEntry {
  readonly #eui64: Eui64;
  readonly #capability: number;
  readonly #clock: Clock;
  readonly #settings: DeviceNodeSettings;
  readonly #ports: NetworkEntryPorts;
  #scanner: Scanner | undefined;
  #state: JoinState = { at: "off" };
  #beacon: Beacon | undefined;
  #timer: Timer | undefined;

  constructor(options: {
    eui64: Eui64;
    /** MAC capability flags. */
    capability: number;
    clock: Clock;
    settings: DeviceNodeSettings;
    ports: NetworkEntryPorts;
  }) {
    this.#eui64 = options.eui64;
    this.#capability = options.capability;
    this.#clock = options.clock;
    this.#settings = options.settings;
    this.#ports = options.ports;
  }

  get at(): JoinState["at"] {
    return this.#state.at;
  }

  input(input: JoinInput): void {
    const [next, effects] = reduceJoin(this.#state, input, this.#settings);
    this.#state = next;
    if (input.type === "stop") this.#scanner?.stop();
    for (const effect of effects) this.#run(effect);
  }

  beacon(frame: MacFrame): void {
    this.#scanner?.heard(frame);
  }

  /** The parent's answer to the association request. */
  associationResponse(frame: MacFrame): void {
    if (this.#state.at !== "associating") return;
    const [, low, high, status] = frame.payload;
    this.#addressed("associated", low, high, status);
  }

  /** The parent's answer to the rejoin request; it must be secured as the request was. */
  rejoinResponse({ header, payload, securedBy }: NwkIncoming): void {
    if (this.#state.at !== "rejoining" || header.destinationIeee !== this.#eui64) return;
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
    this.#ports.mac().radio.shortAddress = low | (high << 8);
    this.input({ type });
    this.#ports.pollSoon();
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
        this.#ports.forget();
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
    const mac = this.#ports.mac();
    const { radio } = mac;
    radio.receiving = true;
    const home = radio.channel;
    const channels = [home, ...this.#settings.channels.filter((channel) => channel !== home)];
    const fits = (beacon: Beacon) =>
      way === "join" ? beacon.permitsJoining : beacon.extendedPanId === this.#ports.extendedPanId();
    this.#scanner ??= new Scanner(mac, this.#clock, this.#settings.scanMs);
    this.#scanner.start(channels, fits, (found) => {
      this.#beacon = found;
      if (!found) radio.channel = home;
      this.input({ type: "scanned", found: found !== undefined });
    });
  }

  #tuneTo({ channel, panId, parent }: Beacon): void {
    const { radio } = this.#ports.mac();
    radio.channel = channel;
    radio.panId = panId;
    this.#ports.nwk().parent = parent;
  }

  #associate(): void {
    const beacon = this.#beacon;
    if (!beacon) return;
    this.#ports.forget();
    this.#tuneTo(beacon);
    this.#ports.joining(beacon.extendedPanId);
    this.#ports.mac().associationRequest(beacon.parent, this.#capability, (acked) => {
      if (acked) this.#ports.pollNow();
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
      sourceIeee: this.#eui64,
    } as const;
    this.#ports.nwk().send(out, (acked) => {
      if (acked) this.#ports.pollSoon();
      else this.input({ type: "refused" });
    });
  }
}
