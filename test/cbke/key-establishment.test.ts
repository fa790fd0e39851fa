import { describe, expect, it } from "vitest";
import { Eui64 } from "../../src/base/eui64.ts";
import type { KeyEstablishmentMessage } from "../../src/cbke/commands.ts";
import { type PointFault, SECT283K1 } from "../../src/cbke/curve.ts";
import { mayRetry } from "../../src/cbke/exchange.ts";
import { HUB, METER, Pair, settle, type Tamper } from "./pair.ts";

const WHOLE = [
  "meter initiate",
  "hub initiate",
  "meter ephemeralData",
  "hub ephemeralData",
  "meter confirmKey",
  "hub confirmKey",
];

async function run(tamper?: Tamper, foreignMeter = false): Promise<Pair> {
  const pair = new Pair(0x0002, tamper, foreignMeter);
  pair.meter.start(HUB, 0x0002);
  await settle();
  return pair;
}

/** Changes the first message of one kind from one side. */
function changing<K extends KeyEstablishmentMessage["kind"]>(
  by: "meter" | "hub",
  kind: K,
  change: (message: Extract<KeyEstablishmentMessage, { kind: K }>) => KeyEstablishmentMessage,
): Tamper {
  const isKind = (
    message: KeyEstablishmentMessage,
  ): message is Extract<KeyEstablishmentMessage, { kind: K }> => message.kind === kind;
  return ({ by: from, message }) => [from === by && isKind(message) ? change(message) : message];
}

function flip(octets: Uint8Array, at: number, mask = 1): Uint8Array {
  return octets.map((octet, i) => (i === at ? octet ^ mask : octet));
}

/** The certificate with the nearest x that has no point. */
function offCurve(certificate: Uint8Array): Uint8Array {
  return moved(certificate, "off-curve");
}
/** The certificate with the nearest x whose point is in another group. */
function outsideGroup(certificate: Uint8Array): Uint8Array {
  return moved(certificate, "small-order");
}
function moved(certificate: Uint8Array, fault: PointFault): Uint8Array {
  for (let last = 0; last < 256; last++) {
    const changed = certificate.map((octet, i) => (i === 73 ? last : octet));
    if (SECT283K1.decodePoint(changed.subarray(37)) === fault) return changed;
  }
  return expect.fail(`no point that is ${fault}`);
}

describe("key establishment between two devices (ZSE C.3.1)", () => {
  it.each([0x0001, 0x0002] as const)("suite %i: six messages, one key on both sides", async (suite) => {
    const pair = new Pair(suite);
    pair.meter.start(HUB, suite);
    await settle();
    expect(pair.talk).toEqual(WHOLE);
    expect(pair.keys.meter).toHaveLength(16);
    expect(pair.keys.meter).toEqual(pair.keys.hub);
    expect(pair.outcomes).toEqual({
      meter: [{ result: "established", partner: HUB, suite }],
      hub: [{ result: "established", partner: METER, suite }],
    });
    expect(pair.sent.every(({ by, to }) => to === (by === "meter" ? HUB : METER))).toBe(true);
    expect(pair.clock.nextDue()).toBeUndefined();
  });

  it("runs again at once, with another key", async () => {
    const pair = await run();
    const first = pair.keys.hub;
    pair.meter.start(HUB, 0x0002);
    await settle();
    expect(pair.outcomes.hub).toHaveLength(2);
    expect(pair.keys.hub).toEqual(pair.keys.meter);
    expect(pair.keys.hub).not.toEqual(first);
  });

  it("repeated frames (same APS counter) change nothing", async () => {
    const pair = await run(({ message }) => [message, message, message]);
    expect(pair.talk).toEqual(WHOLE);
    expect(pair.keys.meter).toEqual(pair.keys.hub);
  });

  it("a repetition that comes after the end is not answered", async () => {
    const pair = await run();
    const last = pair.sent.findLast(({ by }) => by === "meter");
    if (last === undefined) expect.fail("nothing sent");
    pair.deliver("meter", last.message, 5);
    await settle();
    expect(pair.talk).toEqual(WHOLE);
  });

  it("a confirmation that comes before the own one is computed is kept until then", async () => {
    const proofs: Uint8Array[] = [];
    await run(({ message, by }) => {
      if (message.kind === "confirmKey" && by === "meter") proofs.push(message.mac);
      return [message];
    });
    const [mac] = proofs;
    if (mac === undefined) expect.fail("no confirmation");
    const pair = new Pair(0x0002, ({ message, by }) => {
      if (by === "hub" && message.kind === "ephemeralData")
        pair.deliver("meter", { kind: "confirmKey", mac });
      return by === "meter" && message.kind === "confirmKey" ? [] : [message];
    });
    pair.meter.start(HUB, 0x0002);
    await settle();
    expect(pair.talk).toEqual(WHOLE);
    expect(pair.keys.hub).toEqual(pair.keys.meter);
  });
});

