import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Presence } from "../base/uplink.ts";
import type { Store } from "../store/store.ts";
import { MODEM_DEFAULTS, Modem, type ModemSettings, type ModemStatus } from "../wan/modem/modem.ts";
import { StoredPinLedger } from "../wan/modem/pin-ledger.ts";
import type { WanPhase } from "../wan/wan-state.ts";
import { WanWatch } from "../wan/wan-watch.ts";
import type { HubConfig } from "./config.ts";

export interface WanSidePorts {
  store: Store;
  clock: Clock;
  log: Log;
  presence: Presence;
  /** UTC as the cellular network gives it, Unix milliseconds. */
  networkTime?: (unixMs: number) => void;
  /** See `WanWatchPorts`. */
  announce?: (at: number) => void;
  /** Something that the LEDs or an installer may want to see. */
  changed?: () => void;
}

/** The modem's settings from the hub's; undefined where the system looks after the network alone. */
export function modemSettings({ modem }: HubConfig): ModemSettings | undefined {
  if (modem === undefined) return undefined;
  return {
    ...MODEM_DEFAULTS,
    port: { port: modem.port, baudRate: modem.baudRate, rtscts: modem.rtscts, openMs: OPEN_MS },
    profile: {
      pin: modem.pin,
      apn: modem.apn,
      context: modem.context,
      activate: modem.dial,
      networkTime: modem.networkTime,
    },
    bearer: { up: modem.bearer.up, down: modem.bearer.down, limitMs: modem.bearer.seconds * 1_000 },
    reset: modem.reset,
  };
}

const OPEN_MS = 5_000;

/** Modem and WAN state of a hub, and what the broker retains of them. Nothing here keeps the hub from starting. */
export class WanSide {
  readonly #presence: Presence;
  readonly #changed: () => void;
  readonly #watch: WanWatch;
  readonly #modem: Modem | undefined;
  #told = "";

  constructor(config: HubConfig, ports: WanSidePorts) {
    const { store, clock, log, presence, networkTime, announce } = ports;
    this.#presence = presence;
    this.#changed = ports.changed ?? (() => {});
    this.#watch = new WanWatch(config.wan.noWanSeconds * 1_000, {
      store,
      clock,
      log,
      changed: () => this.#tell(),
      ...(announce === undefined ? {} : { announce }),
    });
    const settings = modemSettings(config);
    if (settings === undefined) return;
    this.#modem = new Modem(settings, {
      clock,
      log,
      pins: new StoredPinLedger(store),
      changed: (status) => {
        this.#watch.network(status.attached);
        this.#tell();
      },
      ...(networkTime === undefined ? {} : { networkTime: ({ unixMs }) => networkTime(unixMs) }),
    });
  }

  start(): void {
    this.#watch.start();
    this.#modem?.start();
    this.#tell();
  }

  async stop(): Promise<void> {
    this.#watch.stop();
    await this.#modem?.stop();
  }

  /** For the `linked` port of `Wan`. */
  readonly link = (up: boolean): void => this.#watch.link(up);

  get phase(): WanPhase {
    return this.#watch.phase;
  }

  /** Undefined in a hub without a modem. */
  get modem(): ModemStatus | undefined {
    return this.#modem?.status;
  }

  #tell(): void {
    this.#changed();
    const modem = this.#modem?.status;
    const bornAt = this.#watch.bornAt;
    const state = {
      wan: this.#watch.phase,
      bornAt: bornAt === undefined ? null : new Date(bornAt).toISOString(),
      fitted: modem !== undefined,
    };
    // What changes from look to look without meaning anything would cost air time: the figures go out with the rest.
    const { rssi, rsrp, ...signal } = modem?.signal ?? {};
    const worth = JSON.stringify({ ...state, ...modem, signal });
    if (worth === this.#told) return;
    this.#told = worth;
    this.#presence.state("modem", { ...state, ...modem });
  }
}
