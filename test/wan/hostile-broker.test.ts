import { describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { type Log, silentLog } from "../../src/base/log.ts";
import { Store } from "../../src/store/store.ts";
import type { Wan, WanSettings } from "../../src/wan/wan.ts";
import { BASE, ESME, FarEnd, HUB, makeWan, startAedes } from "./bench.ts";
import { type Behaviour, type HostileBroker, startHostile } from "./hostile-broker.ts";

const QUICK = { backOffMs: 4, backOffMaxMs: 10, steadyMs: 60_000 };
const DEVICE = "00db1234567890a0";

interface Home {
  wan: Wan;
  broker: HostileBroker;
  warned: string[];
}

/** A hub's WAN side and a broker that does as told, for as long as `run` takes. */
async function against(
  behaviour: Behaviour,
  run: (home: Home) => Promise<void>,
  more: Partial<WanSettings> = {},
): Promise<void> {
  await using broker = await startHostile(behaviour);
  const warned: string[] = [];
  const log: Log = { ...silentLog, warn: (_fields, sentence) => warned.push(sentence) };
  const brokers = [{ url: broker.url }];
  const wan = makeWan([], { brokers, timing: QUICK, ...more }, undefined, log);
  wan.start(() => {});
  try {
    await run({ wan, broker, warned });
  } finally {
    await wan.stop();
  }
}

const up = (wan: Wan, n: number) => wan.send({ device: ESME, lane: "response", payload: Uint8Array.of(n) });
const responses = (broker: HostileBroker) =>
  broker.connections.flatMap(({ published }) => published.filter(({ topic }) => topic.includes("/up/")));
const seqs = (broker: HostileBroker) => responses(broker).map(({ topic }) => Number(topic.split("/").at(-1)));

describe("a broker that keeps silent", () => {
  it("never answers the subscription: told in one line, and another broker is tried", async () => {
    await using good = await startAedes();
    await using far = await FarEnd.connect(good.url);
    await using silent = await startHostile({ subscribe: () => {} });
    const warned: string[] = [];
    const log: Log = { ...silentLog, warn: (_fields, sentence) => warned.push(sentence) };
    const wan = makeWan([silent.url, good.url], { connectMs: 100 }, undefined, log);
    wan.start(() => {});
    await far.online();
    expect(warned[0]).toBe("broker link ended: it does not answer the subscription");
    expect(wan.status.broker).toBe(1);
    await wan.stop();
  });

  it("never acknowledges what it is sent: the link is made anew, and what it was sent comes again", async () => {
    await against(
      { publish: (hub, { id }) => hub.n > 0 && hub.puback(id) },
      async ({ wan, broker, warned }) => {
        await up(wan, 7);
        await expect.poll(() => wan.counts().up.waiting.response, { timeout: 10_000 }).toBe(0);
        expect(warned).toEqual(["broker link ended: it acknowledges nothing any more"]);
        expect(seqs(broker)).toEqual([1, 1]);
      },
      { answerMs: 200 },
    );
  });

  it("acknowledges slowly, but does: the link holds", async () => {
    let busy: Promise<void> = Promise.resolve();
    await against(
      {
        publish: (hub, { id }) => {
          busy = busy.then(() => new Promise((wake) => setTimeout(wake, 60))).then(() => hub.puback(id));
        },
      },
      async ({ wan, broker, warned }) => {
        await Promise.all(Array.from({ length: 12 }, (_, n) => up(wan, n)));
        await expect.poll(() => wan.counts().up.waiting.response, { timeout: 10_000 }).toBe(0);
        expect([broker.connections.length, warned]).toEqual([1, []]);
      },
      { answerMs: 400 },
    );
  });

  it("never answers CONNECT: said in words", async () => {
    await against(
      { connect: () => {} },
      async ({ warned }) => {
        await expect
          .poll(() => warned, { timeout: 5_000 })
          .toEqual(["broker link ended: it does not answer"]);
      },
      { connectMs: 50 },
    );
  });
});

describe("a broker that refuses messages", () => {
  it.each([
    [0x97, "Quota exceeded (151)"],
    [0x87, "Not authorized (135)"],
    [0x99, "Payload format invalid (153)"],
  ])(
    "by %i: the message waits and is tried again over the same link, the others go through",
    async (code, why) => {
      let refusals = 0;
      await against(
        {
          publish: (hub, { id, topic }) => {
            const refuse = topic.endsWith(`/up/${DEVICE}/2`) && refusals < 4;
            if (refuse) refusals += 1;
            hub.puback(id, refuse ? code : 0);
          },
        },
        async ({ wan, broker, warned }) => {
          await Promise.all([1, 2, 3, 4, 5].map((n) => up(wan, n)));
          await expect.poll(() => wan.counts().up.waiting.response, { timeout: 10_000 }).toBe(0);
          expect(broker.connections).toHaveLength(1);
          expect(seqs(broker).sort()).toEqual([1, 2, 2, 2, 2, 2, 3, 4, 5]);
          expect(warned).toEqual([`the broker refuses a message, which is tried again: ${why}`]);
          expect(wan.counts().up.dropped.response).toBe(0);
        },
      );
    },
  );

  it("all of them: the link is given up for another broker, nothing is lost", async () => {
    await using good = await startAedes();
    await using far = await FarEnd.connect(good.url);
    await using full = await startHostile({ publish: (hub, { id }) => hub.puback(id, 0x97) });
    const wan = makeWan([full.url, good.url], { timing: QUICK });
    wan.start(() => {});
    await Promise.all(Array.from({ length: 40 }, (_, n) => up(wan, n)));
    await far.until(() => far.on("up").length === 40);
    expect(far.on("up").map(({ payload }) => payload[0])).toEqual(Array.from({ length: 40 }, (_, n) => n));
    await wan.stop();
  });
});

describe("a broker that acknowledges wrongly", () => {
  it("what was never sent, and everything twice: nothing counts as arrived before its own acknowledgement", async () => {
    let answer = false;
    await against(
      {
        publish: (hub, { id, topic }) => {
          for (let other = 1; other < 50; other++) hub.puback((id + 65_535 - other) % 65_535 || 1);
          if (answer || !topic.includes("/up/")) {
            hub.puback(id);
            hub.puback(id);
          }
        },
      },
      async ({ wan, broker }) => {
        await up(wan, 1);
        await expect.poll(() => seqs(broker)).toEqual([1]);
        expect(wan.counts().up.waiting.response).toBe(1);
        answer = true;
        broker.connections[0]?.hangUp();
        await expect.poll(() => wan.counts().up.waiting.response, { timeout: 10_000 }).toBe(0);
        expect(seqs(broker)).toEqual([1, 1]);
      },
    );
  });
});

describe("what a broker says of itself in CONNACK", () => {
  const keepAlive = (seconds: number) => [0x13, seconds >> 8, seconds & 0xff];

  it.each([
    ["a keep alive longer than the hub's is allowed, and not used", keepAlive(65_535)],
    ["one shorter than the hub's is kept to", keepAlive(1)],
  ])("%s", async (_what, properties) => {
    const own = properties[1] === 0 ? 100 : 1;
    await against(
      { connect: (hub) => hub.connack(0, properties) },
      async ({ broker }) => {
        await expect.poll(() => broker.connections[0]?.pings ?? 0, { timeout: 5_000 }).toBeGreaterThan(0);
        expect(broker.connections).toHaveLength(1);
      },
      { keepAliveSeconds: own },
    );
  });

  it.each([
    [
      "packets of 20 octets at most",
      [0x27, 0, 0, 0, 20],
      "it takes packets of at most 20 octets, too few for a hub",
    ],
    ["no QoS 1", [0x24, 0], "it takes no messages of QoS 1"],
    ["nothing retained", [0x25, 0], "it retains no messages"],
  ])(
    "%s: told in one line, not used, and nothing is dropped over it",
    async (_what, properties, sentence) => {
      await against({ connect: (hub) => hub.connack(0, properties) }, async ({ wan, broker, warned }) => {
        await up(wan, 1);
        await expect.poll(() => broker.connections.length).toBeGreaterThan(3);
        expect(warned).toEqual([`broker link ended: ${sentence}`]);
        expect([wan.counts().up.waiting.response, wan.counts().up.dropped.response]).toEqual([1, 0]);
      });
    },
  );

  it.each([
    [0x87, "it refuses the hub: Not authorized (135)"],
    [0x89, "it refuses the hub: Server busy (137)"],
    [0x9f, "it refuses the hub: Connection rate exceeded (159)"],
    [0x7f, "it refuses the hub: code 127"],
  ])("refusal %i is told in words, once, however often it comes", async (code, sentence) => {
    await against({ connect: (hub) => hub.connack(code) }, async ({ broker, warned }) => {
      await expect.poll(() => broker.connections.length).toBeGreaterThan(5);
      expect(warned).toEqual([`broker link ended: ${sentence}`]);
    });
  });
});

describe("what a broker says to the subscription", () => {
  it("no: its reason is told", async () => {
    await against({ subscribe: (hub, id) => hub.suback(id, 0x87) }, async ({ warned }) => {
      await expect
        .poll(() => warned)
        .toEqual(["broker link ended: it refuses the subscription: Not authorized (135)"]);
    });
  });

  it("QoS 0 only: used, better than no WAN, and told", async () => {
    await against({ subscribe: (hub, id) => hub.suback(id, 0) }, async ({ wan, warned }) => {
      await expect.poll(() => wan.status.online).toBe(true);
      expect(warned).toEqual([expect.stringContaining("QoS 0 only")]);
    });
  });
});

describe("a broker that sends what was not subscribed to", () => {
  it.each([
    ["for another hub", `hanway/v1/test/00db1234567890ff/down/${DEVICE}/m1`],
    ["for another tenant", `hanway/v1/other/${HUB}/down/${DEVICE}/m1`],
  ])("%s: acknowledged, counted, and not taken in", async (_what, topic) => {
    await against({}, async ({ wan, broker }) => {
      await expect.poll(() => wan.status.online).toBe(true);
      broker.connections[0]?.down(topic, 1);
      broker.connections[0]?.down(`${BASE}/down/${DEVICE}/m2`, 2);
      await expect.poll(() => wan.inbox.count()).toBe(1);
      expect(wan.counts().refusedTopics).toBe(1);
      const receipts = () =>
        broker.connections[0]?.published.filter(({ topic }) => topic.includes("/receipt/"));
      await expect.poll(() => receipts()?.map(({ topic }) => topic)).toEqual([`${BASE}/receipt/m2`]);
    });
  });

  it("a thousand messages on topics of nobody are a few lines in the log", async () => {
    await against({}, async ({ wan, broker, warned }) => {
      await expect.poll(() => wan.status.online).toBe(true);
      for (let n = 1; n <= 1_000; n++) broker.connections[0]?.down(`elsewhere/${n}`, n);
      await expect.poll(() => wan.counts().refusedTopics, { timeout: 10_000 }).toBe(1_000);
      expect(warned).toHaveLength(5);
    });
  });
});

describe("a broker that sends faster than the hub stores", () => {
  const many = 500;

  it("each message is stored before it is acknowledged, in order, and several share a commit", async () => {
    const clock = new SystemClock();
    const store = new Store(":memory:", clock);
    let commits = 0;
    store.watch({ committed: () => (commits += 1), rolledBack: () => {} });
    await using broker = await startHostile();
    const wan = makeWan([broker.url], {}, store);
    const unsafe: number[] = [];
    wan.start(() => {});
    await expect.poll(() => wan.status.online).toBe(true);
    const [hub] = broker.connections;
    if (hub !== undefined) hub.onPuback = (id) => wan.inbox.count() < id && unsafe.push(id);
    const before = commits;
    for (let id = 1; id <= many; id++) hub?.down(`${BASE}/down/${DEVICE}/m${id}`, id);
    await expect.poll(() => hub?.pubacks.length, { timeout: 10_000 }).toBe(many);
    expect(hub?.pubacks).toEqual(Array.from({ length: many }, (_, n) => n + 1));
    expect(unsafe).toEqual([]);
    expect(commits - before).toBeLessThan(many / 2);
    await wan.stop();
  });

  it("what could not be stored is not acknowledged, nor anything behind it, and comes again", async () => {
    const store = new Store(":memory:", new SystemClock());
    let full = true;
    await using broker = await startHostile({
      subscribe: (hub, id) => {
        hub.suback(id, 1);
        for (let n = 1; n <= 20; n++) hub.down(`${BASE}/down/${DEVICE}/m${n}`, n);
      },
    });
    const wan = makeWan([broker.url], { timing: QUICK }, store);
    const put = wan.inbox.put.bind(wan.inbox);
    wan.inbox.put = (downlink) => {
      if (full && downlink.id === "m8") throw new Error("the disk is full");
      return put(downlink);
    };
    wan.start(() => {});
    await expect.poll(() => broker.connections.length).toBeGreaterThan(2);
    for (const { pubacks } of broker.connections) expect(pubacks.every((id) => id < 8)).toBe(true);
    full = false;
    await expect.poll(() => broker.connections.at(-1)?.pubacks.length, { timeout: 10_000 }).toBe(20);
    expect(wan.inbox.count()).toBe(20);
    await wan.stop();
  });

  it("a broker of MQTT 5 is told how many it may send at a time", async () => {
    await against({}, async ({ wan, broker }) => {
      await expect.poll(() => wan.status.online).toBe(true);
      // Receive Maximum, property 0x21: 16.
      expect(broker.connections[0]?.connect.includes(Buffer.of(0x21, 0, 16))).toBe(true);
    });
  });
});

describe("a broker that hangs up as soon as the link is up", () => {
  it("a link that flaps is not told without end", async () => {
    const flap: Behaviour = {
      subscribe: (hub, id) => {
        hub.suback(id, 1);
        setTimeout(() => hub.hangUp(), 5);
      },
    };
    await against(flap, async ({ broker, warned }) => {
      await expect.poll(() => broker.connections.length, { timeout: 10_000 }).toBeGreaterThan(20);
      expect(warned).toHaveLength(5);
    });
  });
});

describe("a broker that cannot even be dialled", () => {
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

  it.each([
    ["a URL that is none", { url: "mqtt://127.0.0.1:99999" }, "it is no URL"],
    ["PEM texts that TLS does not take", { url: "mqtts://127.0.0.1:1", certificate: broken }, "TLS failed"],
  ])("%s: the hub goes on with the next one", async (_what, broker, sentence) => {
    await using good = await startAedes();
    await using far = await FarEnd.connect(good.url);
    const warned: string[] = [];
    const log: Log = { ...silentLog, warn: (_fields, sentence) => warned.push(sentence) };
    const wan = makeWan([], { brokers: [broker, { url: good.url }] }, undefined, log);
    wan.start(() => {});
    await far.online();
    expect(warned[0]).toContain(sentence);
    await wan.stop();
  });
});
