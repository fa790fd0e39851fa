import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { installCodeFromBare } from "../../../src/base/install-code.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { installCodeKey } from "../../../src/cbke/install-code.ts";
import { createEmulatedDevice } from "../../../src/emulator/devices/create.ts";
import type { DeviceEvent, EmulatedDeviceOptions } from "../../../src/emulator/devices/device.ts";
import { recordedResponder } from "../../../src/emulator/devices/responder.ts";
import { Home, METER, seMessage } from "../home.ts";
import { Host } from "../host.ts";

const CODE = installCodeFromBare(fromHex("83fed3407a939723a5c639b26916d505"));
const OPEN = "010500" + "06ffff00dc05";

async function meter(options: Partial<EmulatedDeviceOptions> = {}) {
  const home = new Home(4);
  const device = createEmulatedDevice({
    type: "esme",
    air: home.air,
    clock: home.clock,
    random: new SeededRandom(8),
    eui64: METER,
    installCode: CODE,
    ...options,
  });
  const events: DeviceEvent[] = [];
  device.on((event) => {
    if (event.type !== "changed") events.push(event);
  });
  home.hub.importLinkKey(-1, METER, installCodeKey(CODE));
  home.hub.permitJoining(255);
  device.start();
  await home.run(10_000);
  const host = new Host(home.hub);
  const ask = async (hex: string, more: Parameters<typeof seMessage>[2] = {}) => {
    host.received.length = 0;
    const payload = fromHex(hex);
    if (payload.length <= 73) home.hub.unicast(seMessage(device.node.nodeId, payload, more));
    else void host.send(device.node.nodeId, payload);
    await home.run(5_000);
    return host.received.map(toHex);
  };
  return { home, device, events, host, ask };
}

