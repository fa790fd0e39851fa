import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Eui64 } from "../../src/base/eui64.ts";
import { CHF_SETTINGS } from "../../src/chf/ports.ts";
import type { HanEvent } from "../../src/han/ports.ts";
import { TestHub } from "./hub.ts";
import { testKeystore } from "./pki.ts";

const keystore = testKeystore();
const ESME = Eui64("00db1234567890a0");
const numbered = (n: number) => Eui64(n.toString(16).padStart(16, "0"));

let hub: TestHub;
beforeEach(() => {
  hub = new TestHub({ keystore });
});
afterEach(() => hub[Symbol.dispose]());

const hear = (...events: HanEvent[]) => {
  for (const event of events) hub.chf.hanEvents.heard(event);
};
const codes = () => hub.chf.logs.read("event", 0, 0xffff_ffff).map(({ code }) => code);
const refused = (device: Eui64, code = 0x81ba): HanEvent => ({ type: "event", code, device });
const step = (name: "seen" | "associated"): HanEvent => ({ type: "join-step", device: ESME, step: name });

describe("the home network in the CHF Event Log", () => {
  it("A2.16: a device that joined, 0x8183", () => {
    hear(step("seen"), step("associated"));
    expect(codes()).toEqual([]);
    hear({ type: "joined", device: ESME });
    expect(codes()).toEqual([0x8183]);
  });

  it("a device that goes on after a restart of the hub, or comes back with its key, has not joined again", () => {
    hear({ type: "joined", device: ESME });
    hear(step("associated"), { type: "joined", device: ESME });
    hear({ type: "left", device: ESME }, { type: "joined", device: ESME });
    expect(codes()).toEqual([0x8183]);
  });

  it("a device that has failed to join has not joined", () => {
    const failure = { step: "key establishment", cause: "", next: "", final: true } as const;
    hear(
      step("associated"),
      { type: "join-failed", device: ESME, failure },
      { type: "joined", device: ESME },
    );
    expect(codes()).toEqual([]);
  });

  it("A5.5: a tunnel refused, 0x81BA, and the end of one refused, 0x81A4", () => {
    hear(refused(ESME), refused(ESME, 0x81a4));
    expect(codes()).toEqual([0x81ba, 0x81a4]);
  });

  it("a flood of one device takes no more than its share of the hundred entries, an hour later as much again", () => {
    const { perDevice } = CHF_SETTINGS.hanEvents;
    hub.chf.logs.event(0x8154);
    for (let n = 0; n < 10_000; n++) hear(refused(ESME));
    expect(codes()).toEqual([0x8154, ...Array.from({ length: perDevice }, () => 0x81ba)]);
    hear(refused(numbered(1)), refused(ESME, 0x81a4));
    expect(codes().slice(-2)).toEqual([0x81ba, 0x81a4]);
    hub.clock.advance(3_600_000);
    for (let n = 0; n < 100; n++) hear(refused(ESME));
    expect(codes().filter((code) => code === 0x81ba)).toHaveLength(2 * perDevice + 1);
  });

  it("a flood under many addresses takes no more than the share of all devices", () => {
    const { perHour } = CHF_SETTINGS.hanEvents;
    for (let n = 1; n < 5_000; n++) hear(refused(numbered(n)));
    expect(codes()).toHaveLength(perHour);
  });

  it("a disk that takes nothing costs the entry and nothing else", () => {
    hub.store.prepare("PRAGMA query_only = 1").run();
    hear(refused(ESME));
    hub.store.prepare("PRAGMA query_only = 0").run();
    expect(codes()).toEqual([]);
  });
});
