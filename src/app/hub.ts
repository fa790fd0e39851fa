import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { CommunicationsHubFunction } from "../chf/chf.ts";
import type { DeviceView } from "../han/device.ts";
import type { HanEvent } from "../han/network.ts";
import type { NetworkInfo, RadioCapabilities } from "../han/radio/port.ts";
import type { LedStates } from "./leds/states.ts";
import { type HubOptions, type HubParts, makeParts } from "./parts.ts";
import { tellPresence } from "./presence.ts";

export interface HubStatus {
  network: NetworkInfo | undefined;
  radio: RadioCapabilities | undefined;
  online: boolean;
  devices: DeviceView[];
  leds: LedStates;
}

/** A running hub: starts and stops its parts in order, and passes on what happens on the HAN. What they are: parts.ts. */
export class Hub implements AsyncDisposable {
  readonly #log: Log;
  readonly #parts: HubParts;
  readonly #watcher: (event: HanEvent) => void;
  #stopped: Promise<void> | undefined;

  private constructor(options: HubOptions) {
    this.#log = options.log;
    this.#watcher = options.onEvent ?? (() => {});
    this.#parts = makeParts(options, (event) => this.#onHan(event));
  }

  /**
   * Starts the WAN and the HAN side by side; resolves when the network is up. Throws with one clear sentence when the
   * radio cannot be opened or the data folder cannot be used; a broker that is away is waited for instead.
   */
  static async start(options: HubOptions): Promise<Hub> {
    const hub = new Hub(options);
    try {
      await hub.#start(options.config.hub);
      return hub;
    } catch (error) {
      await hub[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start({ joinSeconds, gpf }: HubOptions["config"]["hub"]): Promise<void> {
    const { time, schedule, mains, wanSide, lamps, wan, router, control, copies, brokers, han } = this.#parts;
    time.start();
    lamps.start();
    mains?.start();
    wanSide.start();
    const { mailbox, hanOnly, deviceLog } = this.#parts;
    const listed = (device: Eui64) => deviceLog.entry(device) !== undefined;
    mailbox.start(listed);
    hanOnly.start(listed);
    wan.start(() => router.wake());
    await control.open();
    copies.start();
    brokers.start(() => wan.stateChanged());
    const network = await han.start(joinSeconds);
    this.#checkGpf(gpf, network.eui64);
    this.chf?.start();
    this.#parts.deviceLogKeeper.start();
    // Last: whoever does a job, or hears a half hour, can do it now.
    schedule.start();
    lamps.running();
  }

  get chf(): CommunicationsHubFunction | undefined {
    return this.#parts.chf;
  }

  status(): HubStatus {
    const { radio, wan, han, lamps } = this.#parts;
    return {
      network: radio.network,
      radio: radio.capabilities,
      online: wan.status.online,
      devices: han.views(),
      leds: lamps.states,
    };
  }

  /** A second call waits for the first. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Stops what takes in first, what has to be told after it, and the store at last. */
  async #stop(): Promise<void> {
    const { time, schedule, mains, wanSide, lamps, wan, router, control, copies, brokers, han } = this.#parts;
    await control[Symbol.asyncDispose]();
    schedule.stop();
    const routed = router.stop();
    this.chf?.stop();
    await Promise.all([this.#parts.mailbox.stop(), this.#parts.hanOnly.stop()]);
    await han.stop();
    this.#parts.deviceLogKeeper.stop();
    await routed;
    mains?.stop();
    brokers.stop();
    await wan.stop();
    // After the link that goes over it.
    await wanSide.stop();
    time.stop();
    await lamps.stop();
    await copies.stop();
    this.#parts.store[Symbol.dispose]();
  }

  #onHan(event: HanEvent): void {
    const { router, deviceLog, deviceLogKeeper, keyEstablishment, wan, radio, han } = this.#parts;
    if (event.type === "message") {
      const routed = router.fromHan(event.device, event.payload);
      event.acknowledgeAfter?.(routed);
      routed.catch((error: unknown) => {
        this.#log.error({ device: event.device, err: error }, "a device's message could not be stored");
      });
    } else {
      if (event.type === "network") deviceLog.networkIs(event.network.extendedPanId);
      if (event.type === "joined" && !keyEstablishment) deviceLogKeeper.joinedByStartKey(event.device);
      // A tunnel refused changes nothing, and may be asked for again and again.
      if (event.type !== "event") tellPresence(wan, radio.network, radio.state, han.views());
    }
    this.chf?.hanEvents.heard(event);
    this.#parts.lamps.heard(event);
    this.#parts.operator.heard(event);
    this.#watcher(event);
  }

  #checkGpf(configured: Eui64 | undefined, radio: Eui64): void {
    if (configured === undefined || configured === radio) return;
    this.#log.warn(
      { setting: configured, radio },
      "hub.gpf is not the radio's EUI-64, which is what devices on the HAN know the GPF by",
    );
  }
}
