import { createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { Arrival } from "../../src/wan/arrivals.ts";
import { BrokerLink } from "../../src/wan/broker-link.ts";
import { WAN_DEFAULTS } from "../../src/wan/wan.ts";
import { BASE, ESME, FarEnd, makeWan, settings, startAedes } from "./bench.ts";
import { describeMosquitto, startMosquitto } from "./mosquitto.ts";

/** A TCP server that treats every connection as `serve` says, and counts them. */
async function startServer(serve: (socket: Socket, n: number) => void) {
  let n = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket, n++);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `mqtt://127.0.0.1:${port}`,
    connections: () => n,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((done) => server.close(() => done()));
    },
  };
}

function makeLink(urls: string[], message: (arrival: Arrival) => Promise<void> = async () => {}) {
  const { brokers, ...transport } = settings(urls);
  const timing = { backOffMs: 4, backOffMaxMs: 10, steadyMs: 60_000 };
  let up: () => void = () => {};
  const isUp = new Promise<void>((resolve) => {
    up = resolve;
  });
  const link = new BrokerLink(
    {
      brokers,
      timing,
      filters: [`${BASE}/down/+/+`],
      transport: { ...transport, clientId: "t", will: { topic: `${BASE}/state`, payload: new Uint8Array() } },
    },
    { up: () => up(), down: () => {}, message },
    { clock: new SystemClock(), random: new SeededRandom(3), log: silentLog },
  );
  return { link, isUp };
}

const CONNACK_5 = Uint8Array.of(0x20, 3, 0, 0, 0);

describe("broker link: brokers that misbehave", () => {
  it("a broker that closes, one that talks nonsense and one that is not there are passed over", async () => {
    await using good = await startAedes();
    const closing = await startServer((socket) => socket.destroy());
    const nonsense = await startServer((socket) =>
      socket.write("HTTP/1.1 400 Bad Request\r\n\r\n".repeat(50)),
    );
    const gone = await startServer(() => {});
    await gone.close();
    const { link, isUp } = makeLink([gone.url, closing.url, nonsense.url, good.url]);
    link.start();
    await isUp;
    expect(link.status).toEqual({ phase: "up", broker: 3, level: 4 });
    await link.stop();
    await Promise.all([closing.close(), nonsense.close()]);
  });

  it("random octets after the CONNACK end the connection and never the process", async () => {
    const random = new SeededRandom(42);
    let enough: () => void = () => {};
    const done = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const server = await startServer((socket, n) => {
      if (n >= 120) enough();
      socket.write(CONNACK_5);
      const junk = random.bytes(2 + random.below(80));
      // Types that pass the guard, with right lengths, get deeper into the parser than noise.
      const types = [0x20, 0x30, 0x32, 0x3a, 0x33, 0x40, 0x90, 0xd0, 0xe0];
      if (n % 4 > 0) junk.set([types[n % types.length] ?? 0, junk.length - 2]);
      socket.write(junk);
      setImmediate(() => socket.end());
    });
    const { link } = makeLink([server.url]);
    link.start();
    await done;
    await link.stop();
    await server.close();
  });
});

