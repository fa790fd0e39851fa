import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../base/random.ts";
import { persistent, startMosquitto } from "../mosquitto.ts";
import type { ExchangeFigures } from "./exchange.ts";
import { ChaosHome } from "./home.ts";
import { added, Patience, sideBySide } from "./homes.ts";
import { Struck, type StruckFigures } from "./struck.ts";

export interface KillChaosOptions {
  seed: number;
  /** In all homes together. */
  kills: number;
  /** Homes side by side, each with its own broker, hub and meter, and the seed that follows the one before. */
  homes: number;
  /** Messages that are offered before every kill, each way or down alone. */
  burst: number;
  tell: (line: string) => void;
}

interface HomeFigures extends ExchangeFigures {
  kills: number;
  struck: StruckFigures;
  /** Messages under way at the kills, added up. */
  underWay: number;
}

export interface KillChaosFigures extends Omit<HomeFigures, "underWay"> {
  homes: number;
  killsPerHome: number[];
  seconds: number;
  /** Messages under way at the kills, on the average. */
  underWay: number;
}

/**
 * Where a kill is aimed. `both`: messages go both ways. `down`: Commands are on their way to the meter, whose own messages
 * still wait for its next attempt. `arriving`: Commands are just being offered. `starting`: the hub is not yet up again
 * since the last kill, and takes in what waits.
 */
const AIMS = ["both", "both", "both", "both", "down", "down", "arriving", "starting"] as const;
type Aim = (typeof AIMS)[number];

/**
 * Longest time to the kill, in milliseconds: from the first movement of a burst, which takes longer; from the offer of
 * Commands; and from the start of the hub's process, which has the network up after some 400 ms.
 */
const WITHIN_MS: Record<Aim, number> = { both: 150, down: 80, arriving: 20, starting: 500 };
/** How long the meter and the hub may take to find each other again after a kill. */
const ALIVE_MS = 30_000;
const LOOK_MS = 2;
const DRAIN_MS = 60_000;
/** With more bursts under way the hub is let to work them off. */
const MOST_BURSTS = 5;

/**
 * Hubs are killed (SIGKILL) again and again, at moments drawn from the seed, while messages go both ways, and started
 * again on what they left.
 */
export async function killChaos(options: KillChaosOptions): Promise<KillChaosFigures> {
  const { seed, kills, homes, tell } = options;
  const started = performance.now();
  const figures = await sideBySide(kills, homes, (share, home) =>
    killHome({ ...options, seed: seed + home, kills: share, tell: (line) => tell(`home ${home}: ${line}`) }),
  );
  const sum = added(figures as [HomeFigures, ...HomeFigures[]]);
  return {
    ...sum,
    homes: figures.length,
    killsPerHome: figures.map((one) => one.kills),
    seconds: Math.round((performance.now() - started) / 1_000),
    underWay: Math.round((sum.underWay / kills) * 10) / 10,
  };
}

async function killHome({ seed, kills, burst, tell }: KillChaosOptions): Promise<HomeFigures> {
  const random = new SeededRandom(seed);
  await using scope = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "hanway-chaos-broker-"));
  scope.defer(() => rmSync(folder, { recursive: true, force: true }));
  const broker = scope.use(await startMosquitto(persistent(folder)));
  const urls = { farEnd: broker.url, hub: broker.url };
  const home = scope.use(await ChaosHome.start(urls, { seed, tell }));
  const struck = new Struck();
  const patience = new Patience();
  let underWay = 0;
  let started: Promise<void> = Promise.resolve();
  for (let kill = 0; kill < kills; kill++) {
    const drawn = AIMS[random.below(AIMS.length)] ?? "both";
    const aim = patience.needed ? "down" : kill === 0 ? "both" : drawn;
    if (aim !== "starting") {
      await started;
      await busy(home, aim, burst);
    }
    await delay(random.fraction() * WITHIN_MS[aim]);
    struck.at(home.exchange.underWay, aim === "starting");
    underWay += home.exchange.missing;
    patience.killed(home.exchange.arrived.down);
    await home.hub.kill();
    started = home.hub.start();
    // Where the next kill comes before it is up, that is how it should be.
    started.catch(() => {});
  }
  await started;
  await home.drained(DRAIN_MS);
  return { ...home.exchange.figures(), kills, struck: struck.figures, underWay };
}

/** Offers a burst; resolves when messages move, or at once where the offering is aimed at. */
async function busy(home: ChaosHome, aim: Exclude<Aim, "starting">, burst: number): Promise<void> {
  // Kill upon kill would leave the meter no time to send, until it gives up what is five minutes old.
  if (home.exchange.missing > MOST_BURSTS * burst) await home.drained(ALIVE_MS, burst);
  if (aim === "both") {
    // What comes down is through before the meter tries again to send up: the second half meets it.
    const half = Math.floor(burst / 2);
    for (let n = 0; n < half; n++) home.offer();
    await moving(home, "up");
    for (let n = half; n < burst; n++) home.offer();
    return;
  }
  const first = aim === "down" ? moving(home, "down") : undefined;
  for (let n = 0; n < burst; n++) home.offerCommand();
  await first;
}

/** Until messages arrive: a hub that is still starting has little to lose. */
async function moving(home: ChaosHome, way: "down" | "up"): Promise<void> {
  const before = home.exchange.arrived[way];
  for (
    const end = performance.now() + ALIVE_MS;
    home.exchange.arrived[way] === before;
    await delay(LOOK_MS)
  ) {
    if (performance.now() > end) return;
  }
}
