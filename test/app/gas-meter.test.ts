import mqtt from "mqtt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { equalBytes, toHex } from "../../src/base/bytes.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { testAuthorities } from "../../src/cbke/index.ts";
import { installCodeKey } from "../../src/cbke/install-code.ts";
import { deviceCredentials } from "../../src/emulator/devices/credentials.ts";
import type { EmulatedDevice } from "../../src/emulator/devices/device.ts";
import { encodeEnvelope } from "../../src/gbcs/envelope/encode.ts";
import { CODE, METER, OTHER_CODE, pause, TestHome, until } from "./home.ts";

const PPMID = Eui64("00db1234567890a4");
const AUTHORITY = 4711;
const PCS01 = 0x009b;
const PCS02 = 0x0090;

let home: TestHome;
let ppmid: EmulatedDevice;
let atPpmid: string[];
/** Payloads of everything that any client of the broker publishes. */
let published: string[];
const scope: (() => Promise<unknown>)[] = [];

/** A house with a gas meter and a PPMID, both with certificates, the meter asleep. */
beforeEach(async () => {
  home = await TestHome.start({
    type: "gsme",
    authority: AUTHORITY,
    answer: (message) => hanOnlyAnswer(message) ?? home.samples.answerTo(message),
    settings: `[[device]]\neui64 = "${PPMID}"\ntype = "ppmid"\ninstallCode = "${toHex(OTHER_CODE)}"`,
  });
  published = [];
  const listener = await mqtt.connectAsync(home.config.wan.broker[0]?.url ?? "");
  scope.push(() => listener.endAsync(true));
  listener.on("message", (_topic, payload) => published.push(toHex(payload)));
  await listener.subscribeAsync("#", { qos: 1 });
  atPpmid = [];
  ppmid = home.emulator.addDevice({
    type: "ppmid",
    eui64: PPMID,
    installCode: OTHER_CODE,
    cbke: deviceCredentials(testAuthorities(AUTHORITY), PPMID),
  });
  ppmid.on((event) => {
    if (event.type === "message-in") atPpmid.push(toHex(event.message));
  });
  const open = () => home.hub.status().devices.filter(({ tunnel }) => tunnel === "open").length;
  await until(() => open() === 2, "both tunnels open");
});

afterEach(async () => {
  await home[Symbol.asyncDispose]();
  for (const end of scope.splice(0)) await end();
});

function gasMeter(): EmulatedDevice {
  const found = home.emulator.devices.find(({ eui64 }) => eui64 === METER);
  if (found === undefined) throw new Error("no gas meter");
  return found;
}

/** `kind` from one device of the house to the other; longer than one frame, as the real ones are. */
function hanOnly(kind: "COMMAND" | "RESPONSE", messageCode: number, counter: bigint): Uint8Array {
  const [originator, target] = kind === "COMMAND" ? [PPMID, METER] : [METER, PPMID];
  const nothing = { dateTime: null, supplementary: null, signature: null };
  const content = new Uint8Array(70).fill(messageCode);
  const mac = new Uint8Array(12).fill(0x5a);
  return encodeEnvelope({ kind, counter, originator, target, messageCode, content, mac, ...nothing });
}

const CASES = [
  { messageCode: PCS01, counter: 11n },
  { messageCode: PCS02, counter: 12n },
];

function hanOnlyAnswer(message: Uint8Array): Uint8Array | undefined {
  const asked = CASES.find(({ messageCode, counter }) =>
    equalBytes(message, hanOnly("COMMAND", messageCode, counter)),
  );
  return asked && hanOnly("RESPONSE", asked.messageCode, asked.counter);
}

function waiting(): number {
  const last = home.events.filter((event) => event.type === "mailbox").at(-1);
  return last?.type === "mailbox" ? last.waiting : 0;
}

