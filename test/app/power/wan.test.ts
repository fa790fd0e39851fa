import { describe, expect, it } from "vitest";
import { Power } from "../../../src/app/power/power.ts";
import { ManualClock, SystemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Store } from "../../../src/store/store.ts";
import { FarEnd, makeWan, startAedes } from "../../wan/bench.ts";

describe("A9.5: the power alert at the broker", () => {
  it("stands in the retained state document, raised while no broker was there, and goes when mains is back", async () => {
    await using broker = await startAedes();
    await using far = await FarEnd.connect(broker.url);
    using store = new Store(":memory:", new SystemClock());
    const wan = makeWan([broker.url], {}, store);
    const clock = new ManualClock();
    const power = new Power({ store, clock, presence: wan, log: silentLog });
    power.start();
    power.reading("lost");
    clock.advance(180_000);
    wan.start(() => {});
    const powerOf = () => far.states().at(-1)?.power;
    await far.until(() => far.states().some((state) => state.online === true));
    expect(powerOf()).toMatchObject({ mains: "lost", alert: { lostAt: expect.any(String) } });
    power.reading("present");
    await far.until(() => JSON.stringify(powerOf())?.includes('"mains":"present"') === true);
    expect(powerOf()).toMatchObject({ alert: null, lastOutage: { alertedAt: expect.any(String) } });
    await wan.stop();
  });
});