describeMosquitto("broker link: real broker", () => {
  it("a refused message ends the connection without an acknowledgement, so that the broker sends it again", async () => {
    await using broker = await startMosquitto();
    await using far = await FarEnd.connect(broker.url);
    let calls = 0;
    let taken: (arrival: Arrival) => void = () => {};
    const again = new Promise<Arrival>((resolve) => {
      taken = resolve;
    });
    const { link, isUp } = makeLink([broker.url], async (arrival) => {
      calls += 1;
      if (calls === 1) throw new Error("the disk is full");
      taken(arrival);
    });
    link.start();
    await isUp;
    await far.down(ESME, "m1", Uint8Array.of(7));
    const arrival = await again;
    expect([arrival.topic, [...arrival.payload], arrival.again]).toEqual([
      `${BASE}/down/${ESME}/m1`,
      [7],
      true,
    ]);
    await link.stop();
  });

  it("what an outbox had to drop is logged and told in state", async () => {
    await using broker = await startMosquitto();
    await using far = await FarEnd.connect(broker.url);
    const warned: object[] = [];
    const log = { ...silentLog, warn: (fields: object) => warned.push(fields) };
    const outbox = { ...WAN_DEFAULTS.outbox, count: 2 };
    const wan = makeWan([broker.url], { outbox, stateMs: 20 }, undefined, log);
    wan.start(() => {});
    for (let n = 0; n < 5; n++) wan.send({ device: ESME, lane: "alert", payload: Uint8Array.of(n) });
    await far.until(() => {
      const dropped = far.states().at(-1)?.dropped;
      return typeof dropped === "object" && dropped !== null && "alert" in dropped && dropped.alert === 3;
    });
    await expect.poll(() => warned).toContainEqual(expect.objectContaining({ count: 3 }));
    await wan.stop();
  });

  it("a downlink offered while the hub is away waits in its session", async () => {
    await using broker = await startMosquitto();
    await using far = await FarEnd.connect(broker.url);
    const first = makeWan([broker.url]);
    first.start(() => {});
    await far.online();
    await first.stop();
    await far.down(ESME, "m1", Uint8Array.of(1));
    const second = makeWan([broker.url]);
    second.start(() => {});
    await far.until(() => far.receipts("m1")[0]?.stage === "stored");
    await second.stop();
  });

  it("MQTT 5: a packet beyond the limit is not even sent to the hub; 3.1.1: it is refused as too large", async () => {
    await using broker = await startMosquitto();
    await using far = await FarEnd.connect(broker.url);
    const wan = makeWan([broker.url], { packetLimit: 100_000 });
    wan.start(() => {});
    await far.online();
    await far.down(ESME, "huge", new Uint8Array(3_000_000));
    await far.down(ESME, "good", Uint8Array.of(1));
    await far.until(() => far.receipts("good").length === 1);
    expect(far.receipts("huge")).toEqual([]);
    await wan.stop();

    await using old = await startAedes();
    await using oldFar = await FarEnd.connect(old.url);
    const oldWan = makeWan([old.url], { packetLimit: 100_000 });
    oldWan.start(() => {});
    await oldFar.online();
    await oldFar.down(ESME, "huge", new Uint8Array(3_000_000));
    await oldFar.down(ESME, "good", Uint8Array.of(1));
    await oldFar.until(() => oldFar.receipts("good").length === 1);
    expect(oldFar.receipts("huge")).toMatchObject([{ stage: "failed", reason: "too-large" }]);
    await oldWan.stop();
  });

  it("a broker that takes only small packets gets the small messages and is not lost over the others", async () => {
    await using broker = await startMosquitto(["max_packet_size 1000"]);
    await using far = await FarEnd.connect(broker.url);
    const wan = makeWan([broker.url]);
    await wan.send({ device: ESME, lane: "response", payload: new Uint8Array(2_000) });
    await wan.send({ device: ESME, lane: "response", payload: Uint8Array.of(7) });
    wan.start(() => {});
    await far.until(() => far.on("up").length === 1);
    expect([far.on("up")[0]?.topic, far.on("up")[0]?.payload[0]]).toEqual([`${BASE}/up/${ESME}/1`, 7]);
    expect(wan.counts().up.dropped.response).toBe(1);
    await wan.stop();
  });

  it("a user name and password are used, and wrong ones do not stop the search for a broker", async () => {
    await using closed = await startMosquitto(["allow_anonymous false"]);
    await using open = await startMosquitto();
    const { link, isUp } = makeLink([closed.url, open.url]);
    link.start();
    await isUp;
    expect(link.status.broker).toBe(1);
    await link.stop();
  });

  it("a broker that allows fewer un-acknowledged publishes is not sent more", async () => {
    await using broker = await startMosquitto(["max_inflight_messages 3"]);
    await using far = await FarEnd.connect(broker.url);
    const wan = makeWan([broker.url]);
    wan.start(() => {});
    await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        wan.send({ device: ESME, lane: "response", payload: Uint8Array.of(n) }),
      ),
    );
    await far.until(() => far.on("up").length === 200);
    expect(far.on("up").map((one) => one.payload[0])).toEqual(Array.from({ length: 200 }, (_, n) => n));
    await wan.stop();
  });
});
