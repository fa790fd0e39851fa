import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { HanwayError } from "../../src/base/error.ts";
import type { DeliveryOutcome, Execution } from "../../src/base/routing.ts";
import { ACB, block, CHF, ESME, GPF, GSME, gbcs, PPMID, RouterBench } from "./bench.ts";

const ECS17B = 0x0028;
/** Lets everything that is ready happen. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("router: downlinks by the target in the Grouping Header (A4.1)", () => {
  it("a Command for a device in the Device Log is delivered octet for octet (A4.3)", async () => {
    const bench = new RouterBench();
    const payload = gbcs(1, ACB, ESME, ECS17B);
    bench.down(ESME, "m1", payload);
    expect(await bench.given(1)).toEqual(["m1 delivered"]);
    expect(bench.delivered).toEqual([{ device: ESME, hex: toHex(payload), id: "m1" }]);
    expect(bench.inbox.count()).toBe(0);
  });

  it("a block of a large message is delivered by its own address (A4.6)", async () => {
    const bench = new RouterBench();
    bench.down(ESME, "m1", block(1, ACB, ESME, ECS17B));
    expect(await bench.given(1)).toEqual(["m1 delivered"]);
  });

  const unknown = "90b3d51f30019999" as typeof ESME;
  it.each([
    ["no-such-device", unknown, gbcs(1, ACB, unknown, ECS17B)],
    ["address-mismatch", ESME, gbcs(1, ACB, GSME, ECS17B)],
    ["address-mismatch", unknown, gbcs(1, ACB, ESME, ECS17B)],
    ["not-gbcs", ESME, new Uint8Array()],
    ["not-gbcs", ESME, Uint8Array.of(0xdf)],
    ["not-gbcs", ESME, gbcs(1, ACB, ESME, ECS17B).subarray(0, 35)],
    ["too-large", ESME, new Uint8Array(65_537)],
    ["han-only", GSME, gbcs(1, ACB, GSME, 0x009b)],
    ["han-only", GSME, gbcs(1, PPMID, GSME, 0x0090)],
    ["unsupported", CHF, gbcs(1, ACB, CHF, 0x0002)],
    ["unsupported", GPF, gbcs(1, ACB, GPF, 0x0082)],
  ])("%s: nothing is sent on the HAN", async (reason, device, payload) => {
    const bench = new RouterBench();
    bench.down(device, "m1", payload);
    expect(await bench.given(1)).toEqual([`m1 failed ${reason}`]);
    expect(bench.delivered).toEqual([]);
    expect(bench.inbox.count()).toBe(0);
  });

  it.each<[DeliveryOutcome, string]>([
    ["tunnel-lost", "tunnel-lost"],
    ["too-large", "too-large"],
    ["busy", "refused"],
    ["mailbox-full", "mailbox-full"],
    ["suspended", "suspended"],
  ])(
    "a delivery that ends %s is told as %s and its header kept for the alert (A4.7)",
    async (outcome, reason) => {
      const bench = new RouterBench();
      bench.outcome = async () => outcome;
      bench.down(ESME, "m1", gbcs(1, ACB, ESME, ECS17B));
      expect(await bench.given(1)).toEqual([`m1 failed ${reason}`]);
      await settled();
      expect(bench.undelivered).toMatchObject([
        {
          reason,
          command: { form: "message", cra: 1, counter: 0x516n, originator: ACB, target: ESME },
          inTransaction: true,
        },
      ]);
    },
  );

  it("what waits in a mailbox leaves the inbox without a receipt of the router's", async () => {
    const bench = new RouterBench();
    bench.outcome = async () => "waiting";
    bench.down(GSME, "m1", gbcs(1, ACB, GSME, 0x007f));
    await settled();
    expect([bench.receipts, bench.inbox.count(), bench.delivered.length]).toEqual([[], 0, 1]);
  });

  it("a fault in the delivery is told as internal, and the next message goes through", async () => {
    const bench = new RouterBench();
    let calls = 0;
    bench.outcome = async () => {
      calls += 1;
      if (calls === 1) throw new HanwayError("internal", "on purpose");
      return "delivered";
    };
    bench.down(ESME, "m1", gbcs(1, ACB, ESME, ECS17B));
    bench.down(ESME, "m2", gbcs(1, ACB, ESME, ECS17B));
    expect(await bench.given(2)).toEqual(["m1 failed internal", "m2 delivered"]);
    expect(bench.undelivered).toMatchObject([{ reason: "internal", command: { form: "message" } }]);
  });

  it("one device's messages go one after the other, a slow device holds up no other", async () => {
    const bench = new RouterBench();
    let release: (outcome: DeliveryOutcome) => void = () => {};
    bench.outcome = (device) =>
      device === ESME
        ? new Promise((resolve) => {
            release = resolve;
          })
        : Promise.resolve("delivered");
    bench.down(ESME, "e1", gbcs(1, ACB, ESME, ECS17B));
    bench.down(ESME, "e2", gbcs(1, ACB, ESME, ECS17B));
    bench.down(PPMID, "p1", gbcs(1, ACB, PPMID, ECS17B));
    expect(await bench.given(1)).toEqual(["p1 delivered"]);
    expect(bench.delivered.map((one) => one.id)).toEqual(["e1", "p1"]);
    release("delivered");
    await bench.given(2);
    await settled();
    expect(bench.delivered.at(-1)?.id).toBe("e2");
  });

  it("a hub that stops leaves what its tunnels could not finish in the inbox", async () => {
    const bench = new RouterBench();
    let release: (outcome: DeliveryOutcome) => void = () => {};
    bench.outcome = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    bench.down(ESME, "m1", gbcs(1, ACB, ESME, ECS17B));
    const stopped = bench.router.stop();
    release("tunnel-lost");
    await stopped;
    expect([bench.receipts, bench.inbox.count()]).toEqual([[], 1]);
  });

  it("a hub that stops leaves a Command to itself in the inbox that it was just executing", async () => {
    const bench = new RouterBench();
    let release: (execution: Execution) => void = () => {};
    bench.own = () => ({
      execute: () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    });
    bench.down(CHF, "c1", gbcs(1, ACB, CHF, 0x0001));
    const stopped = bench.router.stop();
    release({ answers: [{ device: CHF, lane: "response", payload: Uint8Array.of(1) }] });
    await stopped;
    expect([bench.receipts, bench.up, bench.inbox.count()]).toEqual([[], [], 1]);
  });

  it("any octets end in a receipt and leave the inbox", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), fc.nat(60), async (junk, at) => {
        const bench = new RouterBench();
        const good = gbcs(1, ACB, ESME, ECS17B);
        const spoilt = Uint8Array.from([...good.subarray(0, at), ...junk]);
        bench.down(ESME, "m1", spoilt);
        expect((await bench.given(1))[0]).toMatch(
          /^m1 (delivered|failed (not-gbcs|address-mismatch|han-only))$/,
        );
        expect(bench.inbox.count()).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

describe("router: Commands to the hub itself run in one transaction", () => {
  const command = gbcs(1, ACB, CHF, 0x0002);
  const answer = { device: CHF, lane: "response", payload: gbcs(2, CHF, ACB, 0x0002) } as const;

  function benchWith(execution: Execution): RouterBench {
    const bench = new RouterBench();
    bench.store.migrate("test", ["CREATE TABLE counter (value INTEGER) STRICT"]);
    bench.own = (device) => (device === CHF ? { execute: async () => execution } : undefined);
    return bench;
  }

  it("state, Response, receipt and inbox change together, effects follow", async () => {
    const bench = new RouterBench();
    bench.store.migrate("test", ["CREATE TABLE counter (value INTEGER) STRICT"]);
    const seen: string[] = [];
    bench.store.watch({ committed: () => seen.push("commit"), rolledBack: () => {} });
    const execution: Execution = {
      writes: () => bench.store.prepare("INSERT INTO counter VALUES (7)").run(),
      answers: [answer],
      after: () => seen.push("after"),
    };
    bench.own = () => ({ execute: async () => execution });
    bench.down(CHF, "m1", command);
    await bench.given(1);
    await settled();
    expect(bench.receipts).toEqual(["m1 executed"]);
    expect(bench.up).toEqual([answer]);
    // One commit stored the downlink, the other everything that came of it.
    expect(seen).toEqual(["commit", "commit", "after"]);
  });

  it("a Command that is refused says so", async () => {
    const bench = benchWith({ failed: "refused", answers: [] });
    bench.down(CHF, "m1", command);
    expect(await bench.given(1)).toEqual(["m1 failed refused"]);
  });

  it("writes that fail undo everything and no effect happens", async () => {
    let effects = 0;
    const bench = benchWith({
      writes: () => {
        bench.store.prepare("INSERT INTO counter VALUES (7)").run();
        throw new HanwayError("internal", "on purpose");
      },
      answers: [answer],
      after: () => {
        effects += 1;
      },
    });
    bench.down(CHF, "m1", command);
    expect(await bench.given(1)).toEqual(["m1 failed internal"]);
    await settled();
    expect(bench.store.prepare("SELECT count(*) AS n FROM counter").get()?.n).toBe(0);
    expect([effects, bench.up.length]).toEqual([0, 0]);
  });

  it("a store that fails for a while delays the end and repeats no effect", async () => {
    let tries = 0;
    let effects = 0;
    const bench = benchWith({
      writes: () => {
        tries += 1;
        if (tries < 3) throw new HanwayError("store/failed", "disk full");
      },
      answers: [answer],
      after: () => {
        effects += 1;
      },
    });
    bench.down(CHF, "m1", command);
    for (let n = 0; n < 3; n++) {
      await settled();
      bench.clock.advance(1_000);
    }
    expect(await bench.given(1)).toEqual(["m1 executed"]);
    await settled();
    expect([tries, effects, bench.up.length]).toEqual([3, 1, 1]);
  });
});

describe("router: messages from the HAN (A4.4, A4.5)", () => {
  it.each([
    ["response", gbcs(2, ESME, ACB, ECS17B)],
    ["response", block(2, ESME, ACB, ECS17B)],
    ["response", block(1, ESME, ACB, ECS17B)],
    ["alert", gbcs(3, ESME, ACB, 0x1001)],
    ["alert", gbcs(3, ESME, ACB, 0x0061)],
    ["power-security", gbcs(3, ESME, ACB, 0x1000)],
    ["power-security", gbcs(3, ESME, ACB, 0x0067)],
    ["power-security", block(3, ESME, ACB, 0x1000)],
  ])("goes to the WAN in lane %s with its octets", async (lane, payload) => {
    const bench = new RouterBench();
    expect(await bench.router.fromHan(ESME, payload)).toBe("safe");
    expect(bench.up).toEqual([{ device: ESME, lane, payload }]);
  });

  it("is not acknowledged as safe when the outbox did not take it", async () => {
    const bench = new RouterBench();
    bench.putOutcome = "dropped";
    expect(await bench.router.fromHan(ESME, gbcs(2, ESME, ACB, ECS17B))).toBe("dropped");
  });

  it.each([
    ["no message", new Uint8Array(30)],
    ["a message of another device", gbcs(2, GSME, ACB, ECS17B)],
    ["a Command to the WAN", gbcs(1, ESME, ACB, ECS17B)],
    ["a HAN-only message for an unknown device", gbcs(1, ESME, ACB, 0x009b)],
  ])("%s goes nowhere", async (_what, payload) => {
    const bench = new RouterBench();
    expect(await bench.router.fromHan(ESME, payload)).toBe("refused");
    expect([bench.up, bench.delivered]).toEqual([[], []]);
  });

  it.each([0x009b, 0x0090])("HAN-only message %i stays on the HAN, both ways", async (code) => {
    const bench = new RouterBench();
    bench.outcome = async (device) => (device === GSME ? "waiting" : "delivered");
    expect(await bench.router.fromHan(PPMID, gbcs(1, PPMID, GSME, code))).toBe("waiting");
    expect(await bench.router.fromHan(GSME, gbcs(2, GSME, PPMID, code))).toBe("delivered");
    expect(bench.delivered.map((one) => [one.device, one.id])).toEqual([
      [GSME, undefined],
      [PPMID, undefined],
    ]);
    expect(bench.up).toEqual([]);
  });
});
