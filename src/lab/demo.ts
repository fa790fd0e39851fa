import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../app/config.ts";
import { Hub } from "../app/hub.ts";
import { wanRoot } from "../app/settings.ts";
import { toHex } from "../base/bytes.ts";
import { SystemClock } from "../base/clock.ts";
import { Eui64 } from "../base/eui64.ts";
import { installCodeFromBare } from "../base/install-code.ts";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { isMessageId } from "../base/wan-topic.ts";
import { createEmulatedCoordinator, type EmulatedCoordinatorHandle } from "../emulator/coordinator.ts";
import { type LabBroker, startBroker } from "./broker.ts";
import { DEFAULT_COORDINATOR, VECTOR_TRANSFER_SIZE, vectorResponder } from "./emulator.ts";
import { FarEnd } from "./far-end.ts";
import { type Expected, Ledger, type LedgerCounts } from "./ledger.ts";
import { SampleExchange } from "./sample.ts";
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
}

export interface Demo extends AsyncDisposable {
  /** Resolves when the run is over by itself. */
  readonly done: Promise<void>;
  /** Ends the run, tells the summary and returns it. */
  finish(): Promise<DemoSummary>;
}

/** Identities of the published vectors. */
const CHF = Eui64("00db1234567890a2");
const ESME = Eui64("00db1234567890a0");
const ACCESS_CONTROL_BROKER = Eui64("90b3d51f30000002");

/** How long after the last offer something may still arrive. */
const GRACE_MS = 10_000;
/** `--exit-after` stops offering so long before its end. */
const DRAIN_MS = 2_000;
const SAMPLE_EVERY_MS = 5_000;
/** Samples of a run that is to end by itself. */
const SAMPLES = 5;
const STATUS_EVERY_MS = 10_000;

