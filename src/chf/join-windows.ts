import type { Clock, Timer } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { DeviceLog } from "../han/device-log/device-log.ts";
import type { LogDeviceKind } from "../han/device-log/entry.ts";
import type { JoiningDevice } from "../han/join/window.ts";
import { type JoinWindow, type JoinWindowInput, joinWindowStep, openedWindow } from "./join-window-state.ts";
import type { ChfSettings, HanControl } from "./ports.ts";
import type { ChfRepository } from "./repository.ts";

/** Longest that one timer runs: Node's timers end at 2^31 ms. */
const LONGEST_TIMER_MS = 24 * 3_600_000;
const STORE_RETRY_MS = 1_000;

/** The join windows that Commands have opened. They outlive a restart for the time that is left of them. */
export class JoinWindows {
  readonly #repository: ChfRepository;
  readonly #deviceLog: DeviceLog;
  readonly #han: HanControl;
  readonly #settings: ChfSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #windows = new Map<Eui64, JoinWindow>();
  readonly #timers = new Map<Eui64, Timer>();
  /** Opened at the radio and not yet stored with the Command that asked for it. */
  readonly #opened = new Map<Eui64, JoinWindow>();
  #stopped = false;

  constructor(ports: {
    repository: ChfRepository;
    deviceLog: DeviceLog;
    han: HanControl;
    settings: ChfSettings;
    clock: Clock;
    log: Log;
  }) {
    this.#repository = ports.repository;
    this.#deviceLog = ports.deviceLog;
    this.#han = ports.han;
    this.#settings = ports.settings;
    this.#clock = ports.clock;
    this.#log = ports.log;
    for (const { eui64, ...window } of this.#repository.windows()) this.#windows.set(eui64, window);
    this.#deviceLog.onCommitted((change) => {
      if (change.type === "keyed") this.#input(change.entry.eui64, { type: "keyed" });
      if (change.type === "restored") this.#openAll();
    });
  }

  /** Admits again, for the time that is left, whoever had a window when the hub stopped. To be called with the radio up. */
  resume(): void {
    this.#openAll();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /**
   * Opens the radio for a device for so many seconds: with its historic key, its key in the Device Log, or else
   * `startKey`. Rejects `radio/*`. It lasts over a restart once {@link keep} is called.
   */
  async open(
    eui64: Eui64,
    kind: LogDeviceKind | undefined,
    startKey: Uint8Array,
    seconds: number,
  ): Promise<void> {
    this.#opened.delete(eui64);
    // The GPF is the hub itself.
    if (kind === "gpf" || seconds === 0) return;
    const historic = !this.#deviceLog.mayJoin(eui64) && this.#historicKey(eui64) !== undefined;
    const now = this.#clock.now();
    const opened = openedWindow(now, seconds, historic, this.#settings.historicWindow);
    const device = this.#joining(eui64, opened.window, kind, startKey);
    if (device === undefined) return;
    await this.#han.openJoining(device, opened.seconds);
    this.#opened.set(eui64, opened.window);
  }

  /** Stores the window just opened; joins the store transaction that is open. */
  keep(eui64: Eui64): void {
    const window = this.#opened.get(eui64);
    if (window !== undefined) this.#set(eui64, window);
  }

  /** A device left the log. */
  forget(eui64: Eui64): void {
    this.#set(eui64, undefined);
  }

  /** The log is another hub's now: its devices may come in with what they have from there. */
  restored(): void {
    for (const eui64 of [...this.#windows.keys()]) this.#set(eui64, undefined);
    const endsAt = this.#clock.now() + this.#settings.restoreJoinSeconds * 1_000;
    for (const { eui64, startKey } of this.#deviceLog.entries()) {
      if (startKey !== undefined) this.#set(eui64, { phase: "start-key", endsAt, thenSeconds: 0 });
    }
  }

  /** The old link key that a device may join with now; undefined where it is not its turn. */
  formerKey(eui64: Eui64): Uint8Array | undefined {
    return this.#windows.get(eui64)?.phase === "historic-key" ? this.#historicKey(eui64) : undefined;
  }

  #historicKey(eui64: Eui64): Uint8Array | undefined {
    return this.#deviceLog.historic().find((entry) => entry.eui64 === eui64)?.linkKey;
  }

  #joining(
    eui64: Eui64,
    window: JoinWindow,
    kind: LogDeviceKind | undefined,
    startKey: Uint8Array | undefined,
  ): JoiningDevice | undefined {
    if (window.phase === "historic-key") {
      const key = this.#historicKey(eui64);
      return key && { eui64, kind, key, keyIs: "link-key" };
    }
    const entry = this.#deviceLog.entry(eui64);
    if (entry?.linkKey !== undefined) return { eui64, kind, key: entry.linkKey, keyIs: "link-key" };
    if (entry?.startKey !== undefined)
      return { eui64, kind, key: entry.startKey.key, keyIs: entry.startKey.from };
    return startKey && { eui64, kind, key: startKey, keyIs: "install-code" };
  }

  #openAll(): void {
    for (const eui64 of [...this.#windows.keys()]) void this.#openAgain(eui64);
  }

  async #openAgain(eui64: Eui64): Promise<void> {
    const window = this.#windows.get(eui64);
    if (window === undefined || this.#stopped) return;
    const seconds = Math.ceil((window.endsAt - this.#clock.now()) / 1_000);
    this.#arm(eui64, window);
    const device = this.#joining(eui64, window, this.#deviceLog.entry(eui64)?.kind, undefined);
    if (seconds <= 0 || device === undefined) return;
    try {
      await this.#han.openJoining(device, seconds);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#log.error({ device: eui64, code: error.code }, "the join window could not be opened again");
    }
  }

  #input(eui64: Eui64, input: JoinWindowInput): void {
    const window = this.#windows.get(eui64);
    if (window === undefined || this.#stopped) return;
    const [next, effects] = joinWindowStep(window, input);
    if (next !== window) this.#repository.store.transaction(() => this.#set(eui64, next));
    for (const effect of effects) if (effect.do === "open") void this.#openAgain(eui64);
  }

  #set(eui64: Eui64, window: JoinWindow | undefined): void {
    this.#opened.delete(eui64);
    this.#timers.get(eui64)?.cancel();
    this.#timers.delete(eui64);
    if (window === undefined) {
      this.#repository.removeWindow(eui64);
      this.#windows.delete(eui64);
      return;
    }
    this.#repository.putWindow({ eui64, ...window });
    this.#windows.set(eui64, window);
    this.#arm(eui64, window);
  }

  #arm(eui64: Eui64, window: JoinWindow): void {
    this.#timers.get(eui64)?.cancel();
    if (this.#stopped) return;
    const left = Math.max(0, window.endsAt - this.#clock.now());
    const run = () => {
      if (left > LONGEST_TIMER_MS) this.#arm(eui64, window);
      else this.#ended(eui64, window);
    };
    this.#timers.set(eui64, this.#clock.after(Math.min(left, LONGEST_TIMER_MS), run));
  }

  #ended(eui64: Eui64, window: JoinWindow): void {
    try {
      this.#input(eui64, { type: "ended", now: this.#clock.now() });
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#log.error(
        { device: eui64, code: error.code },
        "the end of a join window cannot be stored; trying again",
      );
      this.#windows.set(eui64, window);
      this.#timers.set(
        eui64,
        this.#clock.after(STORE_RETRY_MS, () => this.#ended(eui64, window)),
      );
    }
  }
}
