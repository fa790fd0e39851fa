import { afterEach, describe, expect, it } from "vitest";
import { fromHex } from "../../src/base/bytes.ts";
import { describe as described } from "../../src/cli/gbcs/describe.ts";
import { readAddress } from "../../src/gbcs/address.ts";
import { BROKER_PARTY, METER, pause, TestHome, until } from "./home.ts";

let home: TestHome;
afterEach(async () => {
  await home[Symbol.asyncDispose]();
});

describe("A4.7 on the wire: a Command that its ESME cannot take", () => {
  it("comes back as a receipt and one alert 0x8F84, which gbcs decode reads and verifies", async () => {
    home = await TestHome.start({ chf: true, transferSize: 64 });
    await home.tunnelOpen();
    const command = home.samples.command();
    const id = await home.offer(METER, command);
    const { keystore } = home.parties;
    const undelivered = () =>
      home.uplinks
        .map((hex) => described(fromHex(hex), keystore))
        .filter(({ useCase }) => useCase?.code === "FTDA");
    await until(() => home.stages(id).length === 2, "the receipt");
    await until(() => undelivered().length > 0, "the alert");
    expect(home.stages(id)).toEqual(["stored", "failed too-large"]);
    const address = readAddress(command);
    if ("refused" in address) throw new Error("the sample is no message");
    const counter = address.counter.toString(16).padStart(16, "0");
    expect(undelivered()).toMatchObject([
      {
        envelope: { kind: "ALERT", target: BROKER_PARTY, messageCode: 0x00d5 },
        protection: { signature: "absent", mac: "verified" },
        objects: [{ value: 0x8f84 }, {}, { value: `${address.originator}${METER}01${counter}` }],
      },
    ]);
    await pause(200);
    expect(undelivered()).toHaveLength(1);
  }, 30_000);

  it("a hub without keys of its own sends the receipt alone", async () => {
    home = await TestHome.start({ transferSize: 64 });
    await home.tunnelOpen();
    const id = await home.offer(METER, home.samples.command());
    await until(() => home.stages(id).length === 2, "the receipt");
    await pause(200);
    expect([home.stages(id).at(-1), home.uplinks]).toEqual(["failed too-large", []]);
  }, 30_000);
});
