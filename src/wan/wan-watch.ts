import type { Clock, Timer } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { integer } from "../store/row.ts";
import type { Store } from "../store/store.ts";
import { initialWan, type WanInput, type WanPhase, type WanState, wanStep } from "./wan-state.ts";

/** Installers wait about so long at the door before they report that there is no WAN. */
export const NO_WAN_MS = 10 * 60_000;

export interface WanWatchPorts {
  store: Store;
  clock: Clock;
  log: Log;
  /**
   * Tells the far end, once in the life of the hub, that it is there. Runs inside the transaction that marks it as told,
   * so that what it puts into the outbox is sent exactly when the mark is kept. `at`: Unix milliseconds.
   */
  announce?: (at: number) => void;
  changed?: (phase: WanPhase) => void;
}

const BIRTH_TABLES = [
  "CREATE TABLE wan_birth (one INTEGER PRIMARY KEY CHECK (one = 1), at INTEGER NOT NULL) STRICT",
];

const SENTENCES: Readonly<Record<WanPhase, string>> = {
  searching: "searching for the WAN",
  attached: "on the cellular network, and no broker yet",
  connected: "connected to the WAN",
  "no-wan": "no WAN found; the hub runs and pairs without, and keeps searching",
};

/** Follows modem and broker link; knows whether the hub has its WAN, and since when it was born. */
export class WanWatch {
  readonly #noWanMs: number;
  readonly #ports: WanWatchPorts;
  #state: WanState;
  #bornAt: number | undefined;
  #timer: Timer | undefined;

  constructor(noWanMs: number, ports: WanWatchPorts) {
    this.#noWanMs = noWanMs;
    this.#ports = ports;
    ports.store.migrate("wan-birth", BIRTH_TABLES);
    const row = ports.store.prepare("SELECT at FROM wan_birth").get();
    this.#bornAt = row === undefined ? undefined : integer(row, "at");
    this.#state = initialWan(row !== undefined);
  }

  start(): void {
    this.#input({ type: "start" });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** The modem is on the network, with its bearer where it has one; never called in a hub without a modem. */
  network(up: boolean): void {
    this.#input({ type: "network", up });
  }

  /** The broker link is up or down. */
  link(up: boolean): void {
    this.#input({ type: "link", up });
  }

  get phase(): WanPhase {
    return this.#state.phase;
  }

  /** Unix milliseconds of the first connection in the life of this hub. */
  get bornAt(): number | undefined {
    return this.#bornAt;
  }

  #input(input: WanInput): void {
    const before = this.#state.phase;
    const [state, effects] = wanStep(this.#state, input, this.#noWanMs);
    this.#state = state;
    for (const effect of effects) {
      if (effect.type === "announce") this.#announce();
      else this.#time(effect.ms);
    }
    if (state.phase === before) return;
    this.#ports.log.info({ wan: state.phase }, SENTENCES[state.phase]);
    this.#ports.changed?.(state.phase);
  }

  #time(ms: number | undefined): void {
    this.#timer?.cancel();
    if (ms !== undefined) this.#timer = this.#ports.clock.after(ms, () => this.#input({ type: "timeout" }));
  }

  #announce(): void {
    const { store, clock, log, announce } = this.#ports;
    const at = clock.now();
    try {
      store.transaction(() => {
        store.prepare("INSERT INTO wan_birth VALUES (1, ?)").run(at);
        announce?.(at);
      });
      this.#bornAt = at;
    } catch (error) {
      // Neither told nor marked: the next connection is the first one.
      this.#state = { ...this.#state, born: false };
      log.error({ err: error }, "the hub's birth cannot be announced yet");
    }
  }
}
