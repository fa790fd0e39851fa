import { afterEach, describe, expect, it } from "vitest";
import { encodeTunnelling } from "../../src/zcl/tunnelling.ts";
import { pause, TestHome, until } from "./home.ts";

let home: TestHome;
afterEach(async () => {
  await home[Symbol.asyncDispose]();
});

const codes = () => home.hub.chf?.logs.read("event", 0, 0xffff_ffff).map(({ code }) => code) ?? [];

/** The meter, which has no business doing so, asks the hub for a tunnel. */
async function askForTunnel(): Promise<void> {
  const command = {
    name: "RequestTunnel",
    protocolId: 6,
    manufacturerCode: 0xffff,
    flowControlSupport: false,
    maximumIncomingTransferSize: 1_500,
  } as const;
  const payload = encodeTunnelling(command, { sequence: 1, direction: "clientToServer" });
  await home.emulator.devices[0]?.node.send({
    nodeId: 0,
    profile: 0x0109,
    cluster: 0x0704,
    sourceEndpoint: 1,
    destinationEndpoint: 1,
    apsSecurity: true,
    payload,
  });
}

describe("the home network in the CHF Event Log, on the wire", () => {
  it("A2.16, A5.5: a meter joins once and asks for tunnels again and again; the state document is not told of it", async () => {
    const settings = "[chf.hanEvents]\nperDevice = 3";
    home = await TestHome.start({ chf: true, settings });
    await home.tunnelOpen();
    expect(codes()).toEqual([0x8183]);
    await pause(300);
    const told = home.states.length;
    for (let n = 0; n < 10; n++) await askForTunnel();
    await until(() => home.events.filter(({ type }) => type === "event").length === 10, "ten refusals");
    expect(codes()).toEqual([0x8183, 0x81ba, 0x81ba, 0x81ba]);
    await pause(300);
    expect(home.states.length).toBe(told);
    home.events.length = 0;
    await home.restart();
    await home.tunnelOpen();
    expect(codes().filter((code) => code === 0x8183)).toHaveLength(1);
  }, 30_000);
});
