import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PAYMENT_MODE } from "../../../../src/emulator/devices/esme/account.ts";
import { METER_CODE } from "../../../../src/emulator/devices/esme/alerts.ts";
import { SUPPLY } from "../../../../src/emulator/devices/esme/supply.ts";
import {
  decodeBlock,
  encodeBlock,
  gbtSettings,
  isBlock,
  splitMessage,
} from "../../../../src/gbcs/gbt/index.ts";
import { MeterBench, NOON } from "./bench.ts";

const HOUR = 3_600_000;
const UTRN = "73946144332040217315";

describe("reads of an executing ESME", () => {
  it("the import register counts a load that is the same for the same seed (ECS17b)", () => {
    const [one, two, other] = [new MeterBench(), new MeterBench(), new MeterBench({ seed: 8 })];
    const benches = [one, two, other];
    const first = benches.map((bench) => bench.read("ECS17b"));
    for (const bench of benches) bench.clock.advance(24 * HOUR);
    const later = benches.map((bench) => bench.read("ECS17b"));
    expect(first[0]).toEqual(first[1]);
    expect(later[0]).toEqual(later[1]);
    expect(later[0]).not.toEqual(first[0]);
    expect(later[0]).not.toEqual(later[2]);
    expect(later[0]?.[0]).toMatchObject({ protected: true });
  });

  it("half hours add up to what the register counted (ECS22b)", () => {
    const bench = new MeterBench();
    const before = bench.meter.parts.register.wh;
    bench.clock.advance(6 * HOUR);
    const from = new Date(NOON).toISOString();
    const to = new Date(NOON + 6 * HOUR).toISOString();
    const [item] = bench.read("ECS22b", { from, to });
    const entries = item?.value;
    expect(Array.isArray(entries) && entries.length).toBe(12);
    const log = bench.meter.parts.register.log;
    const sum = log.reduce((total, { periodWh }) => total + periodWh, 0);
    expect(Math.abs(sum - (bench.meter.parts.register.wh - before))).toBeLessThanOrEqual(12);
  });

  it("the load switch, the balance and the firmware version (ECS45, ECS82, ECS52)", () => {
    const bench = new MeterBench({ account: { balance: 250_000 } });
    expect(bench.read("ECS45")[0]).toMatchObject({ value: 1, result: "success" });
    expect(bench.read("ECS82")[0]).toMatchObject({ value: 250_000, result: "success" });
    expect(bench.read("ECS52")[0]).toMatchObject({ result: "success" });
  });
});

