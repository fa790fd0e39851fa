import { describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import type { UplinkLane } from "../../src/base/uplink.ts";
import { Store } from "../../src/store/store.ts";
import type { Wan } from "../../src/wan/wan.ts";
import { ESME, makeWan } from "./bench.ts";

const NOWHERE = ["mqtt://127.0.0.1:1"];

/** A hub that stored these messages and was cut off, and the one that was started on what it left. */
async function afterCut(texts: readonly string[]): Promise<Wan> {
  const store = new Store(":memory:", new SystemClock());
  const before = makeWan(NOWHERE, {}, store);
  for (const text of texts) await send(before, text);
  return makeWan(NOWHERE, {}, store);
}

function send(wan: Wan, text: string, lane: UplinkLane = "response") {
  return wan.send({ device: ESME, lane, payload: new TextEncoder().encode(text) });
}

const stored = (wan: Wan) => wan.counts().up.waiting;

describe("a message that a device sends again because its acknowledgement was cut off", () => {
  it("is acknowledged, and not stored a second time", async () => {
    const wan = await afterCut(["r1", "r2"]);
    expect([await send(wan, "r2"), stored(wan).response]).toEqual(["safe", 2]);
  });

  it("several of them as well, in the order in which they were sent", async () => {
    const wan = await afterCut(["r1", "r2", "r3"]);
    for (const text of ["r2", "r3", "r4"]) expect(await send(wan, text)).toBe("safe");
    expect(stored(wan).response).toBe(4);
  });

  it("is a message of its own once the device has said something new, or said it in another lane", async () => {
    const wan = await afterCut(["r1", "r2"]);
    await send(wan, "r2", "alert");
    await send(wan, "r3");
    await send(wan, "r2");
    expect(stored(wan)).toMatchObject({ response: 4, alert: 1 });
  });

  it("is recognised once: a tester may send the same octets again and again", async () => {
    const wan = await afterCut(["r1"]);
    for (let n = 0; n < 3; n++) await send(wan, "r1");
    expect(stored(wan).response).toBe(3);
  });

  it("nothing is taken for a repetition in a hub that was not cut off", async () => {
    const wan = await afterCut([]);
    for (let n = 0; n < 3; n++) await send(wan, "same");
    expect(stored(wan).response).toBe(3);
  });
});
