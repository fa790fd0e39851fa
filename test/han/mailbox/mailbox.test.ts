import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { HanwayError } from "../../../src/base/error.ts";
import type { MailboxSettings } from "../../../src/han/mailbox/mailbox.ts";
import { GSME, MailboxBench, OTHER, settled } from "./bench.ts";

const HOUR = 3_600_000;
const one = Uint8Array.of(0x11);
const two = Uint8Array.of(0x22);
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function onDisk(settings: Partial<MailboxSettings> = {}): MailboxBench {
  const folder = mkdtempSync(join(tmpdir(), "hanway-mailbox-"));
  folders.push(folder);
  return new MailboxBench(settings, join(folder, "hub.db"));
}

describe("queue of the sleeping gas meter (A6)", () => {
  it("hands out first in first out with the count left, then says that nothing waits (A6.4)", async () => {
    const bench = new MailboxBench();
    expect(await bench.offer("m1", one)).toBe("waiting");
    expect(await bench.offer("m2", two)).toBe("waiting");
    expect(await bench.get()).toBe("020111");
    expect(await bench.get()).toBe("020022");
    expect(await bench.get()).toBe("0200");
    expect(bench.receipts).toEqual(["m1 collected", "m2 collected"]);
  });

  it("the pending flag is set with the first message and cleared with the last (A6.2, A6.5)", async () => {
    const bench = new MailboxBench();
    expect(bench.mailbox.pending(GSME)).toBe(false);
    await bench.offer("m1", one);
    await bench.offer("m2", two);
    expect(bench.mailbox.pending(GSME)).toBe(true);
    await bench.get();
    expect(bench.mailbox.pending(GSME)).toBe(true);
    await bench.get();
    expect(bench.mailbox.pending(GSME)).toBe(false);
    expect(bench.waiting).toEqual([1, 2, 1, 0]);
  });

  it("a full mailbox takes no more, for this device alone, until one is fetched (A6.7)", async () => {
    const bench = new MailboxBench({ depth: 2 });
    await bench.offer("m1", one);
    await bench.offer("m2", one);
    expect(await bench.offer("m3", one)).toBe("mailbox-full");
    expect(await bench.offer("m4", one, OTHER)).toBe("waiting");
    await bench.get();
    expect(await bench.offer("m3", one)).toBe("waiting");
  });

  it("a message never fetched expires after its life: receipt, event 0x819D, flag cleared (A4.8, A6.6)", async () => {
    const bench = new MailboxBench();
    await bench.offer("m1", one);
    bench.clock.advance(HOUR);
    await bench.offer("m2", two);
    bench.clock.advance(23 * HOUR - 1);
    expect(bench.receipts).toEqual([]);
    bench.clock.advance(1_000);
    expect(bench.receipts).toEqual(["m1 expired"]);
    expect(bench.events).toEqual([`819d ${GSME}`]);
    bench.clock.advance(HOUR);
    expect(bench.receipts).toEqual(["m1 expired", "m2 expired"]);
    expect(bench.mailbox.pending(GSME)).toBe(false);
    expect(await bench.get()).toBe("0200");
  });

  it("what expired while the hub was off is told at the start and not handed out", async () => {
    const bench = onDisk();
    await bench.offer("m1", one);
    await bench.mailbox.stop();
    bench.clock.advance(25 * HOUR);
    bench.restart();
    expect(bench.receipts).toEqual(["m1 expired"]);
    expect(await bench.get()).toBe("0200");
  });

  it("removal of the device fails what waits for it, and nothing else (A6.9)", async () => {
    const bench = new MailboxBench();
    await bench.offer("m1", one);
    await bench.offer(undefined, one);
    await bench.offer("m2", two, OTHER);
    bench.mailbox.removed(GSME);
    expect(bench.receipts).toEqual(["m1 failed no-such-device"]);
    expect(bench.mailbox.pending(GSME)).toBe(false);
    expect(bench.mailbox.waiting(OTHER)).toBe(1);
  });

  it("a power cut between removal and its receipts: they are told at the next start", async () => {
    const bench = onDisk();
    await bench.offer("m1", one);
    bench.restart((device) => device !== GSME);
    expect(bench.receipts).toEqual(["m1 failed no-such-device"]);
  });

  it("where it is set so, a meter without a mirror gets nothing queued (A6.3)", async () => {
    const bench = new MailboxBench({ needsMirror: true });
    expect(await bench.offer("m1", one)).toBe("busy");
    bench.mirror = true;
    expect(await bench.offer("m1", one)).toBe("waiting");
  });

  it("takes what fits with its prefix into one transfer, and no more", async () => {
    const bench = new MailboxBench();
    expect(await bench.offer("m1", new Uint8Array(1_498))).toBe("waiting");
    expect(await bench.offer("m2", new Uint8Array(1_499))).toBe("too-large");
    expect((await bench.get())?.length).toBe(3_000);
  });

  it("what is too large for this meter fails, and the next one is handed out at the same GET", async () => {
    const bench = new MailboxBench();
    await bench.offer("m1", new Uint8Array(900));
    await bench.offer("m2", two);
    bench.limit = 512;
    expect(await bench.get()).toBe("020022");
    expect(bench.receipts).toEqual(["m1 failed too-large", "m2 collected"]);
  });
});

