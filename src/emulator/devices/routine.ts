import type { Clock, Timer } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { ReadOutcome } from "./attribute-reader.ts";

export interface RoutineSettings {
  /** Between two reads of Time, in ms. */
  timeEveryMs: number;
  /** Between two Keep-Alive reads until the hub says otherwise, in ms. */
  keepAliveMs: number;
  /** Keep-Alive reads in a row without an answer until the hub counts as lost. */
  lostAfter: number;
  /** Pause before a read that had no answer is made again, in ms. */
  retryMs: number;
}

export const ROUTINE_DEFAULTS: RoutineSettings = {
  timeEveryMs: 86_400_000,
  keepAliveMs: 600_000,
  lostAfter: 3,
  retryMs: 30_000,
};

export interface RoutinePorts {
  findServer(cluster: number, done: (endpoints: readonly number[] | undefined) => void): void;
  read(
    cluster: number,
    endpoint: number,
    attributeIds: readonly number[],
    done: (outcome: ReadOutcome) => void,
  ): void;
  /** What the hub's clock says: UTCTime in seconds, and TimeStatus. */
  time(utc: number, status: number): void;
  hubLost(): void;
  /** A sleepy device polls in quick succession until the returned function is called. */
  stayAwake(): () => void;
}

const BASIC = 0x0000;
const TIME = 0x000a;
const KEEP_ALIVE = 0x0025;
const BASIC_ATTRIBUTES = [0x0000, 0x0004, 0x0005];
const TIME_ATTRIBUTES = [0x0000, 0x0001];
/** TCKeepAliveBase in minutes, TCKeepAliveJitter in seconds. */
const KEEP_ALIVE_ATTRIBUTES = [0x0000, 0x0001];

/** What real devices ask the hub without being told to: who it is, the time, and whether it is still there. */
export class Routine {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #settings: RoutineSettings;
  readonly #ports: RoutinePorts;
  readonly #timers = new Map<number, Timer>();
  #on = false;
  #missed = 0;

  constructor(clock: Clock, random: Random, settings: RoutineSettings, ports: RoutinePorts) {
    this.#clock = clock;
    this.#random = random;
    this.#settings = settings;
    this.#ports = ports;
  }

  start(): void {
    this.stop();
    this.#on = true;
    this.#ask(BASIC, BASIC_ATTRIBUTES, () => undefined);
    this.#ask(TIME, TIME_ATTRIBUTES, (outcome) => this.#told(outcome));
    this.#ask(KEEP_ALIVE, KEEP_ALIVE_ATTRIBUTES, (outcome) => this.#alive(outcome));
  }

  stop(): void {
    this.#on = false;
    this.#missed = 0;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** `next` says after how many ms the same is asked again; undefined: never. */
  #ask(
    cluster: number,
    attributeIds: readonly number[],
    next: (outcome: ReadOutcome) => number | undefined,
  ): void {
    const release = this.#ports.stayAwake();
    const again = (outcome: ReadOutcome) => {
      release();
      if (!this.#on) return;
      const ms = next(outcome);
      if (ms === undefined || !this.#on) return;
      this.#timers.set(
        cluster,
        this.#clock.after(ms, () => this.#ask(cluster, attributeIds, next)),
      );
    };
    this.#ports.findServer(cluster, (endpoints) => {
      const endpoint = endpoints?.[0];
      // A hub without the cluster is there all the same.
      if (endpoint === undefined) again(endpoints === undefined ? undefined : new Map());
      else this.#ports.read(cluster, endpoint, attributeIds, again);
    });
  }

  #told(outcome: ReadOutcome): number {
    if (outcome === undefined) return this.#settings.retryMs;
    const utc = outcome.get(0x0000);
    const status = outcome.get(0x0001);
    if (typeof utc === "number" && typeof status === "number") this.#ports.time(utc, status);
    return this.#settings.timeEveryMs;
  }

  #alive(outcome: ReadOutcome): number | undefined {
    if (outcome === undefined) {
      if (++this.#missed < this.#settings.lostAfter) return this.#settings.retryMs;
      this.#ports.hubLost();
      return undefined;
    }
    this.#missed = 0;
    const base = outcome.get(0x0000);
    const jitter = outcome.get(0x0001);
    const baseMs = typeof base === "number" && base > 0 ? base * 60_000 : this.#settings.keepAliveMs;
    const jitterMs = typeof jitter === "number" ? Math.round(this.#random.fraction() * jitter * 1_000) : 0;
    return baseMs + jitterMs;
  }
}
