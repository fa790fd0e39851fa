import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/app/config.ts";
import { makeMains } from "../../../src/app/mains.ts";
import { ManualClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Store } from "../../../src/store/store.ts";
import { FarParty } from "../../chf/far-end.ts";
import { CHF } from "../../chf/hub.ts";
import { PARTY, testKeystore } from "../../chf/pki.ts";
import { supplyHub } from "./supply-hub.ts";

const TEN = Date.UTC(2026, 6, 1, 10, 0, 0);
const SECOND = 1_000;
const MINUTE = 60_000;

const keystore = testKeystore();
const acb = new FarParty(keystore, PARTY.acb, CHF);

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-supply-"));
  path = join(folder, "hub.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** One life of the hub. */
function life(settings: object = {}, now = TEN, file = ":memory:") {
  const clock = new ManualClock(now);
  const store = new Store(file, clock);
  const hub = supplyHub({ store, clock, keystore, settings });
  hub.power.start();
  const end = () => {
    hub.power.stop();
    store.close();
  };
  return { ...hub, clock, store, [Symbol.dispose]: end };
}

describe("A9: mains in the CHF Event Log", () => {
  it("A9.3: nothing at 2:59, and nothing of an outage that ends then", () => {
    using hub = life();
    hub.power.reading("lost");
    hub.clock.advance(179 * SECOND);
    expect(hub.log()).toEqual([]);
    hub.power.reading("present");
    hub.clock.advance(60 * MINUTE);
    expect(hub.log()).toEqual([]);
  });

  it("0x8F57 at 3:00, once, dated when mains was lost; 0x8F36 when it is back", () => {
    using hub = life();
    hub.power.reading("lost");
    hub.clock.advance(180 * SECOND);
    expect(hub.log()).toEqual([[0x8f57, TEN]]);
    hub.clock.advance(60 * MINUTE);
    hub.power.reading("unknown");
    hub.power.reading("lost");
    hub.power.reading("present");
    hub.power.reading("present");
    expect(hub.log()).toEqual([
      [0x8f57, TEN],
      [0x8f36, TEN + 63 * MINUTE],
    ]);
  });

  it("0x8F35 for one that counts by the settings and is over before three minutes", () => {
    using hub = life({ alertSeconds: 60 });
    hub.power.reading("lost");
    hub.clock.advance(2 * MINUTE);
    hub.power.reading("present");
    expect(hub.log()).toEqual([
      [0x8f57, TEN],
      [0x8f35, TEN + 2 * MINUTE],
    ]);
  });

  it("logShortOutages: a short one is logged when it is over, and raises no alert", () => {
    using hub = life({ logShortOutages: true, alert: "critical" });
    hub.power.reading("lost");
    hub.clock.advance(MINUTE);
    hub.power.reading("present");
    expect(hub.log()).toEqual([
      [0x8f57, TEN],
      [0x8f35, TEN + MINUTE],
    ]);
    expect(hub.alerts()).toEqual([]);
  });

  it("stands at its time among what was logged meanwhile", () => {
    using hub = life();
    hub.power.reading("lost");
    hub.clock.advance(MINUTE);
    hub.chf.logs.event(0x8154);
    hub.clock.advance(2 * MINUTE);
    expect(hub.log().map(([code]) => code)).toEqual([0x8f57, 0x8154]);
  });

  it("an outage that the hub did not live through is logged whole when mains is back, and not alerted any more", () => {
    {
      using hub = life({ alert: "critical" }, TEN, path);
      hub.power.reading("lost");
      hub.clock.advance(MINUTE);
    }
    using hub = life({ alert: "critical" }, TEN + 10 * MINUTE, path);
    hub.power.reading("present");
    expect(hub.log()).toEqual([
      [0x8f57, TEN],
      [0x8f36, TEN + 10 * MINUTE],
    ]);
    expect(hub.alerts()).toEqual([]);
  });

  it("a short one that the hub did not live through: nothing", () => {
    {
      using hub = life({}, TEN, path);
      hub.power.reading("lost");
    }
    using hub = life({}, TEN + 179 * SECOND, path);
    hub.power.reading("present");
    expect(hub.log()).toEqual([]);
  });

  it("a clock that is set while the hub lives through it makes a short outage neither long nor logged", () => {
    using hub = life();
    hub.power.reading("lost");
    hub.clock.step(24 * 60 * MINUTE);
    hub.clock.advance(MINUTE);
    hub.power.reading("present");
    expect(hub.log()).toEqual([]);
  });

  it("what a full disk did not take is logged and alerted, once, as soon as it takes it", () => {
    using hub = life({ alert: "critical" });
    hub.power.reading("present");
    hub.store.prepare("PRAGMA query_only = 1").run();
    hub.power.reading("lost");
    hub.clock.advance(3 * MINUTE);
    hub.store.prepare("PRAGMA query_only = 0").run();
    expect(hub.log()).toEqual([]);
    hub.clock.advance(2 * SECOND);
    expect(hub.log()).toEqual([[0x8f57, TEN]]);
    expect(hub.alerts()).toHaveLength(1);
    hub.clock.advance(MINUTE);
    expect(hub.alerts()).toHaveLength(1);
  });
});

describe("the power alert as the CHF's own", () => {
  it.each([
    ["critical", 0x1000, true],
    ["non-critical", 0x1001, false],
  ] as const)("%s: message code %i, protected as such, and verified by the ACB", (alert, code, signed) => {
    using hub = life({ alert });
    hub.power.reading("lost");
    hub.clock.advance(180 * SECOND - 1);
    expect(hub.alerts()).toEqual([]);
    hub.clock.advance(1);
    const [payload = new Uint8Array(), ...more] = hub.alerts();
    const { envelope, code: alertCode } = acb.alert(payload);
    expect(more).toEqual([]);
    expect([envelope.messageCode, alertCode]).toEqual([code, 0x8f57]);
    expect([envelope.signature !== null, envelope.mac !== null]).toEqual([signed, !signed]);
  });

  it("state: the CHF sends none", () => {
    using hub = life({ alert: "state" });
    hub.power.reading("lost");
    hub.clock.advance(60 * MINUTE);
    expect(hub.alerts()).toEqual([]);
  });

  it("exactly one alert and one 0x8F57 from 3:00 on and none before, wherever the hub is cut off in between", () => {
    // Seconds after the loss at which the hub is cut off, and how long it is away then.
    const cut = fc.record({ at: fc.integer({ min: 0, max: 400 }), away: fc.integer({ min: 1, max: 30 }) });
    let run = 0;
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 4 }), fc.integer({ min: 150, max: 420 }), (cuts, until) => {
        run += 1;
        const file = join(folder, `${run}.db`);
        let now = 0;
        const live = (end: number) => {
          using hub = life({ alert: "critical" }, TEN + now * SECOND, file);
          hub.power.reading("lost");
          hub.clock.advance((end - now) * SECOND);
          now = end;
          return { alerts: hub.alerts().length, log: hub.log() };
        };
        for (const { at, away } of cuts.toSorted((a, b) => a.at - b.at)) {
          if (at < now || at > until) continue;
          live(at);
          now += away;
        }
        const seen = live(Math.max(now, until));
        const due = now >= 180;
        expect(seen).toEqual({ alerts: due ? 1 : 0, log: due ? [[0x8f57, TEN]] : [] });
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it("is refused by its setting where the CHF has no keys", () => {
    const config = parseConfig(`
[hub]
chf = "${CHF}"
dataDir = "data"
[radio]
port = "tcp://127.0.0.1:4900"
[[wan.broker]]
url = "mqtt://127.0.0.1:1883"
[power]
input = "value"
alert = "critical"
`);
    using store = new Store(":memory:", new ManualClock());
    const ports = { store, clock: new ManualClock(), presence: { state: () => {} }, log: silentLog };
    expect(() => makeMains(config, { ...ports, chf: undefined })).toThrow(
      expect.objectContaining({ code: "config/missing", field: "chf.keystore" }),
    );
  });
});