/** Starts broker, emulated radio, meter, hub and far end in this process. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const demo = new RunningDemo(options);
  try {
    await demo.start();
    return demo;
  } catch (error) {
    await demo[Symbol.asyncDispose]();
    throw error;
  }
}

class RunningDemo implements Demo {
  readonly done: Promise<void>;
  readonly #options: DemoOptions;
  readonly #clock = new SystemClock();
  readonly #story: Story;
  readonly #ledger = new Ledger();
  readonly #samples: SampleExchange;
  readonly #scope = new AsyncDisposableStack();
  readonly #dataDir: string;
  readonly #end = Promise.withResolvers<void>();
  readonly #ready = Promise.withResolvers<void>();
  #hub: Hub | undefined;
  #farEnd: FarEnd | undefined;
  readonly #startedAt: number;
  #startMs = Number.NaN;
  #joined = new Set<Eui64>();
  #offering = true;
  #finished = false;
  #allOffered = false;
  #online = false;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.#startedAt = this.#clock.elapsed();
    this.done = this.#end.promise;
    this.#story = new Story(this.#clock, options.tell);
    this.#samples = new SampleExchange({ farEnd: ACCESS_CONTROL_BROKER, meter: ESME }, this.#clock);
    this.#dataDir = mkdtempSync(join(tmpdir(), "hanway-demo-"));
    this.#scope.defer(() => rmSync(this.#dataDir, { recursive: true, force: true }));
  }

  async start(): Promise<void> {
    const broker = this.#scope.use(await startBroker(this.#options.brokerPort));
    this.#story.line(`broker listening on ${broker.url}`);
    const emulator = await this.#emulator();
    this.#story.line(`emulated radio listening on ${emulator.url}, one ESME ${ESME} on its air`);
    await this.#startHub(broker, emulator);
    this.#story.line(
      this.#options.vectors === undefined
        ? "far end and meter exchange sample messages of the project's own making"
        : `far end offers ${this.#pairs().length} recorded Commands for the ESME`,
    );
    void this.#run();
  }

  async finish(): Promise<DemoSummary> {
    this.#offering = false;
    this.#finished = true;
    this.#end.resolve();
    const status = this.#hub?.status();
    const summary: DemoSummary = {
      formed: status?.network !== undefined,
      joined: this.#joined.size,
      ...this.#ledger.counts(),
      startMs: Math.round(this.#startMs),
      rssMb: Math.round(process.memoryUsage.rss() / 1e6),
    };
    this.#story.summary(summary);
    return summary;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#offering = false;
    this.#end.resolve();
    await this.#scope.disposeAsync();
  }

  async #emulator(): Promise<EmulatedCoordinatorHandle> {
    const { vectors, seed, loss } = this.#options;
    const answer =
      vectors === undefined
        ? (message: Uint8Array) => this.#samples.answer(message)
        : vectorResponder(vectors);
    const emulator = await createEmulatedCoordinator({
      listen: "tcp://127.0.0.1:0",
      eui64: DEFAULT_COORDINATOR,
      seed,
      loss,
      devices: [{ type: "esme", eui64: ESME, installCode: INSTALL_CODE, messageHandler: answer }],
      ...(vectors === undefined ? {} : { transferSize: VECTOR_TRANSFER_SIZE }),
    });
    this.#scope.defer(() => emulator.stop());
    for (const device of emulator.devices) {
      device.on((event) => {
        if (event.type === "message-in") this.#ledger.atDevice(event.message);
      });
    }
    return emulator;
  }

  async #startHub(broker: LabBroker, emulator: EmulatedCoordinatorHandle): Promise<void> {
    const config = parseConfig(
      hubToml(this.#dataDir, broker.url, emulator.url, this.#options.vectors !== undefined),
    );
    this.#farEnd = this.#scope.use(
      await FarEnd.connect(broker.url, wanRoot(config), {
        up: (_device, payload) => this.#atFarEnd(payload),
        state: () => this.#wanUp(),
      }),
    );
    const before = this.#clock.elapsed();
    this.#hub = this.#scope.use(
      await Hub.start({
        config,
        version: this.#options.version,
        clock: this.#clock,
        random: systemRandom,
        log: silentLog,
        onEvent: (event) => {
          if (event.type === "network" && Number.isNaN(this.#startMs)) {
            this.#startMs = this.#clock.elapsed() - before;
          }
          if (event.type === "joined") this.#joined.add(event.device);
          if (event.type === "tunnel-open") this.#ready.resolve();
          this.#story.han(event);
        },
      }),
    );
    const radio = this.#hub.status().radio;
    if (radio !== undefined) this.#story.radio(radio);
  }

  #wanUp(): void {
    if (!this.#online) this.#story.line("WAN up: the hub is online at the broker");
    this.#online = true;
  }

  #atFarEnd(payload: Uint8Array): void {
    this.#ledger.atFarEnd(payload);
    if (this.#options.vectors === undefined) {
      const wh = this.#samples.read(payload);
      this.#story.messageOut(payload, wh === undefined ? undefined : `import register ${wh / 1000} kWh`);
    } else this.#story.progress("message out", this.#ledger.counts().responses, payload);
    if (this.#allOffered && this.#ledger.complete) this.#end.resolve();
  }

  /** Offers what there is to offer, then waits for it to arrive. */
  async #run(): Promise<void> {
    const { exitAfterMs, exitWhenDone } = this.#options;
    if (exitAfterMs !== undefined) {
      const left = exitAfterMs - (this.#clock.elapsed() - this.#startedAt);
      this.#clock.after(left - DRAIN_MS, () => {
        this.#offering = false;
      });
      setTimeout(() => this.#end.resolve(), left);
    }
    const status = setInterval(() => this.#tellStatus(), STATUS_EVERY_MS);
    this.#scope.defer(() => clearInterval(status));
    await this.#firstTunnel();
    if (this.#options.vectors === undefined) await this.#offerSamples();
    else for (const pair of this.#pairs()) await this.#offer(pair, pair.useCase);
    if (!this.#finished) this.#tellStatus();
    if (!exitWhenDone) return;
    this.#allOffered = true;
    if (this.#ledger.complete) this.#end.resolve();
    setTimeout(() => this.#end.resolve(), GRACE_MS).unref();
  }

  /** Commands are offered once the meter can be reached, or after a while all the same: the broker would not wait. */
  #firstTunnel(): Promise<void> {
    setTimeout(() => this.#ready.resolve(), GRACE_MS).unref();
    return this.#ready.promise;
  }

  async #offerSamples(): Promise<void> {
    for (let count = 0; this.#offering; count++) {
      if (this.#options.exitWhenDone && count === SAMPLES) return;
      const command = this.#samples.command();
      const response = this.#samples.answer(command);
      await this.#offer({ command, response }, "ECS17b");
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

  async #offer(expected: Expected, useCase: string): Promise<void> {
    if (!this.#offering || this.#farEnd === undefined) return;
    const id = `demo-${toHex(systemRandom.bytes(8))}`;
    if (!isMessageId(id)) return;
    this.#ledger.offer(expected);
    if (this.#options.vectors === undefined) this.#story.messageIn(expected.command, useCase);
    else this.#story.progress("message in", this.#ledger.counts().offered, expected.command);
    await this.#farEnd.offer(ESME, id, expected.command);
  }

  #tellStatus(): void {
    const status = this.#hub?.status();
    if (status !== undefined) this.#story.status(status, this.#ledger.counts());
  }

  #pairs(): VectorPair[] {
    return (this.#options.vectors ?? []).filter(({ target }) => target === ESME);
  }
}

const INSTALL_CODE = installCodeFromBare(
  Uint8Array.of(
    0x83,
    0xfe,
    0xd3,
    0x40,
    0x7a,
    0x93,
    0x97,
    0x23,
    0xa5,
    0xc6,
    0x39,
    0xb2,
    0x69,
    0x16,
    0xd5,
    0x05,
  ),
);

function hubToml(dataDir: string, broker: string, radio: string, vectors: boolean): string {
  return `
[hub]
tenant = "demo"
chf = "${CHF}"
gpf = "${DEFAULT_COORDINATOR}"
dataDir = ${JSON.stringify(dataDir)}
joinSeconds = 120
[radio]
port = "${radio}"
channel = 11
[[wan.broker]]
url = "${broker}"
[[device]]
eui64 = "${ESME}"
type = "esme"
installCode = "${toHex(INSTALL_CODE)}"
transferSize = ${vectors ? VECTOR_TRANSFER_SIZE : 1_500}
`;
}