describe("emulated ESME", () => {
  test("answers ZDO discovery: the tunnel server is found by Match_Desc", async () => {
    const { home, device } = await meter();
    const { nodeId } = device.node;
    const low = nodeId & 0xff;
    const high = nodeId >> 8;
    const zdo = async (cluster: number, ...body: number[]) => {
      home.hub.unicast({
        ...seMessage(nodeId, Uint8Array.of(0x55, ...body), { apsSecurity: false }),
        profile: 0,
        cluster,
        sourceEndpoint: 0,
        destinationEndpoint: 0,
      });
      await home.run(100);
      return home.of("incoming").at(-1)?.message;
    };
    const match = await zdo(0x0006, low, high, 0x09, 0x01, 1, 0x04, 0x07, 0);
    expect(match).toMatchObject({ cluster: 0x8006, payload: Uint8Array.of(0x55, 0, low, high, 1, 1) });
    const none = await zdo(0x0006, low, high, 0x09, 0x01, 1, 0x06, 0x00, 0);
    expect(none?.payload).toEqual(Uint8Array.of(0x55, 0x86, low, high, 0));
    const endpoints = await zdo(0x0005, low, high);
    expect(endpoints?.payload).toEqual(Uint8Array.of(0x55, 0, low, high, 2, 1, 2));
    const simple = await zdo(0x0004, low, high, 1);
    expect(toHex(simple?.payload ?? new Uint8Array())).toBe(
      `5500${toHex(Uint8Array.of(low, high))}1c0109010105000500000207040705070008050a00190025000b070008`,
    );
    const node = await zdo(0x0002, low, high);
    expect(node?.payload.slice(0, 7)).toEqual(Uint8Array.of(0x55, 0, low, high, 2, 0x40, 0x8c));
    const address = await zdo(0x0001, low, high, 0, 0);
    expect(toHex(address?.payload ?? new Uint8Array())).toBe(
      `5500a09078563412db00${toHex(Uint8Array.of(low, high))}`,
    );
  });

  test("Basic is read under the network key alone; other clusters refuse a frame in clear (ZSE 5.4.6)", async () => {
    const { ask, device } = await meter();
    expect(await ask("0007000500", { cluster: 0, apsSecurity: false })).toEqual([
      `180701050000420d${toHex(new TextEncoder().encode("emulated ESME"))}`,
    ]);
    expect(await ask("0008001234", { cluster: 0, apsSecurity: false })).toEqual(["180801123486"]);
    expect(await ask(OPEN, { apsSecurity: false })).toEqual(["18050b0001"]);
    expect(device.counts.refusedInClear).toBe(1);
    expect(device.tunnelIds).toEqual([]);
  });

  test("unknown clusters, commands and cut-short frames get their Default Response", async () => {
    const { ask, device } = await meter();
    expect(await ask("010900", { cluster: 0x0006 })).toEqual(["18090b00c3"]);
    expect(await ask("010a77", { cluster: 0x0704 })).toEqual(["180a0b7781"]);
    expect(await ask("010b00", { cluster: 0x0704 })).toEqual(["180b0b0080"]);
    expect(await ask("000c00aa", { cluster: 0x0704 })).toEqual(["180c0b0080"]);
    expect(await ask("180d0b0000", { cluster: 0x0704 })).toEqual([]);
    expect(await ask("01", { cluster: 0x0704 })).toEqual([]);
    expect(device.counts.malformed).toBe(3);
    expect(await ask("000e000000", { cluster: 0x0704 })).toEqual(["180e01000000" + "21ffff"]);
  });

  test("RequestTunnel: protocol 6 opens, asked again gives the same id, all else is refused (GBCS 10.2.2)", async () => {
    const { ask, events } = await meter();
    expect(await ask(OPEN)).toEqual(["190500" + "010000dc05"]);
    expect(await ask(OPEN)).toEqual(["190500" + "010000dc05"]);
    expect(events.filter(({ type }) => type === "tunnel-open")).toHaveLength(1);
    expect(await ask("010600" + "00ffff00dc05")).toEqual(["190600" + "ffff03dc05"]);
    expect(await ask("010700" + "06341200dc05")).toEqual(["190700" + "ffff03dc05"]);
    expect(await ask("010800" + "06ffff01dc05")).toEqual(["190800" + "ffff04dc05"]);
    expect(await ask("010906" + "00")).toEqual(["190905" + "0101ffff06"]);
  });

  test("TransferData goes to the handler and its answer comes back through the tunnel", async () => {
    const { ask, device, events } = await meter({
      messageHandler: async (message) => Uint8Array.from(message).reverse(),
    });
    await ask(OPEN);
    expect(await ask("110602" + "0100" + "c0ffee")).toEqual(["190101" + "0100" + "eeffc0"]);
    expect(device.counts).toMatchObject({ messagesIn: 1, messagesOut: 1, undelivered: 0 });
    expect(events.slice(-2).map(({ type }) => type)).toEqual(["message-in", "message-out"]);
    expect(await ask("010702" + "0100" + "aa")).toEqual(["18070b0200", "190201" + "0100" + "aa"]);
  });

  test("what the hub did not acknowledge is kept, and sent again in order when the hub is back", async () => {
    const { home, ask, device } = await meter();
    await ask(OPEN);
    const snapshot = JSON.parse(JSON.stringify(home.hub.snapshot()));
    home.hub.close();
    const messages = [1, 2, 3].map((n) => new Uint8Array(120).fill(n));
    const outcomes = Promise.all(messages.map((message) => device.send(message)));
    await home.run(30_000);
    expect(device.counts).toMatchObject({ messagesOut: 0, undelivered: 0 });
    home.restart(snapshot);
    const { received } = new Host(home.hub);
    await home.run(20_000);
    expect(await outcomes).toEqual([true, true, true]);
    expect(received.map((frame) => toHex(frame).slice(10))).toEqual(messages.map(toHex));
  });

  test("a message that nobody takes is given up in the end", async () => {
    const { home, ask, device } = await meter({ resend: { pauseMs: 1_000, giveUpMs: 20_000 } });
    await ask(OPEN);
    home.hub.close();
    const sent = device.send(new Uint8Array(120));
    await home.run(60_000);
    expect(await sent).toBe(false);
    expect(device.counts.undelivered).toBe(1);
  });

  test("messages of 1,500 octets pass in both directions; longer than a side takes is refused", async () => {
    const answers = new Map([
      [1_500, 1_500],
      [3, 1_501],
    ]);
    const { ask, device } = await meter({
      messageHandler: (message) => new Uint8Array(answers.get(message.length) ?? 0).fill(message[0] ?? 0),
    });
    await ask(OPEN);
    const [frame] = await ask(`1106020100${"5a".repeat(1_500)}`);
    expect(frame).toBe(`1901010100${"5a".repeat(1_500)}`);
    expect(await ask(`1107020100${"5a".repeat(1_501)}`)).toEqual(["190702" + "0100" + "02"]);
    expect(await ask("110802" + "0100" + "5a5a5a")).toEqual([]);
    expect(device.counts.undelivered).toBe(1);
  });

  test("with a size of 4,096 set, messages of that size pass", async () => {
    const { ask } = await meter({
      messageHandler: (message) => message,
      tunnel: { maximumIncomingTransferSize: 4_096 },
    });
    expect(await ask("010500" + "06ffff000010")).toEqual(["190500" + "0100000010"]);
    const [frame] = await ask(`1106020100${"a5".repeat(4_096)}`);
    expect(frame?.slice(10)).toBe("a5".repeat(4_096));
  });

  test("TransferDataError for an unknown tunnel and for another's tunnel; CloseTunnel by its owner only", async () => {
    const { ask, device } = await meter();
    expect(await ask("110602" + "0700" + "aa")).toEqual(["190602" + "0700" + "00"]);
    await ask(OPEN);
    expect(await ask("110702" + "0100" + "aa", { sourceEndpoint: 9 })).toEqual(["190702" + "0100" + "01"]);
    expect(await ask("010801" + "0100", { sourceEndpoint: 9 })).toEqual(["18080b018b"]);
    expect(device.tunnelIds).toHaveLength(1);
    expect(await ask("010901" + "0100")).toEqual(["18090b0100"]);
    expect(await ask("010a01" + "0100")).toEqual(["180a0b018b"]);
    expect(device.tunnelIds).toEqual([]);
  });

  test("an idle tunnel is closed with a notification after CloseTunnelTimeout", async () => {
    const { home, ask, host, device } = await meter({ tunnel: { closeTunnelTimeout: 60 } });
    await ask(OPEN);
    await home.run(30_000);
    await ask("110602" + "0100" + "aa");
    await home.run(50_000);
    expect(device.tunnelIds).toHaveLength(1);
    host.received.length = 0;
    await home.run(20_000);
    expect(host.received.map((bytes) => toHex(bytes).slice(4))).toEqual(["06" + "0100"]);
    expect(device.tunnelIds).toEqual([]);
  });

  test("tunnels are numbered and limited", async () => {
    const { ask } = await meter({ tunnel: { maximumTunnels: 2 } });
    for (const [endpoint, answer] of [
      [1, "010000dc05"],
      [2, "020000dc05"],
      [3, "ffff02dc05"],
    ] as const)
      expect(await ask(OPEN, { sourceEndpoint: endpoint })).toEqual([`190500${answer}`]);
  });

  test("an Alert of the meter's own goes through the open tunnel, and nowhere without one", async () => {
    const { home, host, ask, device } = await meter();
    expect(await device.send(Uint8Array.of(1))).toBe(false);
    await ask(OPEN);
    host.received.length = 0;
    const sent = device.send(fromHex("df0901"));
    await home.run(5_000);
    expect(await sent).toBe(true);
    expect(host.received.map(toHex)).toEqual(["190101" + "0100" + "df0901"]);
  });

  test("a removed meter forgets its tunnels and joins again when admitted", async () => {
    const { home, ask, device, events } = await meter();
    await ask(OPEN);
    home.hub.permitJoining(0);
    home.hub.removeDevice(METER);
    await home.run(1_000);
    expect(device.tunnelIds).toEqual([]);
    expect(events.slice(-2).map(({ type }) => type)).toEqual(["tunnel-closed", "left"]);
    home.hub.permitJoining(255);
    await home.run(30_000);
    expect(events.at(-1)).toMatchObject({ type: "joined", how: "joined" });
    expect(await ask(OPEN)).toEqual(["190500" + "020000dc05"]);
  });

  test("recorded Responses are found by the Command's octets alone", async () => {
    const respond = recordedResponder([
      { command: Uint8Array.of(1), response: Uint8Array.of(2) },
      { command: Uint8Array.of(1), response: Uint8Array.of(3) },
    ]);
    expect(respond(Uint8Array.of(1))).toEqual(Uint8Array.of(2));
    expect(respond(Uint8Array.of(1, 0))).toBeUndefined();
  });
});
