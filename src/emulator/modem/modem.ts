import { type Clock, SystemClock } from "../../base/clock.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { type Random, SeededRandom } from "../../base/random.ts";
import { listen, parseListen } from "../server/listen.ts";
import { ModemCore } from "./core.ts";
import { type ModemFaultName, type ModemFaultPlan, planFaults } from "./faults.ts";
import { type CellConfig, cellOf } from "./network.ts";
import { ModemPort } from "./port.ts";
import { SimCard, type SimConfig } from "./sim.ts";

export interface EmulatedModemConfig {
  /** `tcp://HOST:PORT` (port 0 takes a free one), `pty` or `pty:PATH`. */
  listen: string;
  /** null: the tray is empty. */
  sim?: SimConfig | null;
  cell?: CellConfig;
  imei?: string;
  bootMs?: number;
  registerMs?: number;
  /** How late the fault `slow` makes it. */
  slowMs?: number;
  /** Whether it tells how many PINs may still be wrong (+CPINR). Default true. */
  tellsTries?: boolean;
  faults?: readonly ModemFaultName[];
  /** Faults that come and go by themselves. */
  plans?: readonly ModemFaultPlan[];
  /** Hears of every fault that begins or ends. */
  onFault?: (fault: ModemFaultName, on: boolean) => void;
  seed?: number;
  clock?: Clock;
  log?: Log;
}

export interface EmulatedModem {
  /** What a host opens: `tcp://host:port`, or the path of the pseudo terminal. */
  readonly url: string;
  readonly core: ModemCore;
  readonly port: ModemPort;
  readonly sim: SimCard | undefined;
  readonly faults: ReadonlySet<ModemFaultName>;
  inject(fault: ModemFaultName): void;
  end(fault: ModemFaultName): void;
  /** Off and on again, as its reset line does. A `dead` modem comes back to life. */
  powerCycle(): void;
  stop(): Promise<void>;
}

/** A cellular modem with its SIM and its network, on a socket or a pseudo terminal. Throws `emulator/listen`, `config/invalid`. */
export async function createEmulatedModem(config: EmulatedModemConfig): Promise<EmulatedModem> {
  const clock = config.clock ?? new SystemClock();
  const random: Random = new SeededRandom(config.seed ?? 1);
  const port = new ModemPort({
    clock,
    random,
    ...(config.slowMs === undefined ? {} : { slowMs: config.slowMs }),
  });
  const sim = config.sim === null ? undefined : new SimCard(config.sim ?? {});
  const core = new ModemCore({
    clock,
    imei: config.imei ?? "353123456789017",
    sim,
    cell: cellOf(config.cell ?? {}),
    bootMs: config.bootMs ?? 3_000,
    registerMs: config.registerMs ?? 1_000,
    tellsTries: config.tellsTries ?? true,
    say: (line) => port.say(line),
  });
  port.attach(core);
  const faults = new Set<ModemFaultName>();
  const apply = () => {
    port.faults(new Set(faults));
    core.obstruct(new Set(faults));
  };
  for (const fault of config.faults ?? []) faults.add(fault);
  apply();
  const turn = (fault: ModemFaultName, on: boolean) => {
    if (faults.has(fault) === on) return;
    if (on) faults.add(fault);
    else faults.delete(fault);
    apply();
    config.onFault?.(fault, on);
  };
  const inject = (fault: ModemFaultName) => turn(fault, true);
  const end = (fault: ModemFaultName) => turn(fault, false);
  const listener = await listen(parseListen(config.listen), port, config.log ?? silentLog);
  const forget = planFaults(config.plans ?? [], clock, { inject, end });
  return {
    url: listener.url,
    core,
    port,
    sim,
    faults,
    inject,
    end,
    powerCycle: () => {
      end("dead");
      core.restart();
    },
    stop: async () => {
      forget();
      port.stop();
      core.stop();
      await listener.stop();
    },
  };
}
