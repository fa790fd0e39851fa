import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { QuietLog } from "../base/quiet-log.ts";
import type { Presence } from "../base/uplink.ts";
import type { Store } from "../store/store.ts";
import type { Modem, ModemStatus } from "../wan/modem/modem.ts";
import type { WanPhase } from "../wan/wan-state.ts";
import { WanWatch } from "../wan/wan-watch.ts";
import type { HubConfig } from "./config.ts";

export interface WanSidePorts {
  store: Store;
  clock: Clock;
  log: Log;
  presence: Pick<Presence, "state">;
  /** UTC as the cellular network gives it, Unix milliseconds. */
  networkTime?: (unixMs: number) => void;
  /** Something that the LEDs, an installer or the `state` document may want to see. */
  changed?: () => void;
}

/** Modem and WAN state of a hub, and what the broker retains of them. Nothing here keeps the hub from starting. */
export class WanSide {
  readonly #settings: HubConfig["modem"];
  readonly #ports: WanSidePorts;
  readonly #watch: WanWatch;
  #loading: Promise<void> | undefined;
  #modem: Modem | undefined;
  #stopped = false;
  #told = "";

  constructor(config: HubConfig, ports: WanSidePorts) {
    const { store, clock } = ports;
    const log = new QuietLog(ports.log, clock);
    this.#ports = { ...ports, log };
    this.#settings = config.modem;
    this.#watch = new WanWatch(config.wan.noWanSeconds * 1_000, {
      store,
      clock,
      log,
      changed: () => this.#tell(),
    });
  }

  start(): void {
    this.#watch.start();
    if (this.#settings !== undefined) this.#loading = this.#startModem(this.#settings);
    this.#tell();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#watch.stop();
    await this.#loading;
    await this.#modem?.stop();
  }

  /** For the `linked` port of `Wan`. */
  readonly link = (up: boolean): void => this.#watch.link(up);

  get phase(): WanPhase {
    return this.#watch.phase;
  }

  /** Unix milliseconds of the first connection in the life of this hub. */
  get bornAt(): number | undefined {
    return this.#watch.bornAt;
  }

  /** Undefined in a hub without a modem, and until it is loaded. */
  get modem(): ModemStatus | undefined {
    return this.#modem?.status;
  }

  /** The modem's code is loaded where there is one, and nowhere else. */
  async #startModem(settings: NonNullable<HubConfig["modem"]>): Promise<void> {
    const { makeModem } = await import("./modem.ts");
    if (this.#stopped) return;
    const { store, clock, log, networkTime } = this.#ports;
    this.#modem = makeModem(settings, store, {
      clock,
      log,
      changed: (status) => {
        this.#watch.network(status.attached);
        this.#tell();
      },
      ...(networkTime === undefined ? {} : { networkTime: ({ unixMs }) => networkTime(unixMs) }),
    });
    this.#modem.start();
    this.#tell();
  }

  #tell(): void {
    this.#ports.changed?.();
    const modem = this.#modem?.status;
    if (modem === undefined) return;
    const wan = this.#watch.phase;
    // What changes from look to look without meaning anything would cost air time: the figures go out with the rest.
    const { rssi, rsrp, ...signal } = modem.signal ?? {};
    const worth = JSON.stringify({ wan, ...modem, signal });
    if (worth === this.#told) return;
    this.#told = worth;
    this.#ports.presence.state("modem", { wan, ...modem });
  }
}
