import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HubConfig, parseConfig } from "../../src/app/config.ts";
import { Hub } from "../../src/app/hub.ts";
import { wanRoot } from "../../src/app/settings.ts";
import { toHex } from "../../src/base/bytes.ts";
import { type Clock, SystemClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { InstallCode } from "../../src/base/install-code.ts";
import type { Log } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import type { MessageId } from "../../src/base/wan-topic.ts";
import { testAuthorities } from "../../src/cbke/index.ts";
import {
  createEmulatedCoordinator,
  type EmulatedCoordinatorHandle,
  type EmulatedDeviceConfig,
} from "../../src/emulator/coordinator.ts";
import type { MessageHandler } from "../../src/emulator/devices/device.ts";
import type { DeviceCredentials } from "../../src/emulator/devices/key-establishment.ts";
import type { HanEvent } from "../../src/han/network.ts";
import { HeadEndLink, type Receipt } from "../../src/headend/link.ts";
import { PartyStore } from "../../src/headend/party-store.ts";
import { startBroker } from "../../src/lab/broker.ts";
import { SampleExchange } from "../../src/lab/sample.ts";
import { makeTestPki } from "../../src/lab/test-pki.ts";

export const CHF = Eui64("00db1234567890a2");
export const GPF = Eui64("00db1234567890a3");
export const METER = Eui64("00db1234567890a0");
export const BROKER_PARTY = Eui64("90b3d51f30000002");
export const CODE = InstallCode("83FED3407A939723A5C639B26916D505C3B5");
export const OTHER_CODE = InstallCode("83FED3407A939723A5C639FF4C12");

export interface LogLine {
  level: string;
  sentence: string;
  fields: Record<string, unknown>;
}

export interface HomeOptions {
  /** Install code put into the hub for the meter; null for a device without one. */
  codeInHub?: InstallCode | null;
  joinSeconds?: number;
  ezsp?: number;
  answer?: MessageHandler;
  transferSize?: number;
  loss?: number;
  seed?: number;
  /** The hub knows of a device that the emulator does not have. */
  withMeter?: boolean;
  /** Kind of meter; default an ESME. */
  type?: "esme" | "gsme";
  /** Messages that the hub's mailbox holds for one device. */
  mailboxDepth?: number;
  /** Whether the meter is among the devices of the settings; default yes. */
  listed?: boolean;
  /** The CHF has keys and trusts {@link TestHome.parties}. */
  chf?: boolean;
  /** Further sections of the settings. */
  settings?: string;
  /** Seed of the Smart Energy test authority: hub and meter run key establishment. */
  authority?: number;
}

/** A real hub, broker, emulated radio with a meter, and a far end, in one process and on real sockets. */
export class TestHome implements AsyncDisposable {
  /** The machine's clock, for a hub that starts from now on. */
  clock: Clock = new SystemClock();
  readonly samples = new SampleExchange({ farEnd: BROKER_PARTY, meter: METER }, this.clock);
  readonly events: HanEvent[] = [];
  readonly log: LogLine[] = [];
  readonly receipts: Receipt[] = [];
  readonly uplinks: string[] = [];
  /** The hub's retained state, each time it was told. */
  readonly states: Record<string, unknown>[] = [];
  readonly atMeter: string[] = [];
  emulator!: EmulatedCoordinatorHandle;
  hub!: Hub;
  farEnd!: HeadEndLink;
  /** The far end's keys, with `chf`. */
  parties!: PartyStore;
  /** The hub's settings as they were given. */
  config!: HubConfig;
  readonly #scope = new AsyncDisposableStack();
  #ids = 0;

  static async start(options: HomeOptions = {}): Promise<TestHome> {
    const home = new TestHome();
    try {
      await home.#start(options);
      return home;
    } catch (error) {
      await home[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(options: HomeOptions): Promise<void> {
    const dataDir = mkdtempSync(join(tmpdir(), "hanway-test-"));
    this.#scope.defer(() => rmSync(dataDir, { recursive: true, force: true }));
    const broker = this.#scope.use(await startBroker());
    const meter: EmulatedDeviceConfig = {
      type: options.type ?? "esme",
      fastPollMs: 20,
      eui64: METER,
      installCode: CODE,
      messageHandler: options.answer ?? ((message) => this.samples.answerTo(message)),
      ...(options.authority === undefined ? {} : { cbke: meterCredentials(options.authority) }),
    };
    this.emulator = await createEmulatedCoordinator({
      listen: "tcp://127.0.0.1:0",
      eui64: GPF,
      seed: options.seed ?? 1,
      loss: options.loss ?? 0,
      ezsp: options.ezsp ?? 13,
      transferSize: options.transferSize ?? 1_500,
      devices: options.withMeter === false ? [] : [meter],
    });
    this.#scope.defer(() => this.emulator.stop());
    for (const device of this.emulator.devices) {
      device.on((event) => {
        if (event.type === "message-in") this.atMeter.push(toHex(event.message));
      });
    }
    if (options.chf === true) {
      const folder = join(dataDir, "pki");
      makeTestPki(folder, [{ type: "chf", eui64: CHF }], this.clock, new Map([["acb", BROKER_PARTY]]));
      this.parties = PartyStore.open(folder);
    }
    const code = options.codeInHub === undefined ? CODE : options.codeInHub;
    const config = parseConfig(`
[hub]
tenant = "test"
chf = "${CHF}"
gpf = "${GPF}"
dataDir = ${JSON.stringify(dataDir)}
joinSeconds = ${options.joinSeconds ?? 60}
[radio]
port = "${this.emulator.url}"
channel = 11
keepAliveSeconds = 1
${options.mailboxDepth === undefined ? "" : `[mailbox]\ndepth = ${options.mailboxDepth}`}
[[wan.broker]]
url = "${broker.url}"
[clock]
sources = ["machine"]
${options.settings ?? ""}
${options.chf === true ? `[chf]\nkeystore = ${JSON.stringify(join(dataDir, "pki", "keystore.json"))}` : ""}
${options.authority === undefined ? "" : `[security]\ntestAuthority = ${options.authority}`}
${options.listed === false ? "" : meterSettings(options, code)}
`);
    this.config = config;
    this.farEnd = this.#scope.use(
      await HeadEndLink.connect(broker.url, wanRoot(config), {
        up: ({ payload }) => this.uplinks.push(toHex(payload)),
        receipt: (receipt) => this.receipts.push(receipt),
        state: (_online, told) => this.states.push({ ...told }),
      }),
    );
    this.hub = await this.#startHub();
    this.#scope.defer(() => this.hub[Symbol.asyncDispose]());
  }

  #startHub(): Promise<Hub> {
    return Hub.start({
      config: this.config,
      version: "test",
      clock: this.clock,
      random: systemRandom,
      log: this.#recorder(),
      onEvent: (event) => this.events.push(event),
    });
  }

  /** Stops the hub and starts it again with the same store and stick. */
  async restart(): Promise<void> {
    await this.hub[Symbol.asyncDispose]();
    this.hub = await this.#startHub();
  }

  #recorder(): Log {
    const at = (level: string) => (fields: object, sentence: string) => {
      this.log.push({ level, sentence, fields: { ...fields } });
    };
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }

  /** Publishes a downlink under a fresh id and returns the id. */
  async offer(device: Eui64, payload: Uint8Array): Promise<string> {
    this.#ids += 1;
    const id = `t${this.#ids}` as MessageId;
    await this.farEnd.send(device, id, payload);
    return id;
  }

  /** The stages reported for a message so far, with their reasons. */
  stages(id: string): string[] {
    return this.receipts
      .filter((receipt) => receipt.id === id)
      .map(({ stage, reason }) => (reason === undefined ? stage : `${stage} ${reason}`));
  }

  async tunnelOpen(): Promise<void> {
    await until(() => this.events.some((event) => event.type === "tunnel-open"), "tunnel open");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope.disposeAsync();
  }
}

function meterSettings(options: HomeOptions, code: InstallCode | null): string {
  return `
[[device]]
eui64 = "${METER}"
type = "${options.type ?? "esme"}"
transferSize = ${options.transferSize ?? 1_500}
${code === null ? "" : `installCode = "${toHex(code)}"`}
`;
}

function meterCredentials(seed: number): DeviceCredentials {
  const authorities = testAuthorities(seed);
  return {
    credentials: authorities.map((authority) => authority.issue(METER)),
    issuers: authorities.map((authority) => authority.trusted()),
  };
}

/** Waits for something that real sockets bring about; fails with its name. */
export async function until(holds: () => boolean, what: string, ms = 15_000): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((wake) => setTimeout(wake, 10));
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