describe("a message is handed out once, and never lost", () => {
  it("a meter that did not acknowledge it gets it again at the next GET", async () => {
    const bench = new MailboxBench();
    await bench.offer("m1", one);
    bench.transfer = async () => "failed";
    await bench.get();
    expect(bench.receipts).toEqual([]);
    expect(bench.mailbox.pending(GSME)).toBe(true);
    bench.transfer = async () => "delivered";
    expect(await bench.get()).toBe("020011");
    expect(bench.receipts).toEqual(["m1 collected"]);
  });

  it("a power cut before the acknowledgement leaves it there; one after the receipt does not", async () => {
    const bench = onDisk();
    await bench.offer("m1", one);
    bench.transfer = () => new Promise(() => {});
    await bench.get();
    bench.restart();
    expect(bench.mailbox.pending(GSME)).toBe(true);
    bench.transfer = async () => "delivered";
    expect(await bench.get()).toBe("020011");
    bench.restart();
    expect(await bench.get()).toBe("0200");
    expect(bench.receipts).toEqual(["m1 collected"]);
  });

  it("an id routed again after a power cut is not queued again, whether it was fetched or not", async () => {
    const bench = onDisk();
    await bench.offer("m1", one);
    bench.restart();
    expect(await bench.offer("m1", one)).toBe("waiting");
    expect(await bench.get()).toBe("020011");
    bench.restart();
    expect(await bench.offer("m1", one)).toBe("waiting");
    expect(await bench.get()).toBe("0200");
  });

  it("a store that refuses: neither handed out twice nor told as collected before it is stored", async () => {
    const bench = new MailboxBench();
    await bench.offer("m1", one);
    await bench.offer("m2", two);
    const { transaction } = bench.store;
    bench.store.transaction = () => {
      throw new HanwayError("store/failed", "disk full");
    };
    await bench.get();
    await bench.get();
    expect(bench.sent).toEqual(["020111"]);
    expect(bench.receipts).toEqual([]);
    bench.store.transaction = transaction;
    bench.clock.advance(1_000);
    await settled();
    expect(bench.sent).toEqual(["020111", "020022"]);
    expect(bench.receipts).toEqual(["m1 collected", "m2 collected"]);
  });

  it("GETs that come while one is answered are one more question, not many", async () => {
    const bench = new MailboxBench();
    for (const id of ["m1", "m2", "m3"]) await bench.offer(id, one);
    const release: (() => void)[] = [];
    bench.transfer = () => new Promise((resolve) => release.push(() => resolve("delivered")));
    await bench.get();
    await bench.get();
    await bench.get();
    expect(bench.sent).toEqual(["020211"]);
    release.shift()?.();
    await settled();
    expect(bench.sent).toEqual(["020211", "020111"]);
    release.shift()?.();
    await settled();
    expect(bench.sent).toHaveLength(2);
    expect(bench.receipts).toEqual(["m1 collected", "m2 collected"]);
  });

  it("what expires while it is handed out is collected or expired, not both", async () => {
    const bench = new MailboxBench();
    await bench.offer("m1", one);
    const ends: ((how: string) => void)[] = [];
    bench.transfer = () => new Promise((resolve) => ends.push(resolve));
    await bench.get();
    bench.clock.advance(25 * HOUR);
    expect(bench.receipts).toEqual([]);
    ends[0]?.("delivered");
    await settled();
    bench.clock.advance(2 * HOUR);
    expect(bench.receipts).toEqual(["m1 collected"]);
    expect(bench.events).toEqual([]);
  });

  it("what is removed while it is handed out has failed, and is not told as collected", async () => {
    const bench = new MailboxBench();
    await bench.offer("m1", one);
    const ends: ((how: string) => void)[] = [];
    bench.transfer = () => new Promise((resolve) => ends.push(resolve));
    await bench.get();
    bench.mailbox.removed(GSME);
    ends[0]?.("delivered");
    await settled();
    expect(bench.receipts).toEqual(["m1 failed no-such-device"]);
  });
});

