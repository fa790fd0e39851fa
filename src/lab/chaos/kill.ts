import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../base/random.ts";
import { persistent, startMosquitto } from "../mosquitto.ts";
import type { ExchangeFigures } from "./exchange.ts";
import { ChaosHome } from "./home.ts";

export interface KillChaosOptions {
  seed: number;
  kills: number;
  /** Messages each way that are offered before every kill. */
  burst: number;
  tell: (line: string) => void;
}

export interface KillChaosFigures extends ExchangeFigures {
  kills: number;
  /** Messages under way at the kills, on the average. */
  underWay: number;
}

/** Longest time from the first movement of a burst to the kill: some 20 messages each way take longer. */
const WITHIN_MS = 150;
/** How long the meter and the hub may take to find each other again after a kill. */
const ALIVE_MS = 30_000;
const LOOK_MS = 5;
const DRAIN_MS = 60_000;

/**
 * The hub is killed (SIGKILL) again and again, at moments drawn from the seed, while messages go both ways, and started
 * again on what it left.
 */
export async function killChaos({ seed, kills, burst, tell }: KillChaosOptions): Promise<KillChaosFigures> {
  const random = new SeededRandom(seed);
  await using scope = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "hanway-chaos-broker-"));
  scope.defer(() => rmSync(folder, { recursive: true, force: true }));
  const broker = scope.use(await startMosquitto(persistent(folder)));
  const urls = { farEnd: broker.url, hub: broker.url };
  const home = scope.use(await ChaosHome.start(urls, { seed, tell }));
  let underWay = 0;
  for (let kill = 0; kill < kills; kill++) {
    for (let n = 0; n < burst; n++) home.offer();
    if (kill > 0) await alive(home);
    await delay(random.fraction() * WITHIN_MS);
    underWay += home.exchange.missing;
    await home.hub.kill();
    await home.hub.start();
  }
  await home.drained(DRAIN_MS);
  return { ...home.exchange.figures(), kills, underWay: Math.round((underWay / kills) * 10) / 10 };
}

/** Until messages move again: a hub that is still starting has little to lose. */
async function alive(home: ChaosHome): Promise<void> {
  const before = home.exchange.missing;
  for (const end = performance.now() + ALIVE_MS; home.exchange.missing >= before; await delay(LOOK_MS)) {
    if (performance.now() > end) return;
  }
}