describe("Commands that change an executing ESME", () => {
  it("ECS43, ECS44, ECS42 disable, arm and enable; a disabled supply counts nothing", () => {
    const bench = new MeterBench();
    expect(bench.send(bench.command("ECS43"))?.failures).toEqual([]);
    expect(bench.meter.parts.supply.state).toBe(SUPPLY.disabled);
    const before = bench.meter.parts.register.wh;
    bench.clock.advance(5 * HOUR);
    expect(bench.meter.parts.register.wh).toBe(before);
    expect(bench.send(bench.command("ECS44"))?.failures).toEqual([]);
    expect(bench.meter.parts.supply.state).toBe(SUPPLY.armed);
    expect(bench.send(bench.command("ECS42"))?.failures).toEqual([]);
    expect(bench.meter.parts.supply.state).toBe(SUPPLY.enabled);
    bench.clock.advance(HOUR);
    expect(bench.meter.parts.register.wh).toBeGreaterThan(before);
  });

  it("CS01a credits a code once; the same code again is refused by its result", () => {
    const bench = new MeterBench();
    expect(bench.send(bench.command("CS01a", { utrn: UTRN }))?.failures).toEqual([]);
    expect(bench.meter.parts.account.now.balance).toBe(1_000_000);
    expect(bench.send(bench.command("CS01a", { utrn: UTRN }))?.failures).toHaveLength(1);
    expect(bench.meter.parts.account.now.balance).toBe(1_000_000);
  });

  it("a prepayment meter runs out and disables; a top-up arms it", () => {
    const bench = new MeterBench({ account: { mode: PAYMENT_MODE.prepayment, balance: 10_000 } });
    bench.clock.advance(12 * HOUR);
    expect(bench.meter.parts.supply.state).toBe(SUPPLY.disabled);
    bench.send(bench.command("CS01a", { utrn: UTRN }));
    expect(bench.meter.parts.supply.state).toBe(SUPPLY.armed);
  });

  it("a top-up does not switch on what the supplier switched off", () => {
    const bench = new MeterBench({ account: { mode: PAYMENT_MODE.prepayment, balance: 10_000 } });
    bench.send(bench.command("ECS43"));
    bench.send(bench.command("CS01a", { utrn: UTRN }));
    expect(bench.meter.parts.supply.state).toBe(SUPPLY.disabled);
  });

  it("ECS70 relies on the time within the interval, and reports a time without (8F0C)", () => {
    const bench = new MeterBench();
    const set = (from: number, to: number) => {
      const [start, end] = [from, to].map((at) => new Date(at).toISOString());
      return bench.read("ECS70", { validity_interval_start: start, validity_interval_end: end });
    };
    expect(set(NOON - HOUR, NOON + HOUR).at(-1)).toMatchObject({ value: 0 });
    expect(bench.alerts()).toEqual([]);
    expect(set(NOON + HOUR, NOON + 2 * HOUR).at(-1)).toMatchObject({ value: 1 });
    expect(bench.alerts()).toEqual([0x1000]);
  });

  it("CS03A1 and CS04AC put a device into the meter's log and take it out", () => {
    const bench = new MeterBench();
    const other = "02fa17e0000000a5";
    const join = bench.send(bench.command("CS03A1", { device: other, deviceType: 4 }));
    expect(join?.failures).toEqual([]);
    const clash = bench.send(bench.command("CS03A1", { device: other, deviceType: 5 }));
    expect(clash?.failures).toHaveLength(1);
    expect(bench.send(bench.command("CS04AC", { device: other }))?.failures).toEqual([]);
    expect(bench.send(bench.command("CS04AC", { device: other }))?.failures).toHaveLength(1);
    expect(bench.securityCodes()).toEqual([
      METER_CODE.joined,
      METER_CODE.joinFailed,
      METER_CODE.unjoined,
      METER_CODE.unjoinFailed,
    ]);
  });
});

