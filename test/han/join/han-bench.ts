import { SystemClock } from "../../../src/base/clock.ts";
import type { ClockState } from "../../../src/base/clock-state.ts";
import type { DeviceType } from "../../../src/base/device-type.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import type { Log } from "../../../src/base/log.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { installCodeKey } from "../../../src/cbke/install-code.ts";
import type { JoinRecords } from "../../../src/han/join/records.ts";
import type { JoinSettings } from "../../../src/han/join/state.ts";
import type { JoiningDevice } from "../../../src/han/join/window.ts";
import { type HanEvent, HomeAreaNetwork } from "../../../src/han/network.ts";
import type { EmberRadio } from "../../../src/han/radio/ember-radio.ts";
import type { HubSecurity } from "../../../src/han/security/credentials.ts";
import { testSecurity } from "../../../src/han/security/credentials.ts";
import type { NetworkKeySettings } from "../../../src/han/security/network-key.ts";
import type { TunnelRecords } from "../../../src/han/tunnel/repository.ts";
import type { TunnelUser } from "../../../src/han/tunnel/server.ts";
import { Bench, RADIO_EUI } from "../radio/bench.ts";
import { CODE, Joiner, type JoinerOptions, SEED } from "./joiner.ts";
import { MemoryRecords } from "./memory-records.ts";

export const IHD = Eui64("00db1234567890b1");
export const CAD = Eui64("00db1234567890b2");

export interface LogLine {
  level: string;
  sentence: string;
  fields: Record<string, unknown>;
}

export interface HanOptions {
  ezsp?: number;
  timing?: Partial<Omit<JoinSettings, "keyEstablishment">>;
  networkKey?: Partial<NetworkKeySettings>;
  records?: JoinRecords;
  security?: ((radio: Eui64) => HubSecurity) | undefined;
  devices?: { eui64: Eui64; type: DeviceType }[];
  clockState?: ClockState;
  mailbox?: TunnelUser;
  tunnels?: TunnelRecords;
  exchanges?: number;
}

/** A home network on an emulated stick, with devices that establish keys. */
export class HanBench {
  readonly bench: Bench;
  readonly events: HanEvent[] = [];
  readonly log: LogLine[] = [];
  records: JoinRecords;
  clockState: ClockState;
  han!: HomeAreaNetwork;
  radio!: EmberRadio;
  readonly #options: HanOptions;
  readonly #without = new Set<Eui64>();

  private constructor(bench: Bench, options: HanOptions) {
    this.bench = bench;
    this.#options = options;
    this.records = options.records ?? new MemoryRecords();
    this.clockState = options.clockState ?? { state: "invalid" };
  }

  static async start(options: HanOptions = {}): Promise<HanBench> {
    const han = new HanBench(await Bench.start(options.ezsp ?? 13), options);
    await han.startHub();
    return han;
  }

  /** A hub on the stick; after `stopHub` another one with the same records: a restart. */
  async startHub(): Promise<void> {
    this.radio = this.bench.radio();
    const security = (radio: Eui64) => testSecurity(SEED, radio, systemRandom);
    const devices = this.#options.devices ?? [IHD, CAD].map((eui64) => ({ eui64, type: "ihd" }) as const);
    this.han = new HomeAreaNetwork(
      {
        radio: this.radio,
        clock: new SystemClock(),
        log: this.#recorder(),
        records: this.records,
        clockState: () => this.clockState,
        identity: { manufacturer: "hanway", model: "test", version: "1.2.3" },
        security: "security" in this.#options ? this.#options.security : security,
        emit: (event) => this.events.push(event),
        mailbox: this.#options.mailbox,
        tunnels: this.#options.tunnels,
      },
      devices
        .filter(({ eui64 }) => !this.#without.has(eui64))
        .map((device) => ({ ...device, transferSize: 1_500 })),
      {
        join: this.#options.timing,
        networkKey: this.#options.networkKey,
        keyEstablishment: { exchanges: this.#options.exchanges ?? 8 },
      },
    );
    await this.han.start(0);
  }

  /** The next hub does not have this device on its list. */
  without(eui64: Eui64): void {
    this.#without.add(eui64);
  }

  async stopHub(): Promise<void> {
    await this.han.stop();
  }

  joiner(eui64: Eui64 = IHD, options: JoinerOptions = {}): Joiner {
    return new Joiner(this.bench, eui64, RADIO_EUI, options);
  }

  /** Opens the window for a device and switches it on. */
  async admit(joiner: Joiner, seconds = 60): Promise<void> {
    await this.han.openJoining(window(joiner.eui64), seconds);
    joiner.node.start();
  }

  steps(eui64: Eui64 = IHD): string[] {
    return this.events.flatMap((event) =>
      event.type === "join-step" && event.device === eui64 ? [event.step] : [],
    );
  }

  failures(eui64: Eui64 = IHD): string[] {
    return this.events.flatMap((event) =>
      event.type === "join-failed" && event.device === eui64
        ? [`${event.failure.step}: ${event.failure.cause}${event.failure.final ? "" : " (not final)"}`]
        : [],
    );
  }

  joined(eui64: Eui64 = IHD): boolean {
    return this.han.views().some((view) => view.eui64 === eui64 && view.joined);
  }

  async close(): Promise<void> {
    await this.han.stop();
    await this.bench.close();
  }

  #recorder(): Log {
    const at = (level: string) => (fields: object, sentence: string) => {
      this.log.push({ level, sentence, fields: { ...fields } });
    };
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }
}

/** A display's window with the install code that every joiner has. */
export function window(eui64: Eui64): JoiningDevice {
  return { eui64, kind: "ihd", key: installCodeKey(CODE), keyIs: "install-code" };
}
