// The process that crash.test.ts kills: it schedules numbered Commands, writes to a file which of them are stored, and
// executes them when due. It kills itself without warning at a point drawn from its seed.
import { openSync, writeSync } from "node:fs";
import { SystemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { FutureDated } from "../../src/scheduler/future-dated.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { SCHEDULER_SETTINGS } from "../../src/scheduler/settings.ts";
import { Store } from "../../src/store/store.ts";

const [said = "", path = "", seedText = "0", firstText = "1", mode = ""] = process.argv.slice(2);
const random = new SeededRandom(Number(seedText));
const out = openSync(said, "w");
const say = (line: string) => writeSync(out, `${line}\n`);
const die = () => process.kill(process.pid, "SIGKILL");

const clock = new SystemClock();
const store = new Store(path, clock);
store.migrate("t", [
  "CREATE TABLE effect (text TEXT NOT NULL) STRICT; CREATE TABLE alert (text TEXT NOT NULL) STRICT",
]);
const clockState = () => ({ state: "reliable", since: 0 }) as const;
// Short waits, so that what is left over from many starts is done soon.
const settings = { ...SCHEDULER_SETTINGS, backOffMs: 50 };
const scheduler = new Scheduler({ store, clock, clockState, log: silentLog }, settings);
const effect = store.prepare("INSERT INTO effect VALUES (?)");
const alert = store.prepare("INSERT INTO alert VALUES (?)");
let deadly = 0;
const dated = new FutureDated<undefined, undefined>("chf", scheduler, clock, {
  prepare: async () => undefined,
  execute: (command) => {
    effect.run(command.slot);
    deadly -= 1;
    if (deadly === 0) die();
    return { success: true, result: undefined };
  },
  report: (command) => void alert.run(command.slot),
});
// A job that ends the process each time it is run, among those that do not.
scheduler.register("poison", () => {
  die();
  return {};
});
scheduler.start();

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

if (mode === "drain") {
  while (dated.pending().length > 0) await rest(10);
  for (const table of ["effect", "alert"])
    for (const row of store.prepare(`SELECT text FROM ${table}`).all()) say(`${table} ${row.text}`);
  scheduler.stop();
  store.close();
} else {
  const kind = random.below(3);
  if (kind === 0) deadly = 1 + random.below(60);
  if (kind === 1) setTimeout(die, random.below(150));
  if (kind === 2)
    scheduler.put({
      kind: "poison",
      key: seedText,
      due: clock.now() + random.below(100),
      payload: new Uint8Array(),
    });
  for (let n = Number(firstText); ; n++) {
    dated.accept({ slot: `${n}`, executeAt: clock.now() + random.below(40), command: new Uint8Array(200) });
    say(`accepted ${n}`);
    await rest(random.below(3));
  }
}
