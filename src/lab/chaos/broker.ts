import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../base/random.ts";
import { persistent, startMosquitto } from "../mosquitto.ts";
import { Relay } from "../relay.ts";
import type { ExchangeFigures } from "./exchange.ts";
import { ChaosHome, type Links } from "./home.ts";

export interface BrokerChaosOptions {
  seed: number;
  /** How long messages are offered and things go wrong, in seconds. */
  seconds: number;
  /** Messages a second each way. */
  rate: number;
  /** Longest single trouble, in seconds. */
  troubleSeconds: number;
  tell: (line: string) => void;
}

const TROUBLES = ["killed", "slow", "stalled", "cut"] as const;

export interface BrokerChaosFigures extends ExchangeFigures {
  /** Commands and Alerts offered in a second, each. */
  perSecond: number;
  /** Who was connected at the end: what is lost to a far end that is cut off is not the hub's. */
  links: Links;
  troubles: Record<(typeof TROUBLES)[number], number>;
  /** Seconds from the last trouble's end until all had arrived. */
  drainSeconds: number;
  /** Resident memory of the hub: medians of the second and the last quarter of the run, in megabytes. */
  rssMb: { early: number; late: number };
}

const RSS_EVERY_MS = 500;
/** How long nothing may arrive before what is missing counts as lost: longer than any trouble and any back-off. */
const DRAIN_MS = 120_000;

/**
 * The broker (mosquitto) is killed and started again, and the hub's way to it slowed, stalled and cut, in an order drawn
 * from the seed, while messages go both ways.
 */
export async function brokerChaos(options: BrokerChaosOptions): Promise<BrokerChaosFigures> {
  const { seed, seconds, rate, troubleSeconds, tell } = options;
  const random = new SeededRandom(seed);
  await using scope = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "hanway-chaos-broker-"));
  scope.defer(() => rmSync(folder, { recursive: true, force: true }));
  const broker = scope.use(await startMosquitto(persistent(folder)));
  const wire = scope.use(await Relay.start(broker.port));
  const urls = { farEnd: broker.url, hub: `mqtt://127.0.0.1:${wire.port}` };
  const home = scope.use(await ChaosHome.start(urls, { seed, tell }));

  const memory: number[] = [];
  const started = performance.now();
  let offered = 0;
  const offerDue = () => {
    // A machine that is busy elsewhere lets ticks out; the messages are still owed.
    for (const due = ((performance.now() - started) * rate) / 1_000; offered < due; offered++) home.offer();
  };
  const ticks = [
    setInterval(offerDue, 1_000 / rate),
    setInterval(() => memory.push(home.residentMb() ?? Number.NaN), RSS_EVERY_MS),
  ];
  const troubles = { killed: 0, slow: 0, stalled: 0, cut: 0 };
  try {
    for (const end = started + seconds * 1_000; performance.now() < end; ) {
      await delay(200 + random.below(troubleSeconds * 500));
      const trouble = TROUBLES[random.below(TROUBLES.length)] ?? "cut";
      const ms = 100 + random.below(troubleSeconds * 1_000);
      tell(`${trouble} for ${ms} ms; ${home.exchange.missing} under way`);
      troubles[trouble] += 1;
      // Killed is what the hub sees; the broker writes down what it has acknowledged, as one worth its name does.
      if (trouble === "killed") await broker.close("SIGTERM");
      else await wire.set(trouble);
      await delay(ms);
      if (trouble === "killed") await broker.again();
      else await wire.set("pass");
    }
  } finally {
    for (const tick of ticks) clearInterval(tick);
  }
  const over = performance.now();
  const perSecond = Math.round((offered * 10_000) / (over - started)) / 10;
  await home.drained(DRAIN_MS);
  const quarter = Math.floor(memory.length / 4);
  return {
    ...home.exchange.figures(),
    perSecond,
    links: { ...home.links },
    troubles,
    drainSeconds: Math.round((performance.now() - over) / 100) / 10,
    rssMb: {
      early: median(memory.slice(quarter, 2 * quarter)),
      late: median(memory.slice(3 * quarter)),
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? Number.NaN) * 10) / 10;
}
