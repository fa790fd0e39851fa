import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { HanwayError } from "../../src/base/error.ts";
import { Store } from "../../src/store/store.ts";
import { INBOX_LIMITS, Inbox } from "../../src/wan/inbox.ts";
import { type Departure, OUTBOX_LIMITS, Outbox, type OutboxLimits } from "../../src/wan/outbox.ts";
import { OUTBOX_TABLES, type OutboxLane } from "../../src/wan/outbox-lane.ts";
import { ESME, id } from "./bench.ts";

function makeOutbox(limits: Partial<OutboxLimits> = {}) {
  const clock = new ManualClock();
  const store = new Store(":memory:", clock);
  const outbox = new Outbox(store, clock, { ...OUTBOX_LIMITS, ...limits });
  const put = (lane: OutboxLane, text: string) =>
    store.transaction(() => outbox.put(lane, ESME, new TextEncoder().encode(text)));
  const take = (most = 100) => store.transaction(() => outbox.take(most));
  const expire = () => store.transaction(() => outbox.expire());
  return { clock, store, outbox, put, take, expire };
}

const textOf = (departure: Departure) => new TextDecoder().decode(departure.payload);

describe("outbox: limits (A4.10)", () => {
  it("a full outbox drops the oldest of the lowest lane first, counted, and numbers keep no gap", () => {
    const { outbox, put, take } = makeOutbox({ count: 4 });
    for (const [lane, text] of [
      ["alert", "a1"],
      ["alert", "a2"],
      ["response", "r1"],
      ["power-security", "p1"],
      ["response", "r2"],
      ["power-security", "p2"],
      ["response", "r3"],
    ] as const) {
      expect(put(lane, text)).toBe("safe");
    }
    expect(outbox.counts().dropped).toEqual({ "power-security": 0, response: 1, receipt: 0, alert: 2 });
    expect(take().map((one) => `${one.seq} ${textOf(one)}`)).toEqual(["1 p1", "2 p2", "3 r2", "4 r3"]);
  });

  it("a message finds no room among better ones and is dropped itself", () => {
    const { outbox, put } = makeOutbox({ count: 2 });
    put("response", "r1");
    put("response", "r2");
    expect(put("alert", "a1")).toBe("dropped");
    expect(outbox.counts().dropped.alert).toBe(1);
  });

  it("what has a number is never dropped", () => {
    const { put, take, outbox } = makeOutbox({ count: 2 });
    put("alert", "a1");
    put("alert", "a2");
    take();
    expect(put("power-security", "p1")).toBe("dropped");
    expect(outbox.departed().map(textOf)).toEqual(["a1", "a2"]);
  });

  it("octets count as messages do", () => {
    const { outbox, put } = makeOutbox({ octets: 10 * (100 + 64) });
    for (let n = 0; n < 25; n++) put("alert", String(n).padStart(100, "0"));
    expect(outbox.counts()).toMatchObject({ waiting: { alert: 10 }, octets: 1_640, dropped: { alert: 15 } });
  });

  it("a flood of receipts pushes out receipts only", () => {
    const { outbox, put } = makeOutbox({ receipts: 3, count: 10 });
    put("alert", "a1");
    for (let n = 0; n < 50; n++) put("receipt", `r${n}`);
    expect(outbox.counts()).toMatchObject({
      waiting: { alert: 1, receipt: 3 },
      dropped: { alert: 0, receipt: 47 },
    });
  });

  it("too large is too large whatever the room", () => {
    const { put, outbox } = makeOutbox({ payload: 3 });
    expect([put("alert", "abc"), put("alert", "abcd")]).toEqual(["safe", "too-large"]);
    expect(outbox.counts().waiting.alert).toBe(1);
  });

  it("what the broker can never take is dropped before it has a number", () => {
    const { store, outbox, put, take } = makeOutbox();
    put("response", "long message");
    put("response", "short");
    expect(store.transaction(() => outbox.take(1, 5))).toEqual([]);
    expect(take().map((one) => `${one.seq} ${textOf(one)}`)).toEqual(["1 short"]);
    expect(outbox.counts().dropped.response).toBe(1);
  });

  it("a full disk takes nothing, forgets nothing, and takes again when there is room", () => {
    const { store, outbox, put, take } = makeOutbox();
    put("response", "before");
    const pages = Number(store.prepare("PRAGMA page_count").get()?.page_count);
    store.prepare(`PRAGMA max_page_count = ${pages + 5}`).get();
    const fill = () => {
      for (;;) put("response", "x".repeat(3_000));
    };
    expect(fill).toThrow(expect.objectContaining({ code: "store/failed" }) as HanwayError);
    const { waiting } = outbox.counts();
    store.prepare("PRAGMA max_page_count = 100000").get();
    expect(put("response", "after")).toBe("safe");
    expect(outbox.counts().waiting.response).toBe(waiting.response + 1);
    const taken = take();
    expect(taken.map((one) => one.seq)).toEqual(taken.map((_, n) => n + 1));
    expect([taken[0], taken.at(-1)].map((one) => one && textOf(one))).toEqual(["before", "after"]);
  });

  it("age goes on counting after a restart", () => {
    const { clock, store, put, outbox } = makeOutbox({ ageMs: 1_000 });
    put("alert", "old");
    clock.advance(700);
    put("response", "newer");
    const later = new ManualClock();
    const again = new Outbox(store, later, { ...OUTBOX_LIMITS, ageMs: 1_000 });
    later.advance(400);
    expect(store.transaction(() => again.expire())).toBe(1);
    expect(again.counts().waiting).toMatchObject({ alert: 0, response: 1 });
    expect(outbox.untidy).toBe("no");
  });

  it("what waited too long while the hub ran is dropped, a leap of the wall clock is no age", () => {
    const { clock, put, take, expire, outbox } = makeOutbox({ ageMs: 1_000 });
    put("alert", "old");
    put("response", "departed");
    take(1);
    clock.advance(600);
    put("alert", "young");
    expect(expire()).toBe(0);
    clock.advance(500);
    expect(expire()).toBe(1);
    expect(outbox.departed().map(textOf)).toEqual(["departed"]);
    expect(take().map(textOf)).toEqual(["young"]);
  });
});

