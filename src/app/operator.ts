import type { Eui64 } from "../base/eui64.ts";
import type {
  ControlDevice,
  HubControl,
  JoinNews,
  PairAnswer,
  PairRequest,
  UnpairAnswer,
} from "../base/hub-control.ts";
import { InstallCode } from "../base/install-code.ts";
import { installCodeKey } from "../cbke/install-code.ts";
import type { DeviceLog } from "../han/device-log/device-log.ts";
import { logKindOf } from "../han/device-log/entry.ts";
import type { HanEvent, HomeAreaNetwork } from "../han/network.ts";

/** {@link HubControl} of a running hub. */
export class Operator implements HubControl {
  readonly localPairing: boolean;
  readonly #deviceLog: DeviceLog;
  readonly #han: HomeAreaNetwork;
  readonly #watchers = new Set<(news: JoinNews) => void>();

  constructor(parts: { localPairing: boolean; deviceLog: DeviceLog; han: HomeAreaNetwork }) {
    this.localPairing = parts.localPairing;
    this.#deviceLog = parts.deviceLog;
    this.#han = parts.han;
  }

  devices(): readonly ControlDevice[] {
    return this.#han.views();
  }

  async pair({ eui64, type, installCode, seconds }: PairRequest): Promise<PairAnswer> {
    if (!this.localPairing) return "off";
    const key = installCodeKey(InstallCode(installCode));
    const kind = logKindOf(type);
    const room = this.#deviceLog.add(eui64, kind, { key, from: "install-code" });
    if (room === "full") return "log-full";
    // As for CCS01: a device that has its link key keeps it, and the new install code counts for nothing.
    if (room === "present" && this.#deviceLog.linkKey(eui64) !== undefined) return "already-in";
    await this.#han.openJoining({ eui64, kind: type, key, keyIs: "install-code" }, seconds);
    return "window-open";
  }

  async unpair(eui64: Eui64): Promise<UnpairAnswer> {
    if (!this.localPairing) return "off";
    if (!this.#deviceLog.remove(eui64)) return "unknown";
    await this.#han.removeDevice(eui64);
    return "removed";
  }

  watch(listener: (news: JoinNews) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** To be told of everything that happens on the HAN. */
  heard(event: HanEvent): void {
    const news = newsOf(event);
    if (news !== undefined) for (const watcher of this.#watchers) watcher(news);
  }
}

function newsOf(event: HanEvent): JoinNews | undefined {
  switch (event.type) {
    case "join-step":
      return { device: event.device, news: "step", step: event.step };
    case "joined":
      return { device: event.device, news: "joined" };
    case "join-failed": {
      const { step, cause, next, final } = event.failure;
      return { device: event.device, news: "failed", step, cause, next, final };
    }
    default:
      return undefined;
  }
}