describe("what an executing ESME does not take", () => {
  it("a wrong MAC: no Response, nothing changed, alert and log entry 8F3D", () => {
    const bench = new MeterBench();
    const command = bench.command("ECS43");
    const damaged = command.message.slice();
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    expect(bench.send(command, damaged)).toBeUndefined();
    expect(bench.meter.parts.supply.state).toBe(SUPPLY.enabled);
    expect(bench.alerts()).toEqual([0x1000]);
    expect(bench.securityCodes()).toEqual([METER_CODE.trustedSourceAuthentication]);
    expect(bench.send(command)?.failures).toEqual([]);
  });

  it("a wrong role: no Response, alert and log entry 8F30", () => {
    const bench = new MeterBench();
    const command = bench.command("ECS43", {}, { as: "network-operator", force: true });
    expect(bench.send(command)).toBeUndefined();
    expect(bench.meter.parts.supply.state).toBe(SUPPLY.enabled);
    expect(bench.securityCodes()).toEqual([METER_CODE.noAuthority]);
  });

  it("a party it does not trust: no Response, log entry 8F3E", () => {
    const bench = new MeterBench();
    const command = bench.command("ECS43", {}, { as: "second-supplier", force: true });
    expect(bench.send(command)).toBeUndefined();
    expect(bench.securityCodes()).toEqual([METER_CODE.unauthorisedCommunication]);
  });

  it("a counter used before: no Response, log entry 8F53, no alert", () => {
    const bench = new MeterBench();
    const command = bench.command("ECS43");
    expect(bench.send(command)).toBeDefined();
    bench.send(bench.command("ECS42"));
    expect(bench.send(command)).toBeUndefined();
    expect(bench.meter.parts.supply.state).toBe(SUPPLY.enabled);
    expect(bench.securityCodes()).toEqual([METER_CODE.authenticationFailed]);
    expect(bench.alerts()).toEqual([]);
  });

  it("any one bit of a Command wrong: no Response and nothing changed", () => {
    const bench = new MeterBench();
    const { message } = bench.command("ECS43");
    fc.assert(
      fc.property(fc.nat(message.length * 8 - 1), (bit) => {
        const damaged = message.slice();
        damaged[bit >>> 3] = (damaged[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
        bench.meter.receive(damaged);
        expect(bench.meter.parts.supply.state).toBe(SUPPLY.enabled);
      }),
    );
    expect(bench.sent.filter((sent) => sent[0] === 0xdf && sent[2] === 2)).toEqual([]);
  });

  it("octets that are no message: silence", () => {
    const bench = new MeterBench();
    for (const octets of [new Uint8Array(), Uint8Array.of(0xdd), new Uint8Array(2_000).fill(0xdf)]) {
      bench.meter.receive(octets);
    }
    expect(bench.sent.filter((message) => message[0] !== 0xdf || message[2] !== 3)).toEqual([]);
  });
});

describe("what an executing ESME says by itself", () => {
  it("an outage of three minutes and more, to the network operator (ECS80), and nothing of a shorter one", () => {
    const bench = new MeterBench();
    bench.meter.powerOff();
    expect(bench.send(bench.command("ECS45"))).toBeUndefined();
    bench.clock.advance(60_000);
    bench.meter.powerOn();
    expect(bench.alerts()).toEqual([]);
    bench.meter.powerOff();
    bench.clock.advance(180_000);
    bench.meter.powerOn();
    expect(bench.alerts()).toEqual([0x0067]);
  });

  it("an opened cover (8F3F)", () => {
    const bench = new MeterBench();
    bench.meter.tamper();
    expect(bench.alerts()).toEqual([0x1000]);
  });
});

describe("large messages of an executing ESME (General Block Transfer)", () => {
  const settings = gbtSettings({ blockOctets: 60 });

  it("joins a Command that comes in blocks, in any order, and confirms it", () => {
    const bench = new MeterBench();
    const blocks = splitMessage(bench.command("ECS43").message, settings);
    expect(blocks.length).toBeGreaterThan(2);
    for (const block of blocks.toReversed()) bench.meter.receive(encodeBlock(block));
    expect(bench.meter.parts.supply.state).toBe(SUPPLY.disabled);
    expect(bench.sent.some((message) => isBlock(message) && decodeBlock(message).data.length === 0)).toBe(
      true,
    );
  });

  it("splits a Response that the tunnel does not take", () => {
    const bench = new MeterBench({ transferSize: 100, gbt: { blockOctets: 60 } });
    bench.meter.receive(bench.command("ECS17b").message);
    const blocks = bench.sent.filter((message) => isBlock(message)).map((message) => decodeBlock(message));
    expect(blocks.length).toBeGreaterThan(1);
    expect(blocks.at(-1)?.last).toBe(true);
  });
});

describe("future-dated Commands of an executing ESME (ECS03)", () => {
  const AT_ONCE = "0000000000000000008000ff";
  const CANCEL = "ffffffffffffffffff8000ff";

  function toPrepayment(bench: MeterBench, when: string) {
    const command = bench.command("ECS03", {
      payment_mode: PAYMENT_MODE.prepayment,
      value_passive: -100_000,
      credit_charge_configuration: "[]",
      activate_passive_value_time: when,
      account_activation_time: when,
    });
    return bench.send(command);
  }

  it("takes effect at once, with the time in the Response and no alert", () => {
    const bench = new MeterBench({ account: { balance: 500_000 } });
    expect(toPrepayment(bench, AT_ONCE)?.failures).toEqual([]);
    expect(bench.meter.parts.account.now).toMatchObject({
      mode: PAYMENT_MODE.prepayment,
      disablementThreshold: -100_000,
    });
    expect(bench.alerts()).toEqual([]);
  });

  it("takes effect at its time, and an alert tells of each item that did (00CC)", () => {
    const bench = new MeterBench({ account: { balance: 5_000_000 } });
    const at = new Date(NOON + 2 * HOUR).toISOString();
    expect(toPrepayment(bench, at)?.failures).toEqual([]);
    bench.clock.advance(HOUR);
    expect(bench.meter.parts.account.now.mode).toBe(PAYMENT_MODE.credit);
    bench.clock.advance(2 * HOUR);
    expect(bench.meter.parts.account.now.mode).toBe(PAYMENT_MODE.prepayment);
    expect(bench.alerts()).toEqual([0x00cc, 0x00cc]);
  });

  it("never takes effect once it is cancelled", () => {
    const bench = new MeterBench({ account: { balance: 5_000_000 } });
    toPrepayment(bench, new Date(NOON + 2 * HOUR).toISOString());
    toPrepayment(bench, CANCEL);
    bench.clock.advance(3 * HOUR);
    expect(bench.meter.parts.account.now.mode).toBe(PAYMENT_MODE.credit);
    expect(bench.alerts()).toEqual([]);
  });
});
