import type { Clock, Timer } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { JoinWindows } from "../chf/join-windows.ts";
import type { DeviceLog } from "../han/device-log/device-log.ts";
import type { DeviceLogEntry } from "../han/device-log/entry.ts";
import { deviceTypeOf } from "../han/join/window.ts";
import type { HomeAreaNetwork } from "../han/network.ts";
import { TUNNEL_SETTINGS } from "../han/tunnel/client.ts";

export interface DeviceLogKeeperPorts {
  readonly deviceLog: DeviceLog;
  readonly han: HomeAreaNetwork;
  /** Undefined where no Command opens windows. */
  readonly windows: JoinWindows | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often the communication figures are stored, in milliseconds. */
const FIGURES_MS = 10 * 60_000;

/** Keeps the home network and the CHF Device Log of one mind, where neither does it by itself. */
export class DeviceLogKeeper {
  readonly #ports: DeviceLogKeeperPorts;
  #timer: Timer | undefined;

  constructor(ports: DeviceLogKeeperPorts) {
    this.#ports = ports;
    // Whoever is not in a restored log may not speak (A2.3).
    ports.deviceLog.onCommitted((change) => {
      if (change.type === "added") this.#list(change.entry);
      if (change.type === "restored") void this.#expelStrangers();
    });
  }

  /** Stores from time to time how devices are heard, so that a power cut takes but the last minutes of it. */
  start(): void {
    this.#timer = this.#ports.clock.after(FIGURES_MS, () => {
      this.#guarded("how devices were heard could not be stored", () => this.#ports.deviceLog.saveFigures());
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#guarded("how devices were heard could not be stored", () => this.#ports.deviceLog.saveFigures());
  }

  /** A device came in without key establishment: the key that it joined with stays its link key. */
  joinedByStartKey(device: Eui64): void {
    const { deviceLog, windows } = this.#ports;
    const entry = deviceLog.entry(device);
    const key = windows?.formerKey(device) ?? entry?.startKey?.key;
    if (entry === undefined || key === undefined || entry.linkKey !== undefined) return;
    this.#guarded("a link key could not be stored; the next join tries again", () =>
      deviceLog.linkKeyEstablished(device, key),
    );
  }

  /** Also a device whose window could not be opened is on the list: the next one finds it there. */
  #list({ eui64, kind }: DeviceLogEntry): void {
    if (kind === "gpf") return;
    this.#ports.han.add({ eui64, type: deviceTypeOf(kind), transferSize: TUNNEL_SETTINGS.transferSize });
  }

  async #expelStrangers(): Promise<void> {
    const { deviceLog, han, log } = this.#ports;
    for (const { eui64 } of han.views()) {
      if (deviceLog.mayJoin(eui64)) continue;
      try {
        await han.removeDevice(eui64);
      } catch (error) {
        if (!(error instanceof HanwayError)) throw error;
        log.warn(
          { device: eui64, code: error.code },
          "a device of the former log could not be told to leave",
        );
      }
    }
  }

  #guarded(sentence: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#ports.log.error({ code: error.code }, sentence);
    }
  }
}
