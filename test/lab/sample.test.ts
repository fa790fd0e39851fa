import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { readAddress } from "../../src/gbcs/address.ts";
import { SampleExchange } from "../../src/lab/sample.ts";

function exchange() {
  const clock = new ManualClock();
  const parties = { farEnd: Eui64("90b3d51f30000002"), meter: Eui64("00db1234567890a0") };
  return { clock, sample: new SampleExchange(parties, clock) };
}

describe("sample exchange", () => {
  it("carries a whole, addressed GBCS Command that the meter answers with a growing register", () => {
    const { clock, sample } = exchange();
    const command = sample.command();
    expect(readAddress(command)).toMatchObject({ target: sample.meter, hasMac: true, messageCode: 0x27 });
    const first = sample.registerIn(sample.answerTo(command) ?? new Uint8Array());
    clock.advance(3_600_000);
    const second = sample.registerIn(sample.answerTo(sample.command()) ?? new Uint8Array());
    expect((second ?? 0) - (first ?? 0)).toBe(640);
  });

  it("has the meter send signed Alerts, each with a counter of its own", () => {
    const { sample } = exchange();
    const [first, second] = [sample.alert(), sample.alert()].map((alert) => readAddress(alert));
    expect(first).toMatchObject({ originator: sample.meter, cra: 3, hasMac: false, messageCode: 0x1000 });
    expect(second).not.toEqual(first);
  });

  it("stays silent on a Command whose octets were changed", () => {
    const { sample } = exchange();
    const command = sample.command();
    const last = command.length - 1;
    command[last] = (command[last] ?? 0) ^ 1;
    expect(sample.answerTo(command)).toBeUndefined();
  });

  it("does not take a changed Response for a reading", () => {
    const { sample } = exchange();
    const response = sample.answerTo(sample.command()) ?? new Uint8Array();
    response[response.length - 14] = (response[response.length - 14] ?? 0) ^ 1;
    expect(sample.registerIn(response)).toBeUndefined();
  });
});
