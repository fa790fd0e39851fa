import type { Clock, Timer } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Log } from "../../base/log.ts";
import type { Presence } from "../../base/uplink.ts";
import type { Store } from "../../store/store.ts";
import { OutageTable } from "./outage-table.ts";
import {
  type Mains,
  type Outage,
  POWER_START,
  type PowerEffect,
  type PowerEvent,
  type PowerInput,
  type PowerState,
  powerResumed,
  powerStep,
} from "./power-state.ts";

export interface PowerPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly presence: Pick<Presence, "state">;
  readonly log: Log;
  /** Hears of losses, alerts and returns, in the transaction that notes them: for the event log and the alert. */
  readonly onEvent?: (event: PowerEvent) => void;
}

/** Mains lost and not back for this long raises the alert (A9.1), in milliseconds. */
export const POWER_ALERT_MS = 180_000;

/** Pause before a store that took nothing is tried again, in milliseconds. */
const STORE_RETRY_MS = 1_000;

const SENTENCES: Readonly<Record<PowerEvent["type"], string>> = {
  lost: "mains is lost",
  alert: "mains is not back: power alert",
  restored: "mains is back",
};

/**
 * The hub's power on the WAN (A9.5: a message of the WAN, not of GBCS): part `power` of the `state` document, which the
 * broker retains and every new link tells again. Everything is on disk before it is told, unless the disk takes nothing:
 * then it is told all the same, and stored as soon as that can be.
 */
export class Power {
  readonly #ports: PowerPorts;
  readonly #alertMs: number;
  readonly #table: OutageTable;
  #state: PowerState = POWER_START;
  #timer: Timer | undefined;
  /** What has happened and is not on disk yet. */
  #unsaved: readonly PowerEvent[] = [];
  #retry: Timer | undefined;

  constructor(ports: PowerPorts, alertMs: number = POWER_ALERT_MS) {
    this.#ports = ports;
    this.#alertMs = alertMs;
    this.#table = new OutageTable(ports.store);
  }

  get state(): PowerState {
    return this.#state;
  }

  /** Takes up an outage that the hub did not live through, and tells what it knows. */
  start(): void {
    const { outage, last } = this.#table.load();
    this.#become(powerResumed(outage, last), []);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#retry?.cancel();
  }

  /** The mains input shows something new. */
  reading(mains: Mains): void {
    this.#take({ type: "reading", mains, now: this.#ports.clock.now() });
  }

  #take(input: PowerInput): void {
    const [state, effects] = powerStep(this.#state, input, this.#alertMs);
    const events = effects.flatMap((effect) => (effect.type === "event" ? [effect.event] : []));
    this.#unsaved = [...this.#unsaved, ...events];
    this.#save(state);
    for (const { type, outage } of events) this.#ports.log.warn(document(outage), SENTENCES[type]);
    this.#become(state, effects);
  }

  /** One transaction for the outage, the event log and the alert. A full disk must not silence the one that matters now. */
  #save(state: PowerState): void {
    this.#retry?.cancel();
    if (this.#unsaved.length === 0) return;
    try {
      this.#ports.store.transaction(() => {
        this.#table.save(state);
        for (const event of this.#unsaved) this.#ports.onEvent?.(event);
      });
      this.#unsaved = [];
    } catch (error) {
      this.#ports.log.error({ err: error }, "the state of power cannot be stored");
      if (error instanceof HanwayError && error.code.startsWith("store/"))
        this.#retry = this.#ports.clock.after(STORE_RETRY_MS, () => this.#save(this.#state));
      else this.#unsaved = [];
    }
  }

  #become(state: PowerState, effects: readonly PowerEffect[]): void {
    this.#state = state;
    for (const effect of effects) {
      if (effect.type === "event") continue;
      this.#timer?.cancel();
      this.#timer =
        effect.type === "timer"
          ? this.#ports.clock.after(effect.ms, () =>
              this.#take({ type: "timeout", now: this.#ports.clock.now() }),
            )
          : undefined;
    }
    this.#ports.presence.state("power", powerDocument(state));
  }
}

/** What the `state` document says of power: times in ISO 8601, UTC. `alert` stands from the alert until mains is back. */
export function powerDocument({ mains, outage, last }: PowerState): object {
  return {
    mains,
    lostAt: outage === undefined ? null : iso(outage.lostAt),
    alert: outage?.alertedAt === undefined ? null : document(outage),
    lastOutage: last === undefined ? null : { ...document(last), backAt: iso(last.backAt) },
  };
}

function document({ lostAt, alertedAt }: Outage) {
  return { lostAt: iso(lostAt), alertedAt: alertedAt === undefined ? null : iso(alertedAt) };
}

function iso(unixMs: number): string {
  return new Date(unixMs).toISOString();
}
