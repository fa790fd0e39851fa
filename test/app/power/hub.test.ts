import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { FarParty } from "../../chf/far-end.ts";
import { BROKER_PARTY, CHF, TestHome, until } from "../home.ts";

let folder: string;
let home: TestHome;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-mains-"));
});
afterEach(async () => {
  await home[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe("A9 in a running hub", () => {
  it("mains lost: state, Alert 0x8F57 at the far end and the event log; across a restart no second one; then 0x8F35", async () => {
    const input = join(folder, "value");
    writeFileSync(input, "1");
    const settings = `[power]
input = ${JSON.stringify(input)}
alertSeconds = 1
pollMilliseconds = 50
settleMilliseconds = 0
alert = "critical"`;
    home = await TestHome.start({ chf: true, listed: false, joinSeconds: 0, settings });
    const power = () => home.states.at(-1)?.power;
    const codes = () => home.hub.chf?.logs.read("event", 0, 0xffff_ffff).map(({ code }) => code);
    await until(() => JSON.stringify(power())?.includes('"mains":"present"') === true, "mains seen");
    writeFileSync(input, "0");
    await until(() => home.uplinks.length === 1, "the Alert");
    const acb = new FarParty(home.parties.keystore, BROKER_PARTY, CHF);
    expect(acb.alert(fromHex(home.uplinks[0] ?? "")).code).toBe(0x8f57);
    await until(() => JSON.stringify(power())?.includes('"alert":{') === true, "the alert in state");
    expect(codes()).toEqual([0x8f57]);
    await home.restart();
    await until(() => JSON.stringify(power())?.includes('"mains":"lost"') === true, "mains seen again");
    writeFileSync(input, "1");
    await until(() => codes()?.length === 2, "the return in the event log");
    expect(codes()).toEqual([0x8f57, 0x8f35]);
    expect(home.uplinks).toHaveLength(1);
  }, 60_000);
});