describe("Terminate status for what is wrong (ZSE C.3.1.2.3.4)", () => {
  const initiate = (change: (c: Uint8Array) => Uint8Array) =>
    changing("meter", "initiate", (message) => ({ ...message, certificate: change(message.certificate) }));
  const suites = (bits: number) => changing("meter", "initiate", (message) => ({ ...message, suites: bits }));
  const cases: readonly [string, number, Tamper][] = [
    ["no suite bit", 3, suites(0)],
    ["two suite bits", 3, suites(3)],
    ["an unknown suite", 5, suites(4)],
    ["a suite without own certificate", 5, suites(1)],
    ["certificate too short", 3, initiate((c) => c.subarray(1))],
    ["no certificate", 3, initiate(() => new Uint8Array())],
    ["certificate of suite 1 under suite 2", 3, initiate((c) => c.subarray(0, 48))],
    ["certificate type", 6, initiate((c) => flip(c, 0))],
    ["certificate curve", 6, initiate((c) => flip(c, 9))],
    ["certificate hash", 6, initiate((c) => flip(c, 10))],
    ["issuer unknown", 1, initiate((c) => flip(c, 18))],
    ["subject of another device", 6, initiate((c) => flip(c, 35))],
    ["no key agreement bit", 6, initiate((c) => flip(c, 36, 0x08))],
    ["reconstruction point not in compressed form", 6, initiate((c) => flip(c, 37, 0x04))],
    ["reconstruction point out of range", 6, initiate((c) => flip(c, 38, 0x80))],
    ["reconstruction point of order 2", 6, initiate((c) => c.map((octet, i) => (i < 38 ? octet : 0)))],
    ["reconstruction point off the curve", 6, initiate((c) => offCurve(c))],
    ["reconstruction point outside the prime-order group", 6, initiate((c) => outsideGroup(c))],
    ["serial number changed, so another public key", 2, initiate((c) => flip(c, 4))],
    [
      "ephemeral point of order 2",
      3,
      changing("meter", "ephemeralData", () => ({
        kind: "ephemeralData",
        point: Uint8Array.of(2, ...new Uint8Array(36)),
      })),
    ],
    [
      "ephemeral point of the other suite",
      3,
      changing("meter", "ephemeralData", ({ point }) => ({
        kind: "ephemeralData",
        point: point.slice(0, 22),
      })),
    ],
    [
      "wrong confirmation",
      2,
      changing("meter", "confirmKey", ({ mac }) => ({ kind: "confirmKey", mac: flip(mac, 15, 0x80) })),
    ],
  ];

  it.each(cases)("hub, %s: %i", async (_, status, tamper) => {
    const pair = await run(tamper);
    expect(pair.talk.at(-1)).toBe(`hub terminate ${status}`);
    expect(pair.outcomes.hub).toMatchObject([{ result: "terminated", by: "us", status, partner: METER }]);
    expect(pair.outcomes.meter).toMatchObject([
      { result: "terminated", by: "partner", status, waitSeconds: 10 },
    ]);
    expect(pair.keys).toEqual({});
    expect([pair.hub.phase, pair.meter.phase]).toEqual(["idle", "idle"]);
    expect(pair.clock.nextDue()).toBeUndefined();
    expect(pair.outcomes.meter.map(mayRetry)).toEqual([status !== 1 && status !== 2]);
  });

  it.each<[string, number, Tamper]>([
    ["response in another suite", 3, changing("hub", "initiate", (m) => ({ ...m, suites: 1 }))],
    [
      "certificate of another device",
      6,
      changing("hub", "initiate", (m) => ({ ...m, certificate: flip(m.certificate, 35) })),
    ],
    [
      "wrong ephemeral point",
      3,
      changing("hub", "ephemeralData", () => ({ kind: "ephemeralData", point: new Uint8Array(37) })),
    ],
    [
      "wrong confirmation",
      2,
      changing("hub", "confirmKey", ({ mac }) => ({ kind: "confirmKey", mac: flip(mac, 0) })),
    ],
  ])("meter, %s: %i", async (_, status, tamper) => {
    const pair = await run(tamper);
    expect(pair.talk.at(-1)).toBe(`meter terminate ${status}`);
    expect(pair.outcomes.meter).toMatchObject([{ result: "terminated", by: "us", status, partner: HUB }]);
    expect(pair.keys.meter).toBeUndefined();
  });

  it("a certificate of another authority: 1, from whichever side sees it", async () => {
    const pair = await run(undefined, true);
    expect(pair.talk).toEqual(["meter initiate", "hub terminate 1"]);
  });

  it("a full key table: 4, and no key is taken for new", async () => {
    const pair = new Pair(0x0002);
    pair.keyTableFull = true;
    pair.meter.start(HUB, 0x0002);
    await settle();
    expect(pair.talk.at(-1)).toBe("hub terminate 4");
    expect(pair.outcomes.hub).toMatchObject([{ result: "terminated", status: 4 }]);
    expect(pair.keys).toEqual({});
  });
});

