import type { Clock } from "../base/clock.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Destinations } from "../base/routing.ts";
import { type ChfParts, CommunicationsHubFunction } from "../chf/chf.ts";
import { CHF_SETTINGS } from "../chf/ports.ts";
import type { DeviceView } from "../han/device.ts";
import { DeviceLog } from "../han/device-log/device-log.ts";
import { type HanEvent, HomeAreaNetwork } from "../han/network.ts";
import { EmberRadio } from "../han/radio/ember-radio.ts";
import type { NetworkInfo, RadioCapabilities } from "../han/radio/port.ts";
import { Router } from "../router/router.ts";
import { LastCopy } from "../store/last-copy.ts";
import type { Store } from "../store/store.ts";
import { ROUTE_DEFAULTS } from "../wan/route-watch.ts";
import { WAN_DEFAULTS, Wan } from "../wan/wan.ts";
import { Brokers } from "./brokers.ts";
import { type ChfCredentials, chfCredentials, chfIdentity } from "./chf.ts";
import type { HubConfig } from "./config.ts";
import { ControlSocket } from "./control-socket.ts";
import { DeviceLogKeeper } from "./device-log-keeper.ts";
import { listedDevices } from "./devices.ts";
import { openStore } from "./open-store.ts";
import { Operator } from "./operator.ts";
import { tellPresence } from "./presence.ts";
import { machineClockState, securitySource } from "./security.ts";
import { radioSettings, wanRoot } from "./settings.ts";

export interface HubOptions {
  config: HubConfig;
  version: string;
  clock: Clock;
  random: Random;
  log: Log;
  /** What happens on the HAN, for whoever shows it. */
  onEvent?: (event: HanEvent) => void;
  /** Gives the CHF its keys, and may stand between it and its ports, in place of the settings: for conformance runs. */
  chf?: (parts: Omit<ChfParts, keyof ChfCredentials>) => ChfParts;
}

export interface HubStatus {
  network: NetworkInfo | undefined;
  radio: RadioCapabilities | undefined;
  online: boolean;
  devices: DeviceView[];
}

/**
 * A running hub: one store, one radio, one broker link, and the router between them. This is the composition root:
 * every part gets what it needs by its constructor, here and nowhere else.
 */
export class Hub implements AsyncDisposable {
  readonly #log: Log;
  readonly #brokers: Brokers;
  readonly #store: Store;
  readonly #copies: LastCopy;
  readonly #deviceLog: DeviceLog;
  readonly #radio: EmberRadio;
  readonly #han: HomeAreaNetwork;
  readonly #wan: Wan;
  readonly #router: Router;
  readonly #operator: Operator;
  readonly #control: ControlSocket;
  readonly #keyEstablishment: boolean;
  readonly #keeper: DeviceLogKeeper;
  /** Undefined where the hub was given no keys for it. */
  readonly chf: CommunicationsHubFunction | undefined;

  private constructor(options: HubOptions) {
    const { config, clock, random, log } = options;
    this.#log = log;
    this.#brokers = new Brokers(config, { clock, log });
    this.#store = openStore(config, clock, log);
    this.#copies = new LastCopy(this.#store, config.hub.copyMinutes * 60_000, { clock, log });
    this.#deviceLog = new DeviceLog(this.#store, clock);
    this.#radio = new EmberRadio(radioSettings(config), clock, random, log);
    this.#wan = new Wan(
      {
        ...WAN_DEFAULTS,
        root: wanRoot(config),
        version: options.version,
        brokers: this.#brokers.settings,
        certificateEnds: () => this.#brokers.certificateEnds(),
        keepAliveSeconds: config.wan.keepAliveSeconds,
        route: { ...ROUTE_DEFAULTS, everyMs: config.wan.routeCheckSeconds * 1_000 },
      },
      { store: this.#store, clock, random, log },
    );
    const security = securitySource(config, random, log);
    this.#keyEstablishment = security !== undefined;
    this.#han = new HomeAreaNetwork(
      {
        radio: this.#radio,
        clock,
        log,
        records: this.#deviceLog,
        clockState: machineClockState(clock),
        identity: { manufacturer: "hanway", model: "Communications Hub", version: options.version },
        security,
        emit: (event) => this.#onHan(event, options.onEvent),
      },
      [],
    );
    // Until the radio tells what the network really has.
    if (config.hub.gpf !== undefined && this.#deviceLog.extendedPanId === undefined)
      this.#deviceLog.networkIs(config.hub.gpf);
    this.chf = this.#makeChf(options);
    // After the CHF is there, which tells the far end of every change of the log.
    for (const spec of listedDevices(config, this.#deviceLog, log)) this.#han.add(spec);
    const { windows } = this.chf ?? {};
    this.#keeper = new DeviceLogKeeper({ deviceLog: this.#deviceLog, han: this.#han, windows, clock, log });
    const { localPairing, dataDir } = config.hub;
    this.#operator = new Operator({ localPairing, deviceLog: this.#deviceLog, han: this.#han });
    this.#control = new ControlSocket(dataDir, this.#operator, log);
    if (localPairing) log.warn({}, "local pairing is on: an operator on this machine can add devices");
    this.#router = new Router({
      store: this.#store,
      inbox: this.#wan.inbox,
      uplink: this.#wan,
      receipts: this.#wan,
      destinations: this.#destinations(config),
      clock,
      log,
    });
  }

