import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../app/config.ts";
import { wanRoot } from "../app/settings.ts";
import { SystemClock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import { createEmulatedCoordinator, type EmulatedCoordinatorHandle } from "../emulator/coordinator.ts";
import { HeadEndLink, type Upward } from "../headend/link.ts";
import { atExit } from "./at-exit.ts";
import { type LabBroker, startBroker } from "./broker.ts";
import { ChildHub, type DemoHub, type HubWatcher, startHubHere } from "./demo-hub.ts";
import { ESME, hubToml, INSTALL_CODE } from "./demo-setup.ts";
import { DemoTraffic } from "./demo-traffic.ts";
import { DEFAULT_COORDINATOR, VECTOR_TRANSFER_SIZE } from "./emulator.ts";
import { Ending } from "./ending.ts";
import { type Breakable, type DemoFault, type FaultReport, FaultRun } from "./fault.ts";
import { House } from "./house.ts";
import type { LedgerCounts } from "./ledger.ts";
import { Relay } from "./relay.ts";
import { Story } from "./story.ts";
import type { VectorPair } from "./vectors.ts";

export interface DemoOptions {
  /** Recorded pairs; those for the ESME are offered. Sample messages where undefined. */
  vectors: readonly VectorPair[] | undefined;
  exitWhenDone: boolean;
  exitAfterMs: number | undefined;
  seed: number;
  loss: number;
  brokerPort: number;
  /** What breaks once in the run, and recovers. */
  fault?: DemoFault | undefined;
  version: string;
  tell: (line: string) => void;
}

export interface DemoSummary extends LedgerCounts {
  formed: boolean;
  joined: number;
  /** Hub start to network up, in milliseconds. */
  startMs: number;
  /** Resident memory of the whole process, in megabytes. */
  rssMb: number;
  /** Alerts of the meter; only in a run with a fault. */
  alerts?: { offered: number; arrived: number };
  fault?: FaultReport;
}

export interface Demo extends AsyncDisposable {
  /** Resolves when the run is over by itself. */
  readonly done: Promise<void>;
  /** Ends the run, tells the summary and returns it. */
  finish(): Promise<DemoSummary>;
}

/** How long after the last arrival the next may take before a run is given up. */
const QUIET_MS = 20_000;
/** The same after a fault, which may have left links to wait for their next attempt. */
const FAULT_QUIET_MS = 60_000;
/** How long the meter may take until it can be reached. */
const FIRST_TUNNEL_MS = 30_000;
/** `--exit-after` stops offering so long before its end. */
const DRAIN_MS = 2_000;
const SAMPLE_EVERY_MS = 5_000;
/** Samples of a run that is to end by itself. */
const SAMPLES = 5;
const STATUS_EVERY_MS = 10_000;

/**
 * Starts broker, emulated radio, meter, hub and far end in this process. Throws `config/invalid` where the recorded
 * pairs have none for the meter.
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  if (options.vectors?.every(({ target }) => target !== ESME)) {
    throw new HanwayError("config/invalid", `there is no Command for the electricity meter ${ESME}`, {
      field: "vectors",
    });
  }
  const demo = new RunningDemo(options);
  try {
    await demo.start();
    return demo;
  } catch (error) {
    await demo[Symbol.asyncDispose]();
    throw error;
  }
}

class RunningDemo implements Demo, HubWatcher {
  readonly done: Promise<void>;
  readonly #options: DemoOptions;
  readonly #clock = new SystemClock();
  readonly #story: Story;
  readonly #traffic: DemoTraffic;
  readonly #scope = new AsyncDisposableStack();
  readonly #folder: string;
  readonly #ending: Ending;
  readonly #ready = Promise.withResolvers<void>();
  readonly #wan = Promise.withResolvers<void>();
  readonly #fault: FaultRun | undefined;
  /** A whole home; a run of recorded messages or with a fault has the meter alone. */
  readonly #house: House | undefined;
  #broken: Breakable | undefined;
  #hub: DemoHub | undefined;
  readonly #startedAt: number;
  #hubStartedAt = 0;
  #startMs = Number.NaN;
  readonly #joined = new Set<Eui64>();
  #offering = true;
  #online = false;

  constructor(options: DemoOptions) {
    const { vectors, fault, tell } = options;
    this.#options = options;
    this.#startedAt = this.#clock.elapsed();
    const quietMs = fault === undefined ? QUIET_MS : FAULT_QUIET_MS;
    this.#ending = new Ending(this.#clock, () => this.#traffic.complete, quietMs);
    this.done = this.#ending.done;
    this.#story = new Story(this.#clock, tell);
    const exchange = { vectors, brief: fault !== undefined, arrival: () => this.#ending.arrival() };
    this.#traffic = new DemoTraffic(exchange, this.#clock, this.#story);
    this.#folder = mkdtempSync(join(tmpdir(), "hanway-demo-"));
    this.#scope.use(atExit(() => rmSync(this.#folder, { recursive: true, force: true })));
    if (fault === undefined && vectors === undefined) {
      this.#house = this.#scope.use(new House(this.#folder, this.#clock, this.#story));
    }
    if (fault !== undefined) {
      this.#fault = new FaultRun(fault, {
        traffic: this.#traffic,
        clock: this.#clock,
        startedAt: this.#startedAt,
        tell: (line) => this.#story.line(line),
      });
    }
  }

  async start(): Promise<void> {
    const { brokerPort, fault } = this.#options;
    const broker = this.#scope.use(await startBroker(brokerPort));
    this.#story.line(`broker listening on ${broker.url}`);
    if (fault === "broker-down") {
      this.#broken = { strike: () => broker.close(), mend: () => broker.again() };
    }
    const emulator = await this.#emulator();
    const onAir = this.#house === undefined ? `, one ESME ${ESME} on its air` : "";
    this.#story.line(`emulated radio listening on ${emulator.url}${onAir}`);
    await this.#connectFarEnd(broker, emulator);
    await this.#startHub(broker.url, await this.#radioUrl(emulator));
    await this.#moveIn(broker.url, emulator);
    this.#story.line(
      this.#traffic.left === undefined
        ? this.#house === undefined
          ? "far end and meter exchange sample messages of the project's own making"
          : "the head-end reads the meter's registers; the meter executes"
        : `far end offers ${this.#traffic.left} recorded Commands for the ESME`,
    );
    this.#run().catch((error: unknown) => this.#ending.fail(error));
  }

  async finish(): Promise<DemoSummary> {
    this.#stopOffering();
    this.#ending.now();
    const { ledger } = this.#traffic;
    const summary: DemoSummary = {
      formed: !Number.isNaN(this.#startMs),
      joined: this.#joined.size,
      ...ledger.counts(),
      startMs: Math.round(this.#startMs),
      rssMb: Math.round(process.memoryUsage.rss() / 1e6),
      ...(this.#fault === undefined ? {} : { alerts: ledger.alerts(), fault: this.#fault.report }),
    };
    this.#story.summary(summary);
    return summary;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopOffering();
    this.#ending.now();
    await this.#scope.disposeAsync();
  }

  network(): void {
    if (Number.isNaN(this.#startMs)) this.#startMs = this.#clock.elapsed() - this.#hubStartedAt;
  }

  joined(device: Eui64): void {
    this.#joined.add(device);
    this.#house?.joined(device);
  }

  tunnelOpen(device: Eui64): void {
    if (device === ESME) this.#ready.resolve();
  }

  async #emulator(): Promise<EmulatedCoordinatorHandle> {
    const { vectors, seed, loss } = this.#options;
    const messageHandler = this.#traffic.answer;
    const emulator = await createEmulatedCoordinator({
      listen: "tcp://127.0.0.1:0",
      eui64: DEFAULT_COORDINATOR,
      seed,
      loss,
      devices:
        this.#house === undefined
          ? [{ type: "esme", eui64: ESME, installCode: INSTALL_CODE, messageHandler }]
          : [],
      ...(vectors === undefined ? {} : { transferSize: VECTOR_TRANSFER_SIZE }),
    });
    this.#scope.defer(() => emulator.stop());
    return emulator;
  }

  async #moveIn(broker: string, emulator: EmulatedCoordinatorHandle): Promise<void> {
    if (this.#house === undefined) return;
    // The broker keeps nothing for a hub that it has never seen.
    await this.#wan.promise;
    const root = wanRoot(parseConfig(this.#toml(broker, emulator.url)));
    await this.#house.moveIn({ broker, root, emulator }, this.#traffic);
  }

  async #connectFarEnd(broker: LabBroker, emulator: EmulatedCoordinatorHandle): Promise<void> {
    const root = wanRoot(parseConfig(this.#toml(broker.url, emulator.url)));
    const events = {
      up: ({ device, payload }: Upward) => {
        // What the hub itself says (Responses to CCS01, CS14) is for the head-end.
        if (device === ESME) this.#traffic.atFarEnd(payload);
      },
      state: () => this.#wanUp(),
    };
    const farEnd = this.#scope.use(await HeadEndLink.connect(broker.url, root, events, "far-end"));
    this.#traffic.attach(farEnd);
    this.#traffic.meterIs(emulator.devices[0]);
  }

  /** Where the hub finds the radio: at the end of a cable that can be pulled, where that is the fault. */
  async #radioUrl(emulator: EmulatedCoordinatorHandle): Promise<string> {
    if (this.#options.fault !== "unplug") return emulator.url;
    const cable = this.#scope.use(await Relay.start(Number(new URL(emulator.url).port)));
    this.#broken = {
      strike: () => cable.set("cut"),
      mend: async () => {
        // What was without power starts anew.
        emulator.faults.inject({ name: "reset" });
        await cable.set("pass");
      },
    };
    return `tcp://127.0.0.1:${cable.port}`;
  }

  async #startHub(broker: string, radio: string): Promise<void> {
    const toml = this.#toml(broker, radio);
    const ports = { clock: this.#clock, story: this.#story, watcher: this };
    this.#hubStartedAt = this.#clock.elapsed();
    if (this.#options.fault !== "power-cut") {
      this.#hub = this.#scope.use(await startHubHere(toml, this.#options.version, ports));
      return;
    }
    const hub = this.#scope.use(new ChildHub(join(this.#folder, "hub.toml"), toml, ports));
    this.#broken = { strike: () => hub.kill(), mend: () => hub.start() };
    this.#hub = hub;
    await hub.start();
    this.#story.line(`the hub is process ${hub.pid}`);
  }

  #toml(broker: string, radio: string): string {
    const dataDir = join(this.#folder, "data");
    const vectors = this.#options.vectors !== undefined;
    return hubToml({ dataDir, broker, radio, vectors, house: this.#house?.toml });
  }

  #wanUp(): void {
    if (!this.#online) this.#story.line("WAN up: the hub is online at the broker");
    this.#online = true;
    this.#wan.resolve();
  }

  /** Offers what there is to offer, then waits for it to arrive. */
  async #run(): Promise<void> {
    const { exitAfterMs, exitWhenDone } = this.#options;
    if (exitAfterMs !== undefined) {
      const left = exitAfterMs - (this.#clock.elapsed() - this.#startedAt);
      this.#clock.after(left - DRAIN_MS, () => this.#stopOffering());
      this.#clock.after(left, () => this.#ending.now());
    }
    const status = setInterval(() => this.#tellStatus(), STATUS_EVERY_MS);
    this.#scope.defer(() => clearInterval(status));
    await this.#firstTunnel();
    if (this.#broken !== undefined) await this.#fault?.run(this.#broken, this.#ending.signal);
    if (this.#traffic.left === undefined) await this.#offerSamples();
    else while (this.#offering && this.#traffic.left > 0) await this.#traffic.command();
    if (!this.#ending.signal.aborted) this.#tellStatus();
    if (exitWhenDone) this.#ending.allOffered();
  }

  #stopOffering(): void {
    this.#offering = false;
    this.#traffic.stop();
  }

  /** Commands are offered once the meter can be reached, or after a while all the same: the broker would not wait. */
  #firstTunnel(): Promise<void> {
    this.#clock.after(FIRST_TUNNEL_MS, () => this.#ready.resolve());
    return this.#ready.promise;
  }

  async #offerSamples(): Promise<void> {
    for (let count = 0; this.#offering; count++) {
      if (this.#options.exitWhenDone && count === SAMPLES) return;
      await this.#traffic.command();
      await this.#wait(this.#options.exitWhenDone ? 100 : SAMPLE_EVERY_MS);
    }
  }

  /** Cut short when the run ends. */
  async #wait(ms: number): Promise<void> {
    const woken = Promise.withResolvers<void>();
    const timer = setTimeout(woken.resolve, ms);
    await Promise.race([woken.promise, this.done]);
    clearTimeout(timer);
  }

  #tellStatus(): void {
    const status = this.#hub?.status();
    if (status !== undefined) this.#story.status(status, this.#traffic.ledger.counts());
  }
}
