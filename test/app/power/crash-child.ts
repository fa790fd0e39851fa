// The process that crash.test.ts kills: a hub's power side on a real file. It writes a line for everything it tells.
import { openSync, writeSync } from "node:fs";
import { MainsFile } from "../../../src/app/power/mains-file.ts";
import { Power } from "../../../src/app/power/power.ts";
import { SystemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Store } from "../../../src/store/store.ts";

const [said = "", path = "", input = "", alertMs] = process.argv.slice(2);
const out = openSync(said, "a");
const clock = new SystemClock();
const store = new Store(path, clock);
const presence = {
  state: (_part: string, value: object) => void writeSync(out, `${JSON.stringify(value)}\n`),
};
const ports = { store, clock, presence, log: silentLog };
const power = alertMs === undefined ? new Power(ports) : await withChf(Number(alertMs));
power.start();
const settings = { path: input, present: /^1$/, lost: /^0$/, pollMs: 20, settleMs: 5 };
new MainsFile(settings, clock, silentLog).start((mains) => power.reading(mains));
// Until it is killed.
setInterval(() => {}, 60_000);

async function withChf(ms: number): Promise<Power> {
  const { testKeystore } = await import("../../chf/pki.ts");
  const { supplyHub } = await import("./supply-hub.ts");
  const { onEvent } = supplyHub({ store, clock, keystore: testKeystore(), settings: { alert: "critical" } });
  return new Power({ ...ports, onEvent }, ms);
}