describe("outbox: numbers and memory", () => {
  it("a rollback takes back numbers, counts and drops", () => {
    const { store, outbox, put, take } = makeOutbox({ count: 3 });
    put("alert", "a1");
    put("alert", "a2");
    expect(() =>
      store.transaction(() => {
        outbox.put("alert", ESME, new Uint8Array(1));
        outbox.put("response", ESME, new Uint8Array(1));
        outbox.take(2);
        throw new HanwayError("internal", "on purpose");
      }),
    ).toThrow(HanwayError);
    expect(outbox.counts()).toMatchObject({ waiting: { alert: 2, response: 0 }, dropped: { alert: 0 } });
    expect(take().map((one) => `${one.seq} ${textOf(one)}`)).toEqual(["1 a1", "2 a2"]);
  });

  it("a store from before departures stood in the messages' rows keeps order, numbers and what waits", () => {
    const store = new Store(":memory:", new ManualClock());
    store.migrate("wan-outbox", OUTBOX_TABLES.slice(0, 1));
    store.prepare("INSERT INTO wan_out_response VALUES (4, ?, 0, x'04'), (5, ?, 0, x'05')").run(ESME, ESME);
    store.prepare("INSERT INTO wan_out_alert VALUES (4, ?, 0, x'14'), (6, ?, 0, x'16')").run(ESME, ESME);
    store.prepare("INSERT INTO wan_departed VALUES (7, 'alert', 4, 31), (8, 'response', 4, 32)").run();
    store.prepare("INSERT INTO wan_seq VALUES (?, 32)").run(ESME);
    const outbox = new Outbox(store, new ManualClock(), OUTBOX_LIMITS);
    const seen = (one: Departure) => `${one.key} ${one.lane} ${one.seq} ${one.payload[0]}`;
    expect(outbox.departed().map(seen)).toEqual(["7 alert 31 20", "8 response 32 4"]);
    expect(store.transaction(() => outbox.take(9)).map(seen)).toEqual(["9 response 33 5", "10 alert 34 22"]);
  });

  it("numbers go on after everything has arrived and the hub was started again", () => {
    const { store, outbox, put, take, clock } = makeOutbox();
    put("alert", "a1");
    put("response", "r1");
    for (const departure of take()) outbox.acknowledged(departure);
    store.transaction(() => outbox.tidy());
    const again = new Outbox(store, clock, OUTBOX_LIMITS);
    store.transaction(() => again.put("alert", ESME, Uint8Array.of(1)));
    expect(store.transaction(() => again.take(1)).map((one) => one.seq)).toEqual([3]);
  });

  it("whatever happens in whatever order: nothing without a reason is lost, numbers have no gap, counts are true", () => {
    const lane = fc.constantFrom<OutboxLane>("power-security", "response", "receipt", "alert");
    const step = fc.oneof(
      fc.record({ do: fc.constant("put" as const), lane, undo: fc.boolean() }),
      fc.record({ do: fc.constant("take" as const), most: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ do: fc.constant("ack" as const), nth: fc.nat(5) }),
      fc.record({ do: fc.constant("tidy" as const) }),
      fc.record({ do: fc.constant("restart" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const limits = { ...OUTBOX_LIMITS, count: 12, receipts: 4 };
        const clock = new ManualClock();
        const store = new Store(":memory:", clock);
        let outbox = new Outbox(store, clock, limits);
        let under: Departure[] = [];
        let stored = 0;
        let numbers = 0;
        const gone = new Set<number>();
        for (const one of steps) {
          if (one.do === "put") {
            const work = () => {
              const outcome = outbox.put(one.lane, ESME, Uint8Array.of(stored));
              if (one.undo) throw new HanwayError("internal", "on purpose");
              return outcome;
            };
            try {
              if (store.transaction(work) === "safe") stored += 1;
            } catch {}
          } else if (one.do === "take") {
            const taken = store.transaction(() => outbox.take(one.most));
            for (const departure of taken) {
              if (departure.lane === "receipt") expect(departure.seq).toBe(0);
              else expect(departure.seq).toBe(++numbers);
            }
            under.push(...taken);
          } else if (one.do === "ack") {
            const [departure] = under.splice(one.nth, 1);
            if (departure !== undefined) {
              outbox.acknowledged(departure);
              gone.add(departure.key);
            }
          } else if (one.do === "tidy") {
            store.transaction(() => outbox.tidy());
            gone.clear();
          } else {
            outbox = new Outbox(store, clock, limits);
            under = outbox.departed();
            gone.clear();
          }
          const counts = outbox.counts();
          const total = (one: Outbox) => Object.values(one.counts().waiting).reduce((sum, n) => sum + n, 0);
          const afresh = new Outbox(store, clock, limits);
          expect(total(afresh)).toBeLessThanOrEqual(12);
          expect(total(afresh)).toBe(total(outbox) + gone.size);
          expect({ ...afresh.counts(), waiting: 0 }).toEqual({ ...counts, waiting: 0 });
          expect(outbox.departed().map((one) => one.key)).toEqual(
            under.map((one) => one.key).sort((a, b) => a - b),
          );
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("inbox", () => {
  const downlink = (message: string) => ({ id: id(message), device: ESME, payload: Uint8Array.of(1) });

  function makeInbox(limits: Partial<typeof INBOX_LIMITS> = {}) {
    const store = new Store(":memory:", new ManualClock());
    const inbox = new Inbox(store, { ...INBOX_LIMITS, ...limits });
    return { store, inbox, put: (message: string) => store.transaction(() => inbox.put(downlink(message))) };
  }

  it("knows an id again after its message has gone, and forgets the oldest ids", () => {
    const { inbox, put } = makeInbox({ remembered: 2 });
    expect(put("m1")).toBe("stored");
    inbox.done(inbox.fronts(new Set())[0]?.place ?? 0);
    expect(put("m1")).toBe("duplicate");
    put("m2");
    put("m3");
    expect([put("m3"), put("m2"), put("m1")]).toEqual(["duplicate", "duplicate", "stored"]);
  });

  it("a full inbox takes nothing and does not remember what it refused", () => {
    const { inbox, put } = makeInbox({ count: 1 });
    expect([put("m1"), put("m2"), put("m1")]).toEqual(["stored", "full", "duplicate"]);
    inbox.done(inbox.fronts(new Set())[0]?.place ?? 0);
    expect(put("m2")).toBe("stored");
  });

  it("a message that is first in line at too many starts is given up, the one behind it is not", () => {
    const { inbox, put } = makeInbox({ starts: 3 });
    put("poison");
    put("good");
    for (let n = 0; n < 3; n++) expect(inbox.started()).toEqual([]);
    expect(inbox.started().map((one) => one.id)).toEqual(["poison"]);
    expect(inbox.fronts(new Set()).map((one) => one.id)).toEqual(["good"]);
  });

  it("a start that ended in order is not held against a message", () => {
    const { inbox, put } = makeInbox({ starts: 3 });
    put("patient");
    for (let n = 0; n < 10; n++) {
      expect(inbox.started()).toEqual([]);
      inbox.stopped();
    }
    expect(inbox.fronts(new Set()).map((one) => one.id)).toEqual(["patient"]);
  });
});
