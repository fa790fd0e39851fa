// The process that crash.test.ts kills: a WAN side that sends numbered messages and writes to a file, one line each,
// which of them it was told are safe. It kills itself without warning at a point drawn from its seed.
import { openSync, writeSync } from "node:fs";
import { SystemClock } from "../../src/base/clock.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { Store } from "../../src/store/store.ts";
import { INBOX_LIMITS } from "../../src/wan/inbox.ts";
import { ESME, makeWan } from "./bench.ts";

const [said = "", path = "", url = "", seedText = "0", firstText = "1", mode = ""] = process.argv.slice(2);
const random = new SeededRandom(Number(seedText));
const out = openSync(said, "w");
const say = (line: string) => writeSync(out, `${line}\n`);
const die = () => process.kill(process.pid, "SIGKILL");

const store = new Store(path, new SystemClock());
// Nobody deals with the downlinks here: so many starts must not count against them.
const wan = makeWan([url], { inbox: { ...INBOX_LIMITS, starts: 1_000 } }, store);

async function drain(): Promise<void> {
  wan.start(() => {});
  const waiting = () => Object.values(wan.counts().up.waiting).reduce((sum, n) => sum + n, 0);
  while (!wan.status.online || waiting() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const ids = store.prepare("SELECT id FROM wan_inbox ORDER BY n").all();
  for (const row of ids) say(`inbox ${row.id}`);
  await wan.stop();
  store.close();
}

/** Where this run dies: in the middle of a transaction, right after a commit, or at any moment. */
function armDeath(): void {
  const after = 5 + random.below(120);
  const kind = random.below(3);
  let commits = 0;
  store.watch({
    committed: () => {
      commits += 1;
      if (kind === 0 && commits === after) die();
      if (kind === 1 && commits === after) {
        setImmediate(() =>
          store.transaction(() => {
            wan.put({ device: ESME, lane: "response", payload: Buffer.from("never committed") });
            die();
          }),
        );
      }
      if (kind === 2 && commits === after) setTimeout(die, random.fraction() * 5);
    },
    rolledBack: () => {},
  });
}

async function send(from: number): Promise<void> {
  for (let n = from; ; n += 4) {
    const lane = n % 3 === 0 ? "alert" : "response";
    const outcome = await wan.send({ device: ESME, lane, payload: Buffer.from(`message ${n}`) });
    say(`${outcome} ${n}`);
  }
}

if (mode === "drain") await drain();
else {
  wan.start(() => {});
  armDeath();
  const first = Number(firstText);
  await Promise.all([0, 1, 2, 3].map((offset) => send(first + offset)));
}
