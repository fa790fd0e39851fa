import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../base/random.ts";
import { persistent, startMosquitto } from "../mosquitto.ts";
import type { ChfBookFigures } from "./chf-books.ts";
import { ChfHome } from "./chf-home.ts";
import { ChfReadings, type ReadingFigures } from "./chf-readings.ts";
import { ChfStruck, type ChfStruckFigures } from "./chf-struck.ts";
import { added, Patience, sideBySide } from "./homes.ts";

export interface ChfChaosOptions {
  seed: number;
  /** In all homes together. */
  kills: number;
  /** Homes side by side, each with its own broker and hub, and the seed that follows the one before. */
  homes: number;
  /** Commands that are offered before every kill. */
  burst: number;
  tell: (line: string) => void;
}

interface HomeFigures extends ChfBookFigures, ReadingFigures {
  kills: number;
  struck: ChfStruckFigures;
  /** Octets offered again: for want of a Response, and on purpose. */
  again: { waiting: number; onPurpose: number };
}

export interface ChfChaosFigures extends HomeFigures {
  homes: number;
  killsPerHome: number[];
  seconds: number;
}

/** Where a kill is aimed: Commands are executed, are just being offered, or the hub is not yet up again. */
const AIMS = ["busy", "busy", "busy", "busy", "busy", "arriving", "starting", "starting"] as const;
/** Longest time to the kill, in milliseconds: from the first word of the hub, from the offer, from the start. */
const WITHIN_MS: Record<(typeof AIMS)[number], number> = { busy: 80, arriving: 20, starting: 500 };

/** One Command in so many is followed by one of the last few again. */
const REPEAT_IN = 4;
const AMONG = 6;
/** Kills between two readings of the event log, which must hold all that happened between them. */
const READ_EVERY = 5;
const ANSWERED_MS = 30_000;
const LOOK_MS = 1;
const SETTLED_MS = 60_000;

/**
 * Hubs are killed (SIGKILL) again and again, at moments drawn from the seed, while the far end changes their Device Logs by
 * CCS01 and CCS02 and offers Commands again, and started again on what they left.
 */
export async function chfChaos(options: ChfChaosOptions): Promise<ChfChaosFigures> {
  const { seed, kills, homes, tell } = options;
  const started = performance.now();
  const figures = await sideBySide(kills, homes, (share, home) =>
    killHome({ ...options, seed: seed + home, kills: share, tell: (line) => tell(`home ${home}: ${line}`) }),
  );
  return {
    ...added(figures as [HomeFigures, ...HomeFigures[]]),
    homes: figures.length,
    killsPerHome: figures.map((one) => one.kills),
    seconds: Math.round((performance.now() - started) / 1_000),
  };
}

async function killHome({ seed, kills, burst, tell }: ChfChaosOptions): Promise<HomeFigures> {
  const random = new SeededRandom(seed);
  await using scope = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "hanway-chaos-broker-"));
  scope.defer(() => rmSync(folder, { recursive: true, force: true }));
  const broker = scope.use(await startMosquitto(persistent(folder)));
  const urls = { farEnd: broker.url, hub: broker.url };
  const home = scope.use(await ChfHome.start(urls, { seed, random, tell }));
  const readings = new ChfReadings(home);
  const struck = new ChfStruck(home.books);
  const patience = new Patience();
  let started: Promise<void> = Promise.resolve();
  for (let kill = 0; kill < kills; kill++) {
    const drawn = AIMS[random.below(AIMS.length)] ?? "busy";
    const aim = patience.needed ? "busy" : drawn;
    if (aim !== "starting") {
      await started;
      if (kill % READ_EVERY === READ_EVERY - 1) await readings.eventLog(ANSWERED_MS);
      await until(() => home.books.unanswered.length <= burst);
      const offeredAt = performance.now();
      for (let n = 0; n < burst; n++) {
        home.change();
        if (random.below(REPEAT_IN) === 0) home.repeat(AMONG);
      }
      if (aim === "busy") await until(() => home.books.heardAt > offeredAt);
      if (patience.needed) await until(() => home.books.answeredAt > offeredAt);
    }
    await delay(random.fraction() * WITHIN_MS[aim]);
    struck.at(aim === "starting");
    patience.killed(home.books.answered);
    await home.hub.kill();
    started = home.hub.start();
    // Where the next kill comes before it is up, that is how it should be.
    started.catch(() => {});
  }
  await started;
  await home.settled(SETTLED_MS);
  await readings.eventLog(ANSWERED_MS);
  await readings.deviceLogs(ANSWERED_MS);
  await home.settled(SETTLED_MS);
  const { again } = home;
  return { ...home.books.figures(), ...readings.figures(), kills, struck: struck.figures, again };
}

async function until(is: () => boolean): Promise<void> {
  for (const end = performance.now() + ANSWERED_MS; !is() && performance.now() < end; ) await delay(LOOK_MS);
}
