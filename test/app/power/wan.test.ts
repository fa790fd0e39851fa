import { describe, expect, it } from "vitest";
import { Power } from "../../../src/app/power/power.ts";
import { ManualClock, SystemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Store } from "../../../src/store/store.ts";
import { FarParty } from "../../chf/far-end.ts";
import { CHF } from "../../chf/hub.ts";
import { PARTY, testKeystore } from "../../chf/pki.ts";
import { BASE, ESME, FarEnd, type Heard, makeWan, startAedes } from "../../wan/bench.ts";
import { describeMosquitto, startMosquitto } from "../../wan/mosquitto.ts";
import { supplyHub } from "./supply-hub.ts";

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

/** Messages that wait when mains goes, and how many of them may be on their way or numbered already. */
const BACKLOG = 3_000;
const UNDER_WAY = 16;
const NUMBERED = 32;

/** How many of the backlog came before the first that fits. */
function overtaken(heard: readonly Heard[], fits: (one: Heard) => boolean): number {
  const backlog = heard.slice(0, heard.findIndex(fits));
  return backlog.filter(({ topic }) => topic.startsWith(`${BASE}/up/${ESME}/`)).length;
}

describeMosquitto("A9.1: the power alert of a hub with a long queue, at mosquitto", () => {
  it("leaves at once, ahead of everything that is not on its way yet: state document and CHF Alert", async () => {
    await using broker = await startMosquitto();
    await using far = await FarEnd.connect(broker.url);
    const clock = new ManualClock();
    using store = new Store(":memory:", new SystemClock());
    const keystore = testKeystore();
    const hub = supplyHub({ store, clock, keystore, settings: { alert: "critical" }, brokers: [broker.url] });
    hub.power.start();
    hub.power.reading("lost");
    store.transaction(() => {
      for (let n = 0; n < BACKLOG; n++)
        hub.wan.put({ device: ESME, lane: "response", payload: new Uint8Array(1_400) });
    });
    hub.wan.start(() => {});
    await far.until(() => far.on(`up/${ESME}`).length > 100);
    clock.advance(180_000);
    const left = hub.wan.counts().up.waiting.response;
    const sent = BACKLOG - left;
    expect(left).toBeGreaterThan(1_000);
    await far.until(() => far.on(`up/${CHF}`).length > 0);
    await far.until((heard) => heard.some(tellsAlert));
    expect(overtaken(far.heard, tellsAlert) - sent).toBeLessThanOrEqual(UNDER_WAY);
    const isAlert = ({ topic }: Heard) => topic.startsWith(`${BASE}/up/${CHF}/`);
    expect(overtaken(far.heard, isAlert) - sent).toBeLessThanOrEqual(UNDER_WAY + NUMBERED);
    const [alert] = far.on(`up/${CHF}`);
    const acb = new FarParty(keystore, PARTY.acb, CHF);
    expect(acb.alert(alert?.payload ?? new Uint8Array()).code).toBe(0x8f57);
    await far.until(() => far.on(`up/${ESME}`).length === BACKLOG);
    expect(far.on(`up/${CHF}`)).toHaveLength(1);
    await hub.wan.stop();
  }, 60_000);
});

function tellsAlert({ topic, payload }: Heard): boolean {
  if (topic !== `${BASE}/state`) return false;
  const { power } = JSON.parse(payload.toString());
  return power?.alert !== null && power?.alert !== undefined;
}
