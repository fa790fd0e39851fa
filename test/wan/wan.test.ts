import { expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { Store } from "../../src/store/store.ts";
import { BASE, BROKERS, ESME, FarEnd, id, makeRelay, makeWan } from "./bench.ts";
import { describeMosquitto } from "./mosquitto.ts";

const GSME = Eui64("00db1234567890a1");
const octets = (text: string) => new TextEncoder().encode(text);

describeMosquitto("WAN contract on the wire", () => {
  for (const [name, version, start] of BROKERS) {
    it(`${name}: state is retained, says MQTT ${version}, and goes offline when the hub stops`, async () => {
      await using broker = await start();
      const wan = makeWan([broker.url]);
      await using before = await FarEnd.connect(broker.url);
      wan.state("power", { mains: true });
      wan.start(() => {});
      await before.online();
      await using after = await FarEnd.connect(broker.url);
      await after.online();
      expect(after.on("state")[0]?.retain).toBe(true);
      expect(after.states()[0]).toMatchObject({
        online: true,
        version: "0.0.0-test",
        boot: expect.stringMatching(/^[0-9a-f]{16}$/),
        wan: { mqtt: version },
        power: { mains: true },
        counts: { inbox: 0 },
        dropped: { alert: 0 },
      });
      await wan.stop();
      await after.until(() => after.states().at(-1)?.online === false);
    });

    it(`${name}: the last will says offline when the hub vanishes`, async () => {
      await using broker = await start();
      // A link through a relay that can be cut: the hub itself would say goodbye.
      const { relay, cut } = await makeRelay(broker.url);
      const wan = makeWan([relay]);
      await using far = await FarEnd.connect(broker.url);
      wan.start(() => {});
      await far.online();
      cut();
      await far.until(() => far.states().some((state) => !state.online));
      expect(far.states().find((state) => !state.online)).toMatchObject({ version: "0.0.0-test" });
      await wan.stop();
    });

    it(`${name}: uplinks carry the octets, numbered from 1 per device without a gap, in order`, async () => {
      await using broker = await start();
      await using far = await FarEnd.connect(broker.url);
      const wan = makeWan([broker.url]);
      wan.start(() => {});
      const messages = Array.from({ length: 300 }, (_, n) => Uint8Array.of(n & 0xff, n >> 8, 0, 0xff));
      const outcomes = await Promise.all(
        messages.map((payload, n) => wan.send({ device: n % 3 ? ESME : GSME, lane: "response", payload })),
      );
      expect(new Set(outcomes)).toEqual(new Set(["safe"]));
      await far.until(() => far.on("up").length === 300);
      for (const device of [ESME, GSME]) {
        const own = messages.filter((_, n) => (n % 3 ? ESME : GSME) === device);
        const heard = far.on(`up/${device}`);
        expect(heard.map((one) => one.topic)).toEqual(own.map((_, n) => `${BASE}/up/${device}/${n + 1}`));
        expect(heard.map((one) => [...one.payload])).toEqual(own.map((one) => [...one]));
      }
      await wan.stop();
    });

    it(`${name}: a power alert overtakes what waits, a routine alert does not`, async () => {
      await using broker = await start();
      await using far = await FarEnd.connect(broker.url);
      const wan = makeWan([broker.url]);
      for (const [lane, text] of [
        ["alert", "routine"],
        ["response", "first"],
        ["response", "second"],
        ["power-security", "power"],
      ] as const) {
        await wan.send({ device: ESME, lane, payload: octets(text) });
      }
      wan.start(() => {});
      await far.until(() => far.on("up").length === 4);
      expect(far.on("up").map((one) => one.payload.toString())).toEqual([
        "power",
        "first",
        "second",
        "routine",
      ]);
      expect(far.on("up").map((one) => one.topic.split("/").at(-1))).toEqual(["1", "2", "3", "4"]);
      await wan.stop();
    });

    it(`${name}: a downlink is stored, told so, and handed over with its octets`, async () => {
      await using broker = await start();
      await using far = await FarEnd.connect(broker.url);
      const wan = makeWan([broker.url]);
      const arrived = new Promise<void>((resolve) => wan.start(() => wan.inbox.count() > 0 && resolve()));
      await far.online();
      await far.down(ESME, "m-1", Uint8Array.of(0xdf, 0, 0xff));
      await arrived;
      expect(wan.inbox.fronts(new Set())).toMatchObject([{ id: "m-1", device: ESME }]);
      expect([...(wan.inbox.fronts(new Set())[0]?.payload ?? [])]).toEqual([0xdf, 0, 0xff]);
      await far.until(() => far.receipts("m-1").length === 1);
      expect(far.receipts("m-1")[0]).toEqual({ stage: "stored", at: expect.stringMatching(/^\d{4}-.*Z$/) });
      await wan.stop();
    });

    it(`${name}: a message id used twice is stored once and answered as duplicate`, async () => {
      await using broker = await start();
      await using far = await FarEnd.connect(broker.url);
      const wan = makeWan([broker.url]);
      wan.start(() => {});
      await far.online();
      await far.down(ESME, "m-1", octets("one"));
      await far.down(GSME, "m-1", octets("two"));
      await far.until(() => far.receipts("m-1").length === 2);
      expect(far.receipts("m-1").map((one) => `${one.stage} ${one.reason}`)).toEqual([
        "stored undefined",
        "failed duplicate",
      ]);
      expect(wan.inbox.count()).toBe(1);
      await wan.stop();
    });

    it(`${name}: garbage topics and payloads beyond the limit are refused, and the next message is taken`, async () => {
      await using broker = await start();
      await using far = await FarEnd.connect(broker.url);
      const wan = makeWan([broker.url]);
      wan.start(() => {});
      await far.online();
      await far.down("not-an-eui64", "bad-device", octets("x"));
      await far.down(ESME.toUpperCase(), "upper", octets("x"));
      await far.down(ESME, `i${"d".repeat(64)}`, octets("x"));
      await far.down(ESME, " ", octets("x"));
      await far.down(ESME, "empty", new Uint8Array());
      await far.down(ESME, "large", new Uint8Array(65_537));
      await far.down(ESME, "good", octets("x"));
      await far.until(() => far.receipts("good").length === 1);
      const reasons = ["bad-device", "upper", "large"].map((one) => far.receipts(one)[0]?.reason);
      expect(reasons).toEqual(["no-such-device", "no-such-device", "too-large"]);
      expect(far.receipts("empty")[0]?.stage).toBe("stored");
      expect(wan.counts().refusedTopics).toBe(4);
      expect(wan.inbox.count()).toBe(2);
      await wan.stop();
    });

    it(`${name}: broker gone and back: nothing is lost and repetitions keep their number`, async () => {
      await using broker = await start();
      const wan = makeWan([broker.url]);
      wan.start(() => {});
      const heard = new Map<number, string>();
      const note = (far: FarEnd) => {
        for (const one of far.on("up")) {
          const seq = Number(one.topic.split("/").at(-1));
          const text = one.payload.toString();
          expect(heard.get(seq) ?? text).toBe(text);
          heard.set(seq, text);
        }
      };
      let sent = 0;
      for (let round = 0; round < 4; round++) {
        const far = await FarEnd.connect(broker.url);
        await far.online();
        const sending = Array.from({ length: 100 }, () =>
          wan.send({ device: ESME, lane: "response", payload: octets(`message ${++sent}`) }),
        );
        await Promise.all(sending);
        await far.until(() => far.on("up").length >= 30);
        await broker.close();
        note(far);
        await far[Symbol.asyncDispose]();
        await Promise.all(
          Array.from({ length: 20 }, () =>
            wan.send({ device: ESME, lane: "response", payload: octets(`message ${++sent}`) }),
          ),
        );
        await broker.again();
      }
      await using far = await FarEnd.connect(broker.url);
      // What the broker had acknowledged and lost with its memory is not the hub's to repeat: only numbers must be whole.
      await wan.send({ device: ESME, lane: "response", payload: octets("last") });
      await far.until(() => far.on("up").some((one) => one.payload.toString() === "last"));
      note(far);
      expect(far.on("up").at(-1)?.topic).toBe(`${BASE}/up/${ESME}/${sent + 1}`);
      for (const [seq, text] of heard) expect(text).toBe(seq === sent + 1 ? "last" : `message ${seq}`);
      expect(wan.counts().up.waiting.response).toBeLessThanOrEqual(16);
      await wan.stop();
    });

    it(`${name}: a device's document is retained and can be taken off`, async () => {
      await using broker = await start();
      const wan = makeWan([broker.url]);
      await using far = await FarEnd.connect(broker.url);
      const presence = {
        type: "esme",
        joined: true,
        band: "2.4 GHz",
        signal: { lqi: 200, rssi: -60 },
        lastHeard: null,
      } as const;
      wan.device(ESME, presence);
      wan.device(GSME, { ...presence, type: "gsme" });
      wan.start(() => {});
      await far.until(() => far.on("device").length === 2);
      wan.device(GSME, undefined);
      await far.until(() => far.on("device").length === 3);
      await using later = await FarEnd.connect(broker.url, `${BASE}/device/+`);
      await later.until((heard) => heard.length > 0);
      expect(later.heard.map((one) => [one.topic, JSON.parse(one.payload.toString())])).toEqual([
        [`${BASE}/device/${ESME}`, presence],
      ]);
      await wan.stop();
    });
  }
});

it("a hub that stops in order again and again, as one without its radio does, keeps what it has taken", async () => {
  using store = new Store(":memory:", new SystemClock());
  const wan = () => makeWan(["mqtt://127.0.0.1:9"], {}, store);
  store.transaction(() => wan().inbox.put({ id: id("m1"), device: ESME, payload: octets("kept") }));
  for (let n = 0; n < 8; n++) {
    const started = wan();
    started.start(() => {});
    await started.stop();
  }
  expect(wan().inbox.count()).toBe(1);
});
