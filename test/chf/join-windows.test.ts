import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromHex } from "../../src/base/bytes.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { addition, FarParty } from "./far-end.ts";
import { CHF, TestHub } from "./hub.ts";
import { PARTY, testKeystore } from "./pki.ts";

const keystore = testKeystore();
const ESME = Eui64("00db1234567890a0");
const CODE = "30313233343536373839414243444546";
const OLD_KEY = fromHex("000102030405060708090a0b0c0d0e0f");

let hub: TestHub;
let acb: FarParty;

function start(historicWindow: "each" | "halves" = "each"): void {
  acb = new FarParty(keystore, PARTY.acb, CHF);
  hub = new TestHub({ keystore, settings: { historicWindow } });
  hub.deviceLog.add(ESME, "esme", { key: OLD_KEY, from: "install-code" });
  hub.deviceLog.linkKeyEstablished(ESME, OLD_KEY);
  hub.deviceLog.remove(ESME);
}

async function add(): Promise<void> {
  expect(acb.results(await hub.answer(acb.command("CCS01", addition(ESME, CODE))))).toEqual([0, 0, 0]);
}

/** Lets what a timer began come to its end. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

const opened = () => hub.han.calls.filter((call) => call.startsWith("openJoining"));

beforeEach(() => start());
afterEach(() => hub[Symbol.dispose]());

describe("a device of the Historic Device Log that is added again (A2.9)", () => {
  it("may first use its old key, then for as long again its install code", async () => {
    await add();
    expect(opened()).toEqual([`openJoining ${ESME} link-key 90`]);
    expect(hub.han.open[0]?.device.key).toEqual(OLD_KEY);
    hub.clock.advance(89_000);
    expect(opened()).toHaveLength(1);
    hub.clock.advance(1_000);
    await settled();
    expect(opened()[1]).toBe(`openJoining ${ESME} install-code 90`);
    hub.clock.advance(90_000);
    await settled();
    expect(opened()).toHaveLength(2);
    expect(hub.store.prepare("SELECT * FROM chf_join_window").all()).toEqual([]);
  });

  it("shares one window between both keys where the setting says so", async () => {
    hub[Symbol.dispose]();
    start("halves");
    await add();
    expect(opened()).toEqual([`openJoining ${ESME} link-key 45`]);
    hub.clock.advance(45_000);
    await settled();
    expect(opened()[1]).toBe(`openJoining ${ESME} install-code 45`);
  });

  it("is through with its old key: the hash goes up by CS14 and its install code has no turn", async () => {
    await add();
    const told = hub.sent.length;
    hub.deviceLog.linkKeyEstablished(ESME, OLD_KEY);
    expect(hub.sent).toHaveLength(told + 1);
    hub.clock.advance(300_000);
    await settled();
    expect(opened()).toHaveLength(1);
  });

  it("has no window any more once it is removed", async () => {
    await add();
    await hub.answer(acb.command("CCS02", { unregister_device: ESME }));
    hub.clock.advance(300_000);
    await settled();
    expect(opened()).toHaveLength(1);
  });

  it("is told to nobody as in the log before the Command is stored", async () => {
    const execution = await hub.chf.executor.execute({
      id: "x" as never,
      device: CHF,
      payload: acb.command("CCS01", addition(ESME, CODE)),
    });
    expect(hub.deviceLog.mayJoin(ESME)).toBe(false);
    expect(hub.store.prepare("SELECT * FROM chf_join_window").all()).toEqual([]);
    hub.store.transaction(() => execution.writes?.());
    expect(hub.deviceLog.mayJoin(ESME)).toBe(true);
  });
});
