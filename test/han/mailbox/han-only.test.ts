import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import { ManualClock } from "../../../src/base/clock.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { DeliveryOutcome } from "../../../src/base/routing.ts";
import { HanOnlyMessages } from "../../../src/han/mailbox/han-only.ts";
import { Store } from "../../../src/store/store.ts";
import { settled } from "./bench.ts";

const PPMID = Eui64("00db1234567890a4");
const OTHER = Eui64("00db1234567890a9");
const HOUR = 3_600_000;
const SETTINGS = { lifeMs: 24 * HOUR, depth: 3, remembered: 10 };
const one = Uint8Array.of(0x11);
const two = Uint8Array.of(0x22);

let folder: string;
let clock: ManualClock;
let store: Store;
let messages: HanOnlyMessages;
let sent: string[];
let outcome: (device: Eui64) => DeliveryOutcome | Promise<DeliveryOutcome>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-han-only-"));
  clock = new ManualClock();
  sent = [];
  outcome = () => "tunnel-lost";
  start();
});
afterEach(() => {
  void messages.stop();
  store.close();
  rmSync(folder, { recursive: true });
});

function start(listed: (device: Eui64) => boolean = () => true): void {
  store = new Store(join(folder, "hub.db"), clock);
  messages = new HanOnlyMessages(SETTINGS, {
    store,
    clock,
    log: silentLog,
    send: async (device, message) => {
      const how = await outcome(device);
      if (how === "delivered") sent.push(`${device} ${toHex(message)}`);
      return how;
    },
  });
  messages.start(listed);
}

/** As after a power cut: only what is on the disk is there. */
function restart(listed?: (device: Eui64) => boolean): void {
  void messages.stop();
  store.close();
  start(listed);
}

describe("HAN-only messages to a device with a tunnel (A4.5)", () => {
  it("are handed over at once and in order where it can be reached, and do not stay", async () => {
    outcome = () => "delivered";
    expect(await messages.deliver(PPMID, one)).toBe("waiting");
    expect(await messages.deliver(PPMID, two)).toBe("waiting");
    await settled();
    expect(sent).toEqual([`${PPMID} 11`, `${PPMID} 22`]);
    expect(messages.waiting(PPMID)).toBe(0);
  });

  it("wait through a restart of the hub until the tunnel is open, and are delivered once", async () => {
    await messages.deliver(PPMID, one);
    await messages.deliver(PPMID, two);
    await settled();
    restart();
    outcome = () => "delivered";
    messages.opened(PPMID);
    await settled();
    messages.opened(PPMID);
    await settled();
    restart();
    messages.opened(PPMID);
    await settled();
    expect(sent).toEqual([`${PPMID} 11`, `${PPMID} 22`]);
  });

  it("a tunnel that opens while the last try is failing is not missed", async () => {
    const ends: ((how: DeliveryOutcome) => void)[] = [];
    outcome = () => new Promise((resolve) => ends.push(resolve));
    await messages.deliver(PPMID, one);
    messages.opened(PPMID);
    ends[0]?.("tunnel-lost");
    await settled();
    ends[1]?.("delivered");
    await settled();
    expect(sent).toEqual([`${PPMID} 11`]);
  });

  it("are tried again after a minute where the tunnel stayed open through a failure", async () => {
    await messages.deliver(PPMID, one);
    await settled();
    outcome = () => "delivered";
    clock.advance(60_000);
    await settled();
    expect(sent).toEqual([`${PPMID} 11`]);
  });

  it("a hub that stops waits for the acknowledgement of what is on its way", async () => {
    const ends: ((how: DeliveryOutcome) => void)[] = [];
    outcome = () => new Promise((resolve) => ends.push(resolve));
    await messages.deliver(PPMID, one);
    await messages.deliver(PPMID, two);
    const stopped = messages.stop();
    ends[0]?.("delivered");
    await stopped;
    expect(sent).toEqual([`${PPMID} 11`]);
    expect(messages.waiting(PPMID)).toBe(1);
  });

  it("one device that cannot be reached holds up no other", async () => {
    outcome = (device) => (device === OTHER ? "delivered" : new Promise(() => {}));
    await messages.deliver(PPMID, one);
    await messages.deliver(OTHER, two);
    await settled();
    expect(sent).toEqual([`${OTHER} 22`]);
  });

  it("are bounded in number and in life, by the figures of the mailbox", async () => {
    for (let i = 0; i < SETTINGS.depth; i++) expect(await messages.deliver(PPMID, one)).toBe("waiting");
    expect(await messages.deliver(PPMID, two)).toBe("mailbox-full");
    expect(await messages.deliver(OTHER, two)).toBe("waiting");
    clock.advance(24 * HOUR);
    outcome = () => "delivered";
    messages.opened(PPMID);
    await settled();
    expect(sent).toEqual([]);
    expect(messages.waiting(PPMID)).toBe(0);
  });

  it("one that the device cannot take is given up, and the next one goes", async () => {
    const outcomes: DeliveryOutcome[] = ["too-large", "delivered"];
    outcome = () => outcomes.shift() ?? "tunnel-lost";
    await messages.deliver(PPMID, one);
    await messages.deliver(PPMID, two);
    await settled();
    expect(sent).toEqual([`${PPMID} 22`]);
  });

  it("go with the device, also where it went off the list while the hub was off", async () => {
    await messages.deliver(PPMID, one);
    await messages.deliver(OTHER, one);
    await settled();
    messages.removed(OTHER);
    restart((device) => device !== PPMID);
    expect(messages.waiting(PPMID)).toBe(0);
    expect(messages.waiting(OTHER)).toBe(0);
  });
});
