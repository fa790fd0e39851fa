import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { ManualClock } from "../../../src/base/clock.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { DEVICE_LOG_SETTINGS, DeviceLog, linkKeyHash } from "../../../src/han/device-log/device-log.ts";
import type { DeviceLogChange, LogDeviceKind } from "../../../src/han/device-log/entry.ts";
import {
  EMPTY_TALLY,
  figuresOf,
  frameHeard,
  STATUS,
  transmitted,
} from "../../../src/han/device-log/figures.ts";
import { Store } from "../../../src/store/store.ts";

const ESME = Eui64("00db1234567890a0");
const KEY = fromHex("000102030405060708090a0b0c0d0e0f");
const START = { key: fromHex("ff".repeat(16)), from: "install-code" } as const;

let folder: string;
let store: Store;
let clock: ManualClock;
let log: DeviceLog;

function open(): void {
  store = new Store(join(folder, "hub.sqlite"), clock);
  log = new DeviceLog(store, clock);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-device-log-"));
  clock = new ManualClock();
  open();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

function device(n: number): Eui64 {
  return Eui64(n.toString(16).padStart(16, "0"));
}

function addKeyed(eui64: Eui64, kind: LogDeviceKind = "ihd", key = KEY): void {
  log.add(eui64, kind, START);
  log.linkKeyEstablished(eui64, key);
}

describe("CHF Device Log (A3)", () => {
  it("keeps the install code's key until key establishment and the hash from then on", () => {
    log.add(ESME, "esme", START);
    expect(log.entry(ESME)).toMatchObject({ startKey: START, linkKey: undefined, keyHash: undefined });
    log.linkKeyEstablished(ESME, KEY);
    expect(log.entry(ESME)).toMatchObject({ startKey: undefined, linkKey: KEY, keyHash: linkKeyHash(KEY) });
  });

  it("hashes a link key by the Zigbee hash", () => {
    expect(toHex(linkKeyHash(fromHex("c0")))).toBe("ae3a102a28d43ee0d4a09e22788b206c");
  });

  it("takes no key for a device that is not in it", () => {
    expect(() => log.linkKeyEstablished(ESME, KEY)).toThrow(HanwayError);
  });

  it.each([
    ["gsme", 1],
    ["esme", 4],
    ["hcalcs", 5],
    ["ppmid", 2],
    ["ihd", 16],
  ] as const)("takes %s devices up to %i", (kind, most) => {
    for (let n = 0; n < most; n++) expect(log.add(device(n), kind, START)).toBe("free");
    expect(log.add(device(most), kind, START)).toBe("full");
    expect(log.entries()).toHaveLength(most);
  });

  it("tells of every change in order: within the transaction, and again once it is safe", () => {
    const within: string[] = [];
    const after: string[] = [];
    const name = ({ type }: DeviceLogChange) => type;
    log.onChange((change) => within.push(name(change)));
    log.onCommitted((change) => after.push(name(change)));
    store.transaction(() => {
      log.add(ESME, "esme", START);
      log.linkKeyEstablished(ESME, KEY);
      log.remove(ESME);
      expect(within).toEqual(["added", "keyed", "removed"]);
      expect(after).toEqual([]);
    });
    expect(after).toEqual(within);
  });

  it("forgets what a transaction that fails has done, and tells nobody that it is safe", () => {
    const after: DeviceLogChange[] = [];
    log.onCommitted((change) => after.push(change));
    expect(() =>
      store.transaction(() => {
        log.add(ESME, "esme", START);
        throw new HanwayError("store/failed", "a full disk");
      }),
    ).toThrow(HanwayError);
    expect(log.mayJoin(ESME)).toBe(false);
    log.add(device(7), "ihd", START);
    expect(after).toHaveLength(1);
  });

  it("is the same after a restart, figures of the last frame included", () => {
    addKeyed(ESME, "esme");
    log.heard(ESME, { lqi: 200, rssi: -61, at: clock.now() });
    log.networkIs(device(9));
    log.saveFigures();
    const before = log.entries();
    store.close();
    open();
    expect(log.entries()).toEqual(before);
    expect(log.extendedPanId).toBe(device(9));
    expect(log.figures(ESME)).toMatchObject({
      lastCommunication: clock.now(),
      rssi: { average: -61 },
      lqi: { average: 200 },
    });
  });

  it("takes a device of the settings once: removed by a Command it stays away", () => {
    expect(log.pairLocally(ESME, "esme", START)).toBe("free");
    log.remove(ESME);
    log.pairLocally(ESME, "esme", START);
    expect(log.mayJoin(ESME)).toBe(false);
  });

  it("takes a restored log whole, whatever was there, and learns kinds later without a change", () => {
    addKeyed(ESME, "esme");
    const changes: string[] = [];
    log.onChange(({ type }) => changes.push(type));
    log.restore(device(5), [
      { eui64: ESME, keyHash: KEY },
      { eui64: device(2), keyHash: undefined },
    ]);
    expect(
      log.entries().map(({ eui64, kind, startKey, linkKey }) => [eui64, kind, startKey?.from, linkKey]),
    ).toEqual([
      [ESME, "esme", "restored-hash", undefined],
      [device(2), undefined, undefined, undefined],
    ]);
    log.kindLearnt(device(2), "gsme");
    log.kindLearnt(ESME, "ihd");
    expect(log.entries().map(({ kind }) => kind)).toEqual(["esme", "gsme"]);
    expect(changes).toEqual(["restored"]);
  });
});

describe("a hub given its own backup again (CCS03)", () => {
  const restored = (extendedPanId: Eui64, keyHash: Uint8Array | undefined) => {
    log.networkIs(device(9));
    addKeyed(ESME, "esme");
    const hash = log.entry(ESME)?.keyHash;
    log.restore(extendedPanId, [{ eui64: ESME, keyHash: keyHash ?? hash }]);
    const { linkKey, startKey } = log.entry(ESME) ?? {};
    return { linkKey, startKey: startKey?.from };
  };

  it("keeps the link key of a device whose hash it is", () => {
    expect(restored(device(9), undefined)).toEqual({ linkKey: KEY, startKey: undefined });
  });

  it("takes another hash, and any hash on another network, for that of a former key", () => {
    expect(restored(device(9), new Uint8Array(16))).toEqual({
      linkKey: undefined,
      startKey: "restored-hash",
    });
    expect(restored(device(5), undefined)).toEqual({ linkKey: undefined, startKey: "restored-hash" });
  });
});

describe("Historic Device Log (A3.4)", () => {
  it("keeps the fifteen that were removed last", () => {
    for (let n = 0; n < 18; n++) {
      addKeyed(device(n));
      log.remove(device(n));
    }
    expect(log.historic().map(({ eui64 }) => eui64)).toEqual(
      Array.from({ length: 15 }, (_, n) => device(n + 3)),
    );
  });

  it("updates the entry of a device that is removed again", () => {
    const other = fromHex("aa".repeat(16));
    addKeyed(ESME);
    log.remove(ESME);
    addKeyed(ESME, "ihd", other);
    log.remove(ESME);
    expect(log.historic()).toEqual([{ eui64: ESME, linkKey: other, keyHash: linkKeyHash(other) }]);
  });

  it.each(["hht", "gpf"] as const)("never keeps a device of kind %s (A2.20, A3.3)", (kind) => {
    addKeyed(ESME, kind);
    log.remove(ESME);
    expect(log.historic()).toEqual([]);
  });

  it("does not keep a device that never had a link key", () => {
    log.add(ESME, "esme", START);
    log.remove(ESME);
    expect(log.historic()).toEqual([]);
  });
});

describe("communication figures (CCS06)", () => {
  const keyed = { keyed: true, restored: false };

  it("stay within their octets, minimum below average below maximum, whatever is heard", () => {
    const frame = fc.record({
      lqi: fc.integer({ min: 0, max: 255 }),
      rssi: fc.integer({ min: -128, max: 127 }),
      at: fc.nat(),
    });
    fc.assert(
      fc.property(
        fc.array(frame, { minLength: 1, maxLength: 200 }),
        fc.array(fc.boolean(), { maxLength: 600 }),
        (frames, sent) => {
          const heard = frames.reduce(frameHeard, EMPTY_TALLY);
          const { rssi, lqi, ...figures } = figuresOf(sent.reduce(transmitted, heard), keyed, 0, 1_000);
          for (const { min, average, max } of [rssi, lqi]) {
            expect(min).toBeLessThanOrEqual(average);
            expect(average).toBeLessThanOrEqual(max);
          }
          expect(rssi.max).toBe(Math.max(...frames.map((one) => one.rssi)));
          expect(lqi.min).toBe(Math.min(...frames.map((one) => one.lqi)));
          expect(figures.transmissionSuccesses).toBeLessThanOrEqual(255);
          expect(figures.transmissionFailures).toBeLessThanOrEqual(255);
        },
      ),
    );
  });

  it("say who is authorised, reports and transmits", () => {
    const heard = frameHeard(EMPTY_TALLY, { lqi: 1, rssi: -1, at: 5_000 });
    const status = (tally = heard, device = keyed, now = 5_000) =>
      figuresOf(tally, device, now, 60_000).status;
    const {
      authorised,
      reporting,
      unauthorisedButReported,
      authorisedAfterSwapOut,
      smartEnergyTransmitting,
    } = STATUS;
    expect(status()).toBe(authorised | reporting | smartEnergyTransmitting);
    expect(status(heard, keyed, 65_001)).toBe(authorised);
    expect(status(EMPTY_TALLY)).toBe(authorised);
    expect(status(heard, { keyed: false, restored: false })).toBe(unauthorisedButReported);
    expect(status(EMPTY_TALLY, { keyed: true, restored: true })).toBe(authorised | authorisedAfterSwapOut);
  });

  it("of a device go with it", () => {
    addKeyed(ESME);
    log.heard(ESME, { lqi: 1, rssi: -1, at: clock.now() });
    log.remove(ESME);
    addKeyed(ESME);
    expect(log.figures(ESME).lastCommunication).toBeUndefined();
    expect(DEVICE_LOG_SETTINGS.reportingMs).toBeGreaterThan(30 * 60_000);
  });
});
