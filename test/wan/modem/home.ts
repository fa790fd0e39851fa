import type { Clock } from "../../../src/base/clock.ts";
import { SystemClock } from "../../../src/base/clock.ts";
import type { Log } from "../../../src/base/log.ts";
import {
  createEmulatedModem,
  type EmulatedModem,
  type EmulatedModemConfig,
} from "../../../src/emulator/modem/modem.ts";
import { MODEM_DEFAULTS, Modem, type ModemSettings, type ModemStatus } from "../../../src/wan/modem/modem.ts";
import type { NetworkTime } from "../../../src/wan/modem/network-time.ts";
import type { PinLedger, PinRecord } from "../../../src/wan/modem/pin-ledger.ts";

/** The clock, fast: a modem's seconds are a test's hundredths. Only what is waited for is shortened. */
export const QUICK = {
  timing: {
    ...MODEM_DEFAULTS.timing,
    restMs: 60_000,
    openRetryMs: 30,
    openTries: 3,
    simMs: 40,
    simTries: 3,
    searchMs: 40,
    watchMs: 40,
    gapMs: 20,
    noNetworkMs: 60_000,
    bootMs: 150,
    steadyMs: 60_000,
    bearerMs: 40,
  },
  engine: { ...MODEM_DEFAULTS.engine, settleMs: 30 },
  dialogue: { quickMs: 100, simMs: 300, networkMs: 300 },
};

export class MemoryLedger implements PinLedger {
  readonly records = new Map<string, PinRecord>();
  look(pin: string): PinRecord {
    return this.records.get(pin) ?? "unknown";
  }
  note(pin: string, _sim: string | undefined, record: "tried" | "refused"): void {
    this.records.set(pin, record);
  }
  accepted(): void {
    this.records.clear();
  }
}

export interface Said {
  level: string;
  fields: object;
  sentence: string;
}

/** A modem and a hub's end of it on a real line, with all that was said. */
export class Pair implements AsyncDisposable {
  readonly log: Said[] = [];
  readonly history: ModemStatus[] = [];
  readonly times: NetworkTime[] = [];
  readonly pins: PinLedger;
  readonly modem: Modem;
  readonly emulated: EmulatedModem;

  private constructor(
    emulated: EmulatedModem,
    settings: Partial<ModemSettings>,
    profile: Partial<ModemSettings["profile"]>,
    pins: PinLedger,
    clock: Clock,
  ) {
    this.emulated = emulated;
    this.pins = pins;
    this.modem = new Modem(
      {
        ...MODEM_DEFAULTS,
        ...QUICK,
        port: { port: emulated.url, baudRate: 115_200, rtscts: false, openMs: 2_000 },
        profile: {
          pin: undefined,
          apn: undefined,
          context: 1,
          activate: false,
          networkTime: "local",
          ...profile,
        },
        reset: undefined,
        ...settings,
      },
      {
        clock,
        log: this.#collector(),
        pins,
        changed: (status) => this.history.push(status),
        networkTime: (time) => this.times.push(time),
      },
    );
  }

  static async start(
    config: Partial<EmulatedModemConfig> = {},
    profile: Partial<ModemSettings["profile"]> = {},
    settings: Partial<ModemSettings> = {},
    pins: PinLedger = new MemoryLedger(),
  ): Promise<Pair> {
    const emulated = await createEmulatedModem({
      listen: "tcp://127.0.0.1:0",
      bootMs: 60,
      registerMs: 30,
      slowMs: 400,
      ...config,
    });
    const pair = new Pair(emulated, settings, profile, pins, new SystemClock());
    pair.modem.start();
    return pair;
  }

  warnings(part: string): Said[] {
    return this.log.filter(({ level, sentence }) => level === "warn" && sentence.includes(part));
  }

  #collector(): Log {
    const at = (level: string) => (fields: object, sentence: string) => {
      this.log.push({ level, fields, sentence });
    };
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.modem.stop();
    await this.emulated.stop();
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

export async function until(holds: () => boolean, what: string, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
    await pause(5);
  }
}
