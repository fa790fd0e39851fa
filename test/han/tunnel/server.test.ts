import { afterEach, describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import { SystemClock } from "../../../src/base/clock.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { TunnelRepository } from "../../../src/han/tunnel/repository.ts";
import type { TunnelUser } from "../../../src/han/tunnel/server.ts";
import { Store } from "../../../src/store/store.ts";
import { decodeTunnelling, encodeTunnelling, type TunnellingCommand } from "../../../src/zcl/tunnelling.ts";
import { HanBench, IHD } from "../join/han-bench.ts";
import type { Joiner } from "../join/joiner.ts";

const GSME = Eui64("00db1234567890a1");
const OTHER = Eui64("00db1234567890a9");
const soon = { timeout: 8_000, interval: 5 };
const REQUEST = {
  name: "RequestTunnel",
  protocolId: 6,
  manufacturerCode: 0xffff,
  flowControlSupport: false,
  maximumIncomingTransferSize: 1_500,
} as const;

let home: HanBench;
let seen: string[];
afterEach(() => home.close());

const mailbox: TunnelUser = {
  opened: (device) => seen.push(`opened ${device}`),
  closed: (device) => seen.push(`closed ${device}`),
  received: (device, data) => seen.push(`received ${device} ${toHex(data.subarray(0, 8))} of ${data.length}`),
};

async function start(store?: Store): Promise<void> {
  seen = [];
  home = await HanBench.start({
    mailbox,
    ...(store === undefined ? {} : { tunnels: new TunnelRepository(store) }),
    devices: [
      { eui64: GSME, type: "gsme" },
      { eui64: OTHER, type: "gsme" },
      { eui64: IHD, type: "ihd" },
    ],
  });
}

async function keyed(eui64: Eui64): Promise<Joiner> {
  const device = home.joiner(eui64);
  await home.admit(device);
  await expect.poll(() => home.joined(eui64) && device.key !== undefined, soon).toBe(true);
  return device;
}

let sequence = 0;
/** Sends a command and returns what comes back: a command, or the status of a Default Response. */
async function ask(device: Joiner, command: TunnellingCommand): Promise<TunnellingCommand | number> {
  const before = device.received.length;
  sequence = (sequence + 1) & 0xff;
  await device.zcl(0x0704, true, encodeTunnelling(command, { sequence, direction: "clientToServer" }));
  await expect.poll(() => device.received.length, soon).toBe(before + 1);
  const { payload, apsSecurity } = device.received.at(-1) ?? {
    payload: new Uint8Array(),
    apsSecurity: false,
  };
  expect(apsSecurity).toBe(true);
  const answer = decodeTunnelling(payload);
  expect(answer.header.sequence).toBe(sequence);
  return answer.command ?? payload.at(-1) ?? -1;
}

async function open(device: Joiner): Promise<number> {
  const answer = await ask(device, REQUEST);
  if (typeof answer === "number" || answer.name !== "RequestTunnelResponse") throw new Error("no answer");
  expect(answer).toMatchObject({ tunnelStatus: 0, maximumIncomingTransferSize: 1_500 });
  return answer.tunnelId;
}

function events(): string[] {
  return home.events.flatMap((event) =>
    event.type === "event" ? [`${event.code.toString(16)} ${event.device}`] : [],
  );
}

describe("the gas meter's tunnel (GBCS 10.2.2.1)", () => {
  it("is opened by the meter, carries both ways up to 1,500 octets, and is closed by it", async () => {
    await start();
    const meter = await keyed(GSME);
    const tunnelId = await open(meter);
    const data = Uint8Array.from({ length: 1_500 }, (_, i) => i & 0xff);
    expect(await ask(meter, { name: "TransferData", tunnelId, data })).toBe(0);
    expect(await home.han.transfer(GSME, data)).toBe("delivered");
    const down = decodeTunnelling(meter.received.at(-1)?.payload ?? new Uint8Array());
    expect(down.header.direction).toBe("serverToClient");
    expect(down.command).toMatchObject({ name: "TransferData", tunnelId, data });
    expect(await home.han.transfer(GSME, new Uint8Array(1_501))).toBe("too-large");
    expect(await ask(meter, { name: "CloseTunnel", tunnelId })).toBe(0);
    expect(await home.han.transfer(GSME, data)).toBe("no-tunnel");
    expect(seen).toEqual([`opened ${GSME}`, `received ${GSME} 0001020304050607 of 1500`, `closed ${GSME}`]);
    expect(events()).toEqual([]);
  });

  it("is one: a meter that asks again has forgotten the first", async () => {
    await start();
    const meter = await keyed(GSME);
    const first = await open(meter);
    const second = await open(meter);
    expect(second).not.toBe(first);
    expect(await ask(meter, { name: "TransferData", tunnelId: first, data: Uint8Array.of(1) })).toMatchObject(
      {
        name: "TransferDataError",
        transferDataStatus: 0,
      },
    );
    expect(seen).toEqual([`opened ${GSME}`, `closed ${GSME}`, `opened ${GSME}`]);
  });

  it("a message in blocks on a tunnel that the hub does not hold stays with the meter: it is not acknowledged", async () => {
    await start();
    const meter = await keyed(GSME);
    await open(meter);
    const put = { name: "TransferData", tunnelId: 77, data: new Uint8Array(200) } as const;
    const frame = encodeTunnelling(put, { sequence: 1, direction: "clientToServer" });
    expect(await meter.zcl(0x0704, true, frame)).toBe("not-delivered");
    expect(seen).toEqual([`opened ${GSME}`]);
  });

  it("is nobody else's", async () => {
    await start();
    const [meter, other] = [await keyed(GSME), await keyed(OTHER)];
    const tunnelId = await open(meter);
    const data = Uint8Array.of(1, 2, 3);
    expect(await ask(other, { name: "TransferData", tunnelId, data })).toMatchObject({
      name: "TransferDataError",
      transferDataStatus: 1,
    });
    expect(await ask(other, { name: "CloseTunnel", tunnelId })).toBe(0x8b);
    expect(events()).toEqual([`81a4 ${OTHER}`]);
    expect(await home.han.transfer(GSME, data)).toBe("delivered");
  });

  it("does not take more than it said", async () => {
    await start();
    const meter = await keyed(GSME);
    const tunnelId = await open(meter);
    expect(await ask(meter, { name: "TransferData", tunnelId, data: new Uint8Array(1_501) })).toMatchObject({
      name: "TransferDataError",
      transferDataStatus: 2,
    });
    expect(seen).toEqual([`opened ${GSME}`]);
  });

  it("goes with the device", async () => {
    await start();
    const meter = await keyed(GSME);
    await open(meter);
    await home.han.removeDevice(GSME);
    expect(seen.at(-1)).toBe(`closed ${GSME}`);
    expect(await home.han.transfer(GSME, Uint8Array.of(1))).toBe("no-tunnel");
  });
});

describe("the gas meter's tunnel and a restart of the hub (A5.4)", () => {
  const data = Uint8Array.of(1, 2, 3);

  it("the meter goes on with the tunnel that it has, both ways, and a new one has another id", async () => {
    await start(new Store(":memory:", new SystemClock()));
    const meter = await keyed(GSME);
    const tunnelId = await open(meter);
    await home.stopHub();
    await home.startHub();
    expect(await ask(meter, { name: "TransferData", tunnelId, data })).toBe(0);
    expect(await home.han.transfer(GSME, data)).toBe("delivered");
    expect(decodeTunnelling(meter.received.at(-1)?.payload ?? new Uint8Array()).command).toMatchObject({
      name: "TransferData",
      tunnelId,
      data,
    });
    expect(await open(meter)).not.toBe(tunnelId);
    expect(seen).toEqual([
      `opened ${GSME}`,
      `received ${GSME} 010203 of 3`,
      `closed ${GSME}`,
      `opened ${GSME}`,
    ]);
  });

  it("a tunnel that the meter closed is not there after it", async () => {
    await start(new Store(":memory:", new SystemClock()));
    const meter = await keyed(GSME);
    const tunnelId = await open(meter);
    await ask(meter, { name: "CloseTunnel", tunnelId });
    await home.stopHub();
    await home.startHub();
    expect(await ask(meter, { name: "TransferData", tunnelId, data })).toMatchObject({
      name: "TransferDataError",
      transferDataStatus: 0,
    });
  });

  it("a tunnel of a device that went off the list meanwhile is gone from the disk", async () => {
    const store = new Store(":memory:", new SystemClock());
    await start(store);
    await open(await keyed(GSME));
    expect(new TunnelRepository(store).all().size).toBe(1);
    await home.stopHub();
    home.without(GSME);
    await home.startHub();
    expect(new TunnelRepository(store).all().size).toBe(0);
  });

  it("a disk that takes nothing costs the meter no more than a new tunnel after it", async () => {
    const store = new Store(":memory:", new SystemClock());
    await start(store);
    const meter = await keyed(GSME);
    store.transaction = () => {
      throw new HanwayError("store/failed", "disk full");
    };
    const tunnelId = await open(meter);
    expect(await home.han.transfer(GSME, data)).toBe("delivered");
    await home.stopHub();
    await home.startHub();
    expect(await home.han.transfer(GSME, data)).toBe("no-tunnel");
    expect(await ask(meter, { name: "TransferData", tunnelId, data })).toMatchObject({
      name: "TransferDataError",
    });
    expect(await open(meter)).toBeGreaterThan(0);
  });
});

describe("a tunnel that is refused (A5.5)", () => {
  it("other kinds of device, with event 0x81BA", async () => {
    await start();
    const display = await keyed(IHD);
    expect(await ask(display, REQUEST)).toBe(0x7e);
    expect(events()).toEqual([`81ba ${IHD}`]);
    expect(seen).toEqual([]);
  });

  it.each([
    ["another protocol", { ...REQUEST, protocolId: 1 }, 3],
    ["a maker's own protocol", { ...REQUEST, manufacturerCode: 0x1234 }, 3],
    ["flow control", { ...REQUEST, flowControlSupport: true }, 4],
  ])("%s, with its tunnel status", async (_, request, tunnelStatus) => {
    await start();
    const meter = await keyed(GSME);
    expect(await ask(meter, request)).toMatchObject({ tunnelId: 0xffff, tunnelStatus });
    expect(events()).toEqual([`81ba ${GSME}`]);
  });

  it("a device that was taken off the list, with event 0x81BA, and it is told to leave", async () => {
    await start();
    const meter = await keyed(GSME);
    await home.stopHub();
    home.without(GSME);
    await home.startHub();
    const frame = encodeTunnelling(REQUEST, { sequence: 1, direction: "clientToServer" });
    await meter.zcl(0x0704, false, frame);
    await expect.poll(events, soon).toEqual([`81ba ${GSME}`]);
    await expect.poll(() => meter.node.state, soon).not.toBe("joined");
    expect(seen).toEqual([]);
  });

  it("which protocols there are is told: GB-HRGP alone", async () => {
    await start();
    const meter = await keyed(GSME);
    expect(await ask(meter, { name: "GetSupportedTunnelProtocols", protocolOffset: 0 })).toMatchObject({
      protocolListComplete: true,
      protocols: [{ manufacturerCode: 0xffff, protocolId: 6 }],
    });
  });
});
