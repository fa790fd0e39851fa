import { afterEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { CHF, GPF, METER, OTHER_CODE, pause, TestHome, until } from "./home.ts";

let home: TestHome;
afterEach(async () => {
  await home[Symbol.asyncDispose]();
});

describe.each([13, 18])("a hub on an EZSP %i coordinator", (ezsp) => {
  it("forms a network, admits the meter by its install code, opens a tunnel and relays both ways unchanged", async () => {
    home = await TestHome.start({ ezsp });
    await home.tunnelOpen();
    const command = home.samples.command();
    const id = await home.offer(METER, command);
    await until(() => home.uplinks.length === 1, "Response at the far end");
    expect(home.atMeter).toEqual([toHex(command)]);
    expect(home.samples.registerIn(fromHex(home.uplinks[0] ?? ""))).toBe(4_217_350);
    await until(() => home.stages(id).length === 2, "receipts");
    expect(home.stages(id)).toEqual(["stored", "delivered"]);
    expect(home.hub.status().network).toMatchObject({ extendedPanId: GPF, formed: true });
  });
});

describe("who is admitted", () => {
  it("keeps out a device whose install code is not the one put in, and says so in one line", async () => {
    home = await TestHome.start({ codeInHub: OTHER_CODE });
    const said = () => home.log.filter((line) => line.sentence.includes("install code is probably not"));
    await until(() => said().length === 1, "the line about the install code");
    await pause(2_000);
    expect(said()).toHaveLength(1);
    expect(home.events.filter((event) => event.type === "joined")).toHaveLength(0);
  });

  it("keeps out a device for which no install code was put in", async () => {
    home = await TestHome.start({ codeInHub: null });
    await pause(2_500);
    expect(home.events.filter((event) => event.type === "joined")).toHaveLength(0);
    expect(home.emulator.stack.children()).toHaveLength(0);
  });

  it("admits nobody when joinSeconds is 0", async () => {
    home = await TestHome.start({ joinSeconds: 0 });
    await pause(2_500);
    expect(home.emulator.stack.children()).toHaveLength(0);
  });
});

describe("downlinks that go nowhere (receipt reasons of the WAN contract)", () => {
  it("refuses each with its reason and puts nothing on the HAN", async () => {
    home = await TestHome.start();
    await home.tunnelOpen();
    const command = home.samples.command();
    const stranger = Eui64("00db1234567890ff");
    const forStranger = withTarget(command, stranger);
    const garbage = Uint8Array.from({ length: 90 }, (_, i) => (i * 37) & 0xff);
    const large = withContent(command, 1_600);
    const offers: [Eui64, Uint8Array, string][] = [
      [stranger, forStranger, "failed no-such-device"],
      [stranger, command, "failed address-mismatch"],
      [METER, garbage, "failed not-gbcs"],
      [METER, new Uint8Array(0), "failed not-gbcs"],
      [METER, command.subarray(0, command.length - 1), "failed not-gbcs"],
      [METER, large, "failed too-large"],
      [CHF, withTarget(command, CHF), "failed unsupported"],
      [GPF, withTarget(command, GPF), "failed unsupported"],
    ];
    for (const [device, payload, outcome] of offers) {
      const id = await home.offer(device, payload);
      await until(() => home.stages(id).includes(outcome), `${outcome}, got ${home.stages(id)}`);
    }
    expect(home.atMeter).toEqual([]);
  });

  it("tells an offer under an id used before from a new one", async () => {
    home = await TestHome.start();
    await home.tunnelOpen();
    const id = await home.offer(METER, home.samples.command());
    await until(() => home.stages(id).includes("delivered"), "delivery");
    await home.farEnd.send(METER, id as never, home.samples.command());
    await until(() => home.stages(id).includes("failed duplicate"), "duplicate receipt");
    expect(home.atMeter).toHaveLength(1);
  });
});

describe("a coordinator that misbehaves", () => {
  it.each(["close", "reset", "error"] as const)(
    "survives %s in the middle of messages; the link is back and every message arrives",
    async (fault) => {
      home = await TestHome.start();
      await home.tunnelOpen();
      const commands = Array.from({ length: 12 }, () => home.samples.command());
      const offered = commands.map((command) => home.offer(METER, command));
      await until(() => home.atMeter.length >= 2, "the first messages");
      home.emulator.faults.inject({ name: fault });
      await Promise.all(offered);
      await until(() => new Set(home.uplinks).size === commands.length, "all Responses");
      expect(new Set(home.atMeter)).toEqual(new Set(commands.map((command) => toHex(command))));
      expect(home.hub.status().network).toBeDefined();
    },
    30_000,
  );
});

describe("a frame that breaks the security policy", () => {
  it("is refused when it comes in clear on a cluster that needs the link key", async () => {
    home = await TestHome.start();
    await home.tunnelOpen();
    const meter = home.emulator.devices[0];
    const transfer = Uint8Array.of(0x19, 0x01, 0x01, 0x01, 0x00, ...home.samples.command());
    const sent = await meter?.node.send({
      nodeId: 0,
      profile: 0x0109,
      cluster: 0x0704,
      sourceEndpoint: 1,
      destinationEndpoint: 1,
      apsSecurity: false,
      payload: transfer,
    });
    expect(sent).toBe("delivered");
    await until(() => home.log.some((line) => line.sentence.includes("without APS encryption")), "log line");
    expect(home.uplinks).toEqual([]);
  });
});

/** The same message for another target; the MAC no longer fits, which is no business of the hub. */
function withTarget(message: Uint8Array, target: Eui64): Uint8Array {
  const at = toHex(message).indexOf(METER) / 2;
  const changed = message.slice();
  changed.set(fromHex(target), at);
  return changed;
}

/** A whole GBCS pre-command with a content of so many octets. */
function withContent(message: Uint8Array, octets: number): Uint8Array {
  const header = fromHex(
    `df0901${"00".repeat(7)}0108${toHex(message).match(/90b3d51f30000002/)?.[0]}08${METER}00020027`,
  );
  const length = Uint8Array.of(0x82, octets >> 8, octets & 0xff);
  return Uint8Array.of(...header, ...length, ...new Uint8Array(octets), 0);
}