describe("where it is set so, a message that was handed out is gone (A6.8)", () => {
  const once = { untilAcknowledged: false } as const;

  it("a meter that did not acknowledge it does not get it again; its receipt says that it was handed out", async () => {
    const bench = new MailboxBench(once);
    await bench.offer("m1", one);
    await bench.offer("m2", two);
    bench.transfer = async () => "not-delivered";
    expect(await bench.get()).toBe("020111");
    expect(bench.receipts).toEqual(["m1 collected"]);
    bench.transfer = async () => "delivered";
    expect(await bench.get()).toBe("020022");
    expect(await bench.get()).toBe("0200");
    expect(bench.receipts).toEqual(["m1 collected", "m2 collected"]);
    expect(bench.mailbox.pending(GSME)).toBe(false);
  });

  it("also after a power cut in the middle of it", async () => {
    const bench = onDisk(once);
    await bench.offer("m1", one);
    bench.transfer = () => new Promise(() => {});
    expect(await bench.get()).toBe("020011");
    bench.restart();
    bench.transfer = async () => "delivered";
    expect(await bench.get()).toBe("0200");
    expect(bench.receipts).toEqual(["m1 collected"]);
  });

  it("but not before the store has taken it out", async () => {
    const bench = new MailboxBench(once);
    await bench.offer("m1", one);
    const { transaction } = bench.store;
    bench.store.transaction = () => {
      throw new HanwayError("store/failed", "disk full");
    };
    await bench.get();
    expect(bench.sent).toEqual([]);
    bench.store.transaction = transaction;
    bench.clock.advance(1_000);
    await settled();
    expect(bench.sent).toEqual(["020011"]);
    expect(bench.receipts).toEqual(["m1 collected"]);
  });

  it("one that the meter could never take has failed, and is not told as collected", async () => {
    const bench = new MailboxBench(once);
    await bench.offer("m1", new Uint8Array(900));
    bench.limit = 512;
    expect(await bench.get()).toBe("0200");
    expect(bench.receipts).toEqual(["m1 failed too-large"]);
  });
});

describe("a hub that stops", () => {
  it("waits for the end of what it is handing out, and hands out nothing more", async () => {
    const bench = new MailboxBench();
    await bench.offer("m1", one);
    await bench.offer("m2", two);
    const ends: ((how: string) => void)[] = [];
    bench.transfer = () => new Promise((resolve) => ends.push(resolve));
    await bench.get();
    let stopped = false;
    const stop = bench.mailbox.stop().then(() => {
      stopped = true;
    });
    await bench.get();
    expect(stopped).toBe(false);
    ends[0]?.("delivered");
    await stop;
    expect(bench.receipts).toEqual(["m1 collected"]);
    expect(bench.sent).toEqual(["020111"]);
  });

  it("but no longer than two seconds for a meter that has fallen asleep", async () => {
    const bench = new MailboxBench();
    await bench.offer("m1", one);
    bench.transfer = () => new Promise(() => {});
    await bench.get();
    const stop = bench.mailbox.stop();
    bench.clock.advance(2_000);
    await stop;
    expect(bench.receipts).toEqual([]);
  });
});

describe("what the meter sends", () => {
  it("PUT is stripped of its prefix and acknowledged once the router has stored it (A4.4)", async () => {
    const bench = new MailboxBench();
    let safe = false;
    let acknowledged: unknown;
    bench.routed = async () => {
      await settled();
      safe = true;
    };
    bench.mailbox.received(GSME, Uint8Array.of(0x03, 0xdf, 0x09), (held) => {
      acknowledged = held.then(() => safe);
    });
    expect(await acknowledged).toBe(true);
    expect(bench.put).toEqual(["df09"]);
  });

  it("garbage and unknown prefixes change nothing", async () => {
    const bench = new MailboxBench();
    await bench.offer("m1", one);
    for (const data of [[], [0x00], [0x02, 0x00], [0x03], [0x01, 0x01], [0xff, 0x01]]) bench.from(...data);
    await settled();
    expect(bench.sent).toEqual([]);
    expect(bench.put).toEqual([]);
    expect(await bench.get()).toBe("020011");
  });

  it("a router that fails is no end of the mailbox", async () => {
    const bench = new MailboxBench();
    bench.routed = () => Promise.reject(new HanwayError("store/failed", "disk full"));
    bench.from(0x03, 0x01);
    await settled();
    expect(await bench.get()).toBe("0200");
  });
});