describe("order, partners and silence (ZSE C.3.1.2)", () => {
  const mac = new Uint8Array(16);
  const point = Uint8Array.of(2, ...new Uint8Array(36).fill(7));

  it.each<[string, KeyEstablishmentMessage]>([
    ["ephemeral data", { kind: "ephemeralData", point }],
    ["confirmation", { kind: "confirmKey", mac }],
  ])("%s without an exchange: 3", async (_, message) => {
    const pair = new Pair(0x0002);
    pair.deliver("meter", message);
    pair.deliver("hub", message);
    await settle();
    expect(pair.talk.sort()).toEqual(["hub terminate 3", "meter terminate 3"]);
    expect(pair.outcomes).toEqual({ meter: [], hub: [] });
  });

  it("Terminate without an exchange is never answered", async () => {
    const pair = new Pair(0x0002);
    const message = { kind: "terminate", status: 3, waitSeconds: 0, suites: 2 } as const;
    pair.deliver("meter", message);
    pair.deliver("hub", message);
    await settle();
    expect(pair.talk).toEqual([]);
  });

  it.each<[string, KeyEstablishmentMessage]>([
    ["confirmation before ephemeral data", { kind: "confirmKey", mac }],
    [
      "a second initiate",
      { kind: "initiate", suites: 2, ephemeralSeconds: 1, confirmSeconds: 1, certificate: mac },
    ],
  ])("%s ends the exchange: 3", async (_, message) => {
    const pair = await run(({ message: m, by }) => (by === "hub" && m.kind === "initiate" ? [] : [m]));
    expect(pair.hub.phase).toBe("ephemeral data request");
    pair.deliver("meter", message);
    await settle();
    expect(pair.talk.at(-1)).toBe("hub terminate 3");
    expect(pair.outcomes.hub).toMatchObject([{ status: 3, reason: "message out of order" }]);
    expect(pair.outcomes.meter).toMatchObject([{ by: "partner", status: 3 }]);
  });

  it("an unreadable message ends the exchange: 3", async () => {
    const pair = await run(({ message, by }) =>
      by === "hub" && message.kind === "initiate" ? [] : [message],
    );
    pair.hub.receive({ from: METER, apsCounter: 99, unicast: true, commandId: 1, payload: mac });
    await settle();
    expect(pair.outcomes.hub).toMatchObject([{ status: 3, reason: "message cannot be read" }]);
  });

  it("a second partner is told to wait, and the first exchange goes on", async () => {
    const other = { eui64: Eui64("00db1234567890a1"), endpoint: 3 };
    const pair = await run(({ message, by }) =>
      by === "hub" && message.kind === "ephemeralData" ? [] : [message],
    );
    const payload = new Uint8Array(78).fill(2);
    const frame = { from: other, apsCounter: 7, unicast: true };
    pair.hub.receive({ ...frame, commandId: 0, payload });
    pair.hub.receive({ ...frame, apsCounter: 8, commandId: 1, payload: point });
    await settle();
    const refused = pair.sent.filter(({ to }) => to.eui64 === other.eui64).map(({ message }) => message);
    expect(refused).toEqual([
      { kind: "terminate", status: 4, waitSeconds: 10, suites: 2 },
      { kind: "terminate", status: 3, waitSeconds: 10, suites: 2 },
    ]);
    expect(pair.hub.phase).toBe("confirm key request");
    expect(pair.outcomes.hub).toEqual([]);
  });

  it("a broadcast is ignored", async () => {
    const pair = new Pair(0x0002);
    pair.hub.receive({ from: METER, apsCounter: 1, unicast: false, commandId: 2, payload: mac });
    await settle();
    expect(pair.talk).toEqual([]);
  });

  it("a silent partner: the exchange ends without Terminate after its stated time and the way", async () => {
    const pair = await run(({ message, by }) =>
      by === "hub" && message.kind === "ephemeralData" ? [] : [message],
    );
    pair.clock.advance(5_999);
    expect(pair.outcomes.meter).toEqual([]);
    pair.clock.advance(1);
    expect(pair.outcomes.meter).toEqual([
      { result: "timeout", partner: HUB, phase: "ephemeral data response" },
    ]);
    pair.clock.advance(1_000);
    expect(pair.outcomes.hub).toEqual([{ result: "timeout", partner: METER, phase: "confirm key request" }]);
    expect(pair.talk.some((line) => line.includes("terminate"))).toBe(false);
    expect(pair.outcomes.meter.map(mayRetry)).toEqual([true]);
  });

  it("a message without acknowledgement: ends at once, without Terminate", async () => {
    const pair = await run(({ message, by }) =>
      by === "meter" && message.kind === "confirmKey" ? "unacknowledged" : [message],
    );
    expect(pair.outcomes.meter).toEqual([
      { result: "undelivered", partner: HUB, phase: "confirm key response" },
    ]);
    expect(pair.talk.at(-1)).toBe("meter confirmKey");
  });

  it("a Terminate that is not acknowledged does not end the exchange with somebody else", async () => {
    const other = { eui64: Eui64("00db1234567890a1"), endpoint: 3 };
    const pair = await run(({ message, to }) => {
      if (to.eui64 === other.eui64) return "unacknowledged";
      return message.kind === "ephemeralData" && to === METER ? [] : [message];
    });
    pair.hub.receive({ from: other, apsCounter: 7, unicast: true, commandId: 1, payload: point });
    await settle();
    expect(pair.hub.phase).toBe("confirm key request");
  });

  it("an answer of the engine after the end means nothing", async () => {
    const pair = new Pair(0x0002);
    pair.meter.start(HUB, 0x0002);
    pair.clock.advance(60_000);
    await settle();
    pair.meter.start(HUB, 0x0002);
    await settle();
    expect(pair.keys.meter).toEqual(pair.keys.hub);
  });
});