  /**
   * Starts the WAN and the HAN side by side; resolves when the network is up. Throws with one clear sentence when the
   * radio cannot be opened or the data folder cannot be used; a broker that is away is waited for instead.
   */
  static async start(options: HubOptions): Promise<Hub> {
    const hub = new Hub(options);
    try {
      hub.#wan.start(() => hub.#router.wake());
      await hub.#control.open();
      hub.#copies.start();
      hub.#brokers.start(() => hub.#wan.stateChanged());
      const network = await hub.#han.start(options.config.hub.joinSeconds);
      hub.#checkGpf(options.config.hub.gpf, network.eui64);
      hub.chf?.start();
      hub.#keeper.start();
      return hub;
    } catch (error) {
      await hub[Symbol.asyncDispose]();
      throw error;
    }
  }

  status(): HubStatus {
    return {
      network: this.#radio.network,
      radio: this.#radio.capabilities,
      online: this.#wan.status.online,
      devices: this.#han.views(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#control[Symbol.asyncDispose]();
    const routed = this.#router.stop();
    this.chf?.stop();
    await this.#han.stop();
    this.#keeper.stop();
    await routed;
    this.#brokers.stop();
    await this.#wan.stop();
    await this.#copies.stop();
    this.#store[Symbol.dispose]();
  }

  #destinations(config: HubConfig): Destinations {
    return {
      han: (device) => this.#han.way(device),
      // The radio's own EUI-64 is the GPF's identifier (A1.2), also where the settings name another.
      own: (device) => {
        if (device === this.chf?.self) return this.chf.executor;
        return device === config.hub.chf || device === config.hub.gpf || device === this.#radio.network?.eui64
          ? "absent"
          : undefined;
      },
    };
  }

  #makeChf({ config, clock, log, chf }: HubOptions): CommunicationsHubFunction | undefined {
    const parts = {
      self: config.hub.chf,
      store: this.#store,
      deviceLog: this.#deviceLog,
      han: this.#han,
      uplink: this.#wan,
      identity: chfIdentity(config),
      settings: CHF_SETTINGS,
      clock,
      log,
    };
    if (chf !== undefined) return new CommunicationsHubFunction(chf(parts));
    const credentials = chfCredentials(config);
    return credentials && new CommunicationsHubFunction({ ...parts, ...credentials });
  }

  #onHan(event: HanEvent, watcher: HubOptions["onEvent"]): void {
    if (event.type === "message") {
      const routed = this.#router.fromHan(event.device, event.payload);
      event.acknowledgeAfter?.(routed);
      routed.catch((error: unknown) => {
        this.#log.error({ device: event.device, err: error }, "a device's message could not be stored");
      });
    } else {
      if (event.type === "network") this.#deviceLog.networkIs(event.network.extendedPanId);
      if (event.type === "joined" && !this.#keyEstablishment) this.#keeper.joinedByStartKey(event.device);
      tellPresence(this.#wan, this.#radio.network, this.#radio.state, this.#han.views());
    }
    this.#operator.heard(event);
    watcher?.(event);
  }

  #checkGpf(configured: Eui64 | undefined, radio: Eui64): void {
    if (configured === undefined || configured === radio) return;
    this.#log.warn(
      { setting: configured, radio },
      "hub.gpf is not the radio's EUI-64, which is what devices on the HAN know the GPF by",
    );
  }
}
