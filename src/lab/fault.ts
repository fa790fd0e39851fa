import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";

/** What `hanway demo --fault` can break. */
export const DEMO_FAULTS = {
  "broker-down": "the broker dies and comes back with what it had stored",
  unplug: "the radio is unplugged and plugged in again",
  "power-cut": "the hub, a process of its own, is killed without warning and started again",
} as const;

export type DemoFault = keyof typeof DEMO_FAULTS;

/** One fault as the demo's summary tells it. Times are in milliseconds since the demo's start. */
export interface FaultReport {
  name: DemoFault;
  atMs: number;
  /** When messages arrived again in both directions; null where they did not. */
  recoveredMs: number | null;
  /** Messages offered during the fault: half of them Commands at the far end, half of them Alerts at the meter. */
  offeredDuring: number;
  /** Messages offered at either end and not yet arrived at the other when the fault struck. */
  inFlightAtFault: number;
}

/** The thing that breaks. */
export interface Breakable {
  strike(): Promise<void>;
  mend(): Promise<void>;
}

/** The messages of the run in which it breaks. */
export interface Traffic {
  /** Offers one Command at the broker; resolves when the broker has it. */
  command(): Promise<void>;
  /** Has the meter send one Alert. */
  alert(): void;
  inFlight(): number;
  /** Messages arrived so far, down at the meter and up at the far end. */
  arrived(): { down: number; up: number };
}

/** Messages each way that are offered at once just before the fault, and how many must be under way at least. */
const BURST = 12;
const IN_FLIGHT = 5;
const BURSTS = 10;
/** Messages of the burst that arrive each way before the fault, and how often it is looked for them at most. */
const SOME = 2;
const LOOKS = 2_000;
/** Messages each way that are offered during the fault, and the pause between them. */
const DURING = 24;
const EVERY_MS = 100;
const LOOK_EVERY_MS = 10;

/** Loads the way in both directions, breaks it, goes on offering, mends it, and waits until messages arrive again. */
export class FaultRun {
  readonly report: FaultReport;
  readonly #traffic: Traffic;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #tell: (line: string) => void;

  /** `startedAt`: elapsed time of the demo's start. */
  constructor(
    name: DemoFault,
    ports: { traffic: Traffic; clock: Clock; startedAt: number; tell: (line: string) => void },
  ) {
    this.report = { name, atMs: 0, recoveredMs: null, offeredDuring: 0, inFlightAtFault: 0 };
    this.#traffic = ports.traffic;
    this.#clock = ports.clock;
    this.#startedAt = ports.startedAt;
    this.#tell = ports.tell;
  }

  /** Runs it once; `signal` ends the waiting for the recovery. */
  async run(thing: Breakable, signal: AbortSignal): Promise<void> {
    const { report } = this;
    await this.#load();
    report.atMs = this.#now();
    report.inFlightAtFault = this.#traffic.inFlight();
    const struck = thing.strike();
    this.#tell(`fault: ${DEMO_FAULTS[report.name]}; ${report.inFlightAtFault} messages are under way`);
    await struck;
    await this.#during(signal);
    if (signal.aborted) return;
    const before = this.#traffic.arrived();
    await thing.mend();
    this.#tell(`fault over: ${report.offeredDuring} messages were offered meanwhile`);
    for (;;) {
      const { down, up } = this.#traffic.arrived();
      if (down > before.down && up > before.up) break;
      if (signal.aborted) return;
      await delay(LOOK_EVERY_MS);
    }
    report.recoveredMs = this.#now();
    this.#tell(
      `recovered: messages arrive again both ways, ${report.recoveredMs - report.atMs} ms after the fault`,
    );
  }

  async #load(): Promise<void> {
    for (let burst = 0; burst < BURSTS; burst++) {
      const before = this.#traffic.arrived();
      const offered: Promise<void>[] = [];
      for (let n = 0; n < BURST; n++) {
        offered.push(this.#traffic.command());
        this.#traffic.alert();
      }
      await Promise.all(offered);
      await this.#someArrive(before);
      if (this.#traffic.inFlight() >= IN_FLIGHT) return;
    }
  }

  /** Until the burst is on its way in all its stages: a few there, the others anywhere between. */
  async #someArrive(before: { down: number; up: number }): Promise<void> {
    for (let looks = 0; looks < LOOKS; looks++) {
      const { down, up } = this.#traffic.arrived();
      if (down >= before.down + SOME && up >= before.up + SOME) return;
      await delay(1);
    }
  }

  async #during(signal: AbortSignal): Promise<void> {
    for (let n = 0; n < DURING && !signal.aborted; n++) {
      // A far end without its broker keeps the Command and offers it when the broker is back.
      void this.#traffic.command();
      this.#traffic.alert();
      this.report.offeredDuring += 2;
      await delay(EVERY_MS);
    }
  }

  #now(): number {
    return Math.round(this.#clock.elapsed() - this.#startedAt);
  }
}
