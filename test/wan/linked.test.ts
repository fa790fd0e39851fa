import { expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { Store } from "../../src/store/store.ts";
import { Wan } from "../../src/wan/wan.ts";
import { settings, startAedes } from "./bench.ts";
import { until } from "./modem/home.ts";

it("who follows the WAN is told when the broker link comes up and when it ends", async () => {
  const told: boolean[] = [];
  const clock = new SystemClock();
  const store = new Store(":memory:", clock);
  const ports = { store, clock, random: new SeededRandom(1), log: silentLog };
  const broker = await startAedes();
  const wan = new Wan(settings([broker.url]), { ...ports, linked: (up) => told.push(up) });
  wan.start(() => {});
  await until(() => told.length === 1, "up");
  await broker[Symbol.asyncDispose]();
  await until(() => told.length === 2, "down");
  expect(told).toEqual([true, false]);
  await wan.stop();
  store.close();
});