function expectNothingOfItAtTheBroker(): void {
  for (const { messageCode, counter } of CASES)
    for (const kind of ["COMMAND", "RESPONSE"] as const) {
      const secret = toHex(hanOnly(kind, messageCode, counter));
      expect(published.filter((payload) => payload.includes(secret))).toEqual([]);
    }
  for (const payload of published) expect(payload).not.toContain(toHex(new Uint8Array(20).fill(PCS01)));
}

describe("a gas meter with certificates and a PPMID in one house", () => {
  it("a Command goes through the mailbox under the key that the meter established by certificate", async () => {
    const meter = gasMeter();
    expect(meter.node.established).toBe(true);
    const key = home.emulator.stack.linkKeys().find(({ eui64 }) => eui64 === METER)?.key;
    expect(key).toBeDefined();
    expect(equalBytes(key ?? new Uint8Array(16), installCodeKey(CODE))).toBe(false);
    const secured: boolean[] = [];
    home.emulator.stack.on((event) => {
      if ((event.type === "incoming" || event.type === "sent") && event.message.cluster === 0x0704)
        secured.push(event.message.apsSecurity);
    });
    const command = home.samples.command();
    const id = await home.offer(METER, command);
    await until(() => waiting() === 1 || home.atMeter.length === 1, "the Command in the mailbox");
    meter.wake();
    await until(() => home.uplinks.length === 1, "its Response");
    expect(home.atMeter).toEqual([toHex(command)]);
    await until(() => home.stages(id).length === 2, "receipts");
    expect(home.stages(id)).toEqual(["stored", "collected"]);
    expect(secured.length).toBeGreaterThan(3);
    expect(secured).not.toContain(false);
    expect(meter.counts).toMatchObject({ refusedInClear: 0, refusedBeforeKey: 0 });
  });

  it.each(CASES)(
    "HAN-only $messageCode goes to the meter and back, and the broker sees nothing of it",
    async (which) => {
      const command = hanOnly("COMMAND", which.messageCode, which.counter);
      expect(await ppmid.send(command)).toBe(true);
      await until(() => waiting() === 1 || home.atMeter.length === 1, "the Command in the mailbox");
      gasMeter().wake();
      await until(() => atPpmid.length === 1, "its Response");
      expect(home.atMeter).toEqual([toHex(command)]);
      expect(atPpmid).toEqual([toHex(hanOnly("RESPONSE", which.messageCode, which.counter))]);
      await home.offer(METER, home.samples.command());
      await until(() => waiting() === 1 || home.atMeter.length === 2, "a Command from outside");
      gasMeter().wake();
      await until(() => home.uplinks.length === 1, "the Response to the outside");
      expectNothingOfItAtTheBroker();
      expect(published.length).toBeGreaterThan(2);
    },
  );

  it("a Response to a PPMID that is off waits on disk, through a restart of the hub, and comes once", async () => {
    for (const { messageCode, counter } of CASES) {
      await ppmid.send(hanOnly("COMMAND", messageCode, counter));
      await until(() => waiting() > 0 || home.atMeter.length > 0, "the Command in the mailbox");
    }
    ppmid.stop();
    const { counts } = gasMeter();
    gasMeter().wake();
    await until(() => counts.messagesOut === 2, "both Responses handed over by the meter");
    await home.restart();
    await pause(500);
    expect(atPpmid).toEqual([]);
    ppmid.start();
    await until(() => atPpmid.length === 2, "both Responses");
    expect(atPpmid).toEqual(
      CASES.map(({ messageCode, counter }) => toHex(hanOnly("RESPONSE", messageCode, counter))),
    );
    await home.restart();
    const open = () => home.hub.status().devices.find(({ type }) => type === "ppmid")?.tunnel;
    await until(() => open() === "open", "the PPMID's tunnel");
    await pause(500);
    expect(atPpmid).toHaveLength(2);
    expectNothingOfItAtTheBroker();
    expect(home.uplinks).toEqual([]);
  });
});
