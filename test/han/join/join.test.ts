import { afterEach, describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { InstallCode } from "../../../src/base/install-code.ts";
import { testAuthorities } from "../../../src/cbke/index.ts";
import { installCodeKey } from "../../../src/cbke/install-code.ts";
import { RADIO_EUI } from "../radio/bench.ts";
import { CAD, HanBench, IHD, window } from "./han-bench.ts";
import { CODE, SEED } from "./joiner.ts";
import { MemoryRecords } from "./memory-records.ts";

let home: HanBench;
afterEach(() => home.close());

const soon = { timeout: 8_000, interval: 5 };
const readAttribute = Uint8Array.of(0x00, 0x21, 0x00, 0x00, 0x00);

function storedKeys(): string[] {
  return home.bench.coordinator.linkKeys().map(({ eui64, key }) => `${eui64} ${toHex(key)}`);
}

describe.each([13, 18])("key establishment with the Trust Centre (A2.11), EZSP %i", (ezsp) => {
  it.each([2, 1] as const)(
    "gives a device its link key by suite %i, in the steps a person sees",
    async (suite) => {
      home = await HanBench.start({ ezsp });
      const device = home.joiner(IHD, { suite });
      await home.admit(device);
      await expect.poll(() => home.joined(), soon).toBe(true);
      await expect.poll(() => device.key, soon).toBeDefined();
      expect(home.steps()).toEqual([
        "window open",
        "seen",
        "associated",
        "link key",
        "key establishment",
        "log updated",
      ]);
      const key = toHex(device.key ?? new Uint8Array());
      expect(storedKeys()).toEqual([`${IHD} ${key}`]);
      expect(toHex(home.records.linkKey(IHD) ?? new Uint8Array())).toBe(key);
      expect(key).not.toBe(toHex(installCodeKey(CODE)));
      expect(JSON.stringify(home.log)).not.toContain(key);
    },
  );
});

describe("until key establishment is finished (A2.13)", () => {
  it("serves nothing but Key Establishment, and serves all of it afterwards", async () => {
    home = await HanBench.start();
    const device = home.joiner(IHD, { starts: false });
    await home.admit(device);
    await expect.poll(() => home.steps().at(-1), soon).toBe("link key");
    await device.zcl(0x0000, false, readAttribute);
    await device.zcl(0x000a, false, readAttribute);
    await device.zcl(0x000a, true, readAttribute);
    await new Promise((wake) => setTimeout(wake, 100));
    expect(device.received).toEqual([]);
    expect(home.joined()).toBe(false);

    device.establish();
    await expect.poll(() => home.joined(), soon).toBe(true);
    await device.zcl(0x0000, false, readAttribute);
    await expect
      .poll(() => device.received.map(({ payload }) => toHex(payload)), soon)
      .toEqual(["18210100000020" + "03"]);
  });

  it("makes a device leave that does not finish in time, and lets it try again in its window", async () => {
    home = await HanBench.start({ timing: { keyEstablishmentMs: 150 } });
    const device = home.joiner(IHD, { starts: false });
    await home.admit(device);
    await expect.poll(() => home.failures().length, soon).toBeGreaterThan(0);
    expect(home.failures()[0]).toBe(
      "key establishment: the device joined and did not finish key establishment in time (not final)",
    );
    await expect.poll(() => home.events.some((event) => event.type === "left"), soon).toBe(true);
    await expect
      .poll(() => home.steps().filter((step) => step === "link key").length, soon)
      .toBeGreaterThan(1);
    device.establish();
    await expect.poll(() => home.joined(), soon).toBe(true);
  });
});

describe("bad partners in key establishment", () => {
  const [second] = testAuthorities(SEED);
  if (second === undefined) throw new Error("no authority");

  it("refuses the certificate of another device with INVALID_CERTIFICATE and changes nothing", async () => {
    home = await HanBench.start();
    const device = home.joiner(IHD, { credential: second.issue(CAD) });
    await home.admit(device);
    await expect.poll(() => home.failures().length, soon).toBeGreaterThan(0);
    expect(home.failures()[0]).toMatch(
      /invalidCertificate: certificate is that of 00db1234567890b2 \(not final\)/,
    );
    expect(home.records.linkKey(IHD)).toBeUndefined();
    expect(storedKeys()).toEqual([]);
    await expect
      .poll(() => device.outcomes[0], soon)
      .toMatchObject({ result: "terminated", by: "partner", status: 6 });
  });

  it("refuses a certificate of another authority with UNKNOWN_ISSUER and makes the device leave", async () => {
    home = await HanBench.start();
    const [stranger] = testAuthorities(SEED + 100);
    const foreign = stranger?.issue(IHD) ?? second.issue(IHD);
    const relabelled = { ...foreign, certificate: foreign.certificate.slice() };
    relabelled.certificate.set([1, 2, 3, 4, 5, 6, 7, 8], 11);
    const device = home.joiner(IHD, { credential: relabelled });
    await home.admit(device);
    await expect.poll(() => home.failures().length, soon).toBeGreaterThan(0);
    expect(home.failures()[0]).toMatch(/unknownIssuer/);
    await expect.poll(() => home.events.some((event) => event.type === "left"), soon).toBe(true);
    expect(storedKeys()).toEqual([]);
  });

  it("refuses a wrong confirmation with BAD_KEY_CONFIRM and makes the device leave", async () => {
    home = await HanBench.start();
    const device = home.joiner(IHD, {
      tamper: (message) =>
        message.kind === "confirmKey"
          ? [{ ...message, mac: message.mac.map((octet) => octet ^ 1) }]
          : [message],
    });
    await home.admit(device);
    await expect.poll(() => home.failures().length, soon).toBeGreaterThan(0);
    expect(home.failures()[0]).toMatch(/badKeyConfirm/);
    await expect.poll(() => home.events.some((event) => event.type === "left"), soon).toBe(true);
    await expect.poll(() => device.outcomes[0], soon).toMatchObject({ status: 2 });
    expect(storedKeys()).toEqual([]);
  });

  it.each([
    ["off the curve", (point: Uint8Array) => Uint8Array.of(point[0] ?? 2, ...new Uint8Array(35), 5)],
    ["of small order", () => Uint8Array.of(2, ...new Uint8Array(36))],
  ])("refuses an ephemeral point %s", async (_, change) => {
    home = await HanBench.start();
    const device = home.joiner(IHD, {
      tamper: (message) =>
        message.kind === "ephemeralData" ? [{ ...message, point: change(message.point) }] : [message],
    });
    await home.admit(device);
    await expect.poll(() => home.failures().length, soon).toBeGreaterThan(0);
    expect(home.failures()[0]).toMatch(/badMessage|badKeyConfirm/);
    expect(storedKeys()).toEqual([]);
  });

  it("refuses messages out of order with BAD_MESSAGE", async () => {
    home = await HanBench.start();
    const device = home.joiner(IHD, { starts: false });
    await home.admit(device);
    await expect.poll(() => home.steps().at(-1), soon).toBe("link key");
    await device.raw("confirmKey", new Uint8Array(16));
    await expect.poll(() => device.answers, soon).toEqual(["terminate"]);
    device.establish();
    await expect.poll(() => home.joined(), soon).toBe(true);
  });

  it("survives payloads of every kind of nonsense and still serves the next exchange", async () => {
    home = await HanBench.start();
    const device = home.joiner(IHD, { starts: false });
    await home.admit(device);
    await expect.poll(() => home.steps().at(-1), soon).toBe("link key");
    for (const kind of ["initiate", "ephemeralData", "confirmKey", "terminate"] as const)
      for (const length of [0, 1, 3, 200]) await device.raw(kind, new Uint8Array(length).fill(0xff));
    await device.zcl(0x0800, false, Uint8Array.of());
    await device.zcl(0x0800, false, Uint8Array.of(0xff, 0xff));
    device.establish();
    await expect.poll(() => home.joined(), soon).toBe(true);
  });

  it("tells a second partner to wait while it is busy, and serves it afterwards", async () => {
    home = await HanBench.start({ exchanges: 1 });
    const stuck = home.joiner(IHD, {
      tamper: (message) => (message.kind === "ephemeralData" ? [] : [message]),
    });
    const second = home.joiner(CAD, { starts: false });
    await home.admit(stuck);
    await expect.poll(() => stuck.answers, soon).toContain("initiate");
    await home.admit(second);
    await expect.poll(() => home.steps(CAD).at(-1), soon).toBe("link key");
    second.establish();
    await expect.poll(() => second.outcomes, soon).toHaveLength(1);
    expect(second.outcomes[0]).toMatchObject({
      result: "terminated",
      by: "partner",
      status: 4,
      waitSeconds: 2,
    });
    await expect.poll(() => stuck.outcomes.length, { timeout: 10_000 }).toBe(1);
    await expect.poll(() => home.failures().length, { timeout: 10_000 }).toBeGreaterThan(0);
    second.establish();
    await expect.poll(() => home.joined(CAD), soon).toBe(true);
  });

  it("serves two partners at once", async () => {
    home = await HanBench.start();
    const stuck = home.joiner(IHD, {
      tamper: (message) => (message.kind === "ephemeralData" ? [] : [message]),
    });
    await home.admit(stuck);
    await expect.poll(() => stuck.answers, soon).toContain("initiate");
    const second = home.joiner(CAD);
    await home.admit(second);
    await expect.poll(() => home.joined(CAD), soon).toBe(true);
    expect(stuck.outcomes).toEqual([]);
  });

  it("takes every message twice as once", async () => {
    home = await HanBench.start();
    const device = home.joiner();
    device.node.aps.settings.ackTimeoutMs = 1;
    await home.admit(device);
    await expect.poll(() => home.joined(), soon).toBe(true);
    expect(home.failures()).toEqual([]);
  });

  it("says so clearly when the key table is full, and loses no key that is there", async () => {
    home = await HanBench.start();
    const device = home.joiner();
    for (let i = 0; i < 12; i++)
      await home.radio.linkKeys.set(
        Eui64(`00000000000001${i.toString(16).padStart(2, "0")}`),
        new Uint8Array(16).fill(i),
      );
    await home.admit(device);
    await expect.poll(() => home.failures().length, soon).toBeGreaterThan(0);
    expect(home.failures()[0]).toMatch(/noResources: own engine or key table failed/);
    expect(storedKeys()).toHaveLength(12);
    expect(home.records.linkKey(IHD)).toBeUndefined();
  });

  it("gives the radio its former key back when the new one cannot be stored", async () => {
    const records = new MemoryRecords();
    home = await HanBench.start({ records });
    const device = home.joiner();
    await home.admit(device);
    await expect.poll(() => home.joined(), soon).toBe(true);
    const before = storedKeys();
    records.linkKeyEstablished = () => {
      throw new Error("disk full");
    };
    device.establish();
    await expect.poll(() => device.outcomes.length, soon).toBe(2);
    expect(device.outcomes[1]).toMatchObject({ result: "terminated", by: "partner", status: 4 });
    expect(storedKeys()).toEqual(before);
    expect(home.joined()).toBe(true);
  });
});

describe("who is not let in", () => {
  it("tells a wrong install code once, and at the end of the window for good", async () => {
    home = await HanBench.start({ timing: { proofMs: 300 } });
    const device = home.joiner(IHD, { code: InstallCode("83FED3407A939723A5C639FF4C12") });
    await home.admit(device, 4);
    await expect.poll(() => home.failures().length, { timeout: 10_000 }).toBe(2);
    expect(home.failures().map((failure) => failure.endsWith("(not final)"))).toEqual([true, false]);
    for (const failure of home.failures())
      expect(failure).toMatch(/^link key: .*install code is probably not/);
    expect(storedKeys()).toEqual([]);
  });

  it("tells of a device that was never seen when its window ends", async () => {
    home = await HanBench.start();
    await home.han.openJoining(window(IHD), 1);
    await expect.poll(() => home.failures(), soon).toEqual(["window open: the device was not seen"]);
  });

  it("admits nobody after the window", async () => {
    home = await HanBench.start();
    await home.han.openJoining(window(IHD), 1);
    await expect.poll(() => home.failures().length, soon).toBe(1);
    home.joiner().node.start();
    await new Promise((wake) => setTimeout(wake, 500));
    expect(home.bench.coordinator.children()).toEqual([]);
  });

  it("lets a device in no more under its install code once it has used its own key", async () => {
    home = await HanBench.start();
    const device = home.joiner();
    await home.admit(device);
    await expect.poll(() => device.key, soon).toBeDefined();
    expect(home.bench.coordinator.transientKeys()).toHaveLength(1);
    await device.zcl(0x000a, true, readAttribute);
    await expect.poll(() => home.bench.coordinator.transientKeys(), soon).toEqual([]);
    await expect.poll(() => device.received.length, soon).toBe(1);
  });
});

describe("a removed device", () => {
  it("leaves the network, and its key leaves the radio", async () => {
    home = await HanBench.start();
    const device = home.joiner();
    await home.admit(device);
    await expect.poll(() => home.joined(), soon).toBe(true);
    await home.han.removeDevice(IHD);
    await expect.poll(() => device.node.state, soon).not.toBe("joined");
    expect(storedKeys()).toEqual([]);
    expect(home.han.views().map(({ eui64 }) => eui64)).toEqual([CAD]);
  });
});

describe("a device with a key of former days (A2.9)", () => {
  it("is in again as soon as the key proves to be in use, without key establishment", async () => {
    home = await HanBench.start();
    const device = home.joiner(IHD, { starts: false });
    await home.han.openJoining({ ...window(IHD), keyIs: "link-key" }, 60);
    device.node.start();
    await expect.poll(() => home.joined(), soon).toBe(true);
    expect(home.steps()).toEqual(["window open", "seen", "associated", "link key", "log updated"]);
    expect(toHex(home.records.linkKey(IHD) ?? new Uint8Array())).toBe(toHex(installCodeKey(CODE)));
    expect(storedKeys()).toEqual([`${IHD} ${toHex(installCodeKey(CODE))}`]);
  });

  it("is not in by an install code in the same way", async () => {
    home = await HanBench.start();
    const device = home.joiner(IHD, { starts: false });
    await home.admit(device);
    await expect.poll(() => home.steps().at(-1), soon).toBe("link key");
    await device.zcl(0x000a, true, readAttribute);
    await new Promise((wake) => setTimeout(wake, 100));
    expect(home.joined()).toBe(false);
    expect(home.records.linkKey(IHD)).toBeUndefined();
  });
});

describe("a network formed anew (CCS03)", () => {
  it("has the Extended PAN ID asked for and another network key, and nobody is on it yet", async () => {
    home = await HanBench.start();
    const device = home.joiner();
    await home.admit(device);
    await expect.poll(() => home.joined(), soon).toBe(true);
    const before = home.bench.coordinator.networkKey();
    const asked = Eui64("00db1234567890f7");
    await home.han.reform(asked);
    expect(home.bench.coordinator.network()).toMatchObject({ extendedPanId: asked });
    expect(toHex(home.bench.coordinator.networkKey()?.key ?? new Uint8Array())).not.toBe(
      toHex(before?.key ?? new Uint8Array()),
    );
    expect(home.joined()).toBe(false);
    await home.han.reform(asked);
    await home.stopHub();
    await home.startHub();
    expect(home.radio.network).toMatchObject({ extendedPanId: asked, formed: false });
  });
});

describe("a power cut (the Device Log decides)", () => {
  it("finds a keyed device again and serves it, without a window", async () => {
    home = await HanBench.start();
    const device = home.joiner();
    await home.admit(device);
    await expect.poll(() => device.key, soon).toBeDefined();
    await home.stopHub();
    await home.startHub();
    await device.zcl(0x000a, true, readAttribute);
    await expect.poll(() => device.received.length, soon).toBe(1);
    expect(home.joined()).toBe(true);
  });

  it.each(["window open", "seen", "associated", "link key", "key establishment", "log updated"] as const)(
    "at the step %s: the device is in afterwards, or comes in by its install code",
    async (step) => {
      home = await HanBench.start({ timing: { proofMs: 300 } });
      const device = home.joiner(IHD, { retryMs: 100 });
      await home.han.openJoining(window(IHD), 60);
      device.node.start();
      await expect.poll(() => home.steps().includes(step), { timeout: 8_000, interval: 0 }).toBe(true);
      await home.stopHub();
      await home.startHub();
      if (home.records.linkKey(IHD) === undefined) await home.han.openJoining(window(IHD), 60);
      await expect.poll(() => device.key, { timeout: 15_000 }).toBeDefined();
      await device.zcl(0x000a, true, readAttribute);
      await expect.poll(() => home.joined(), soon).toBe(true);
      const key = toHex(device.key ?? new Uint8Array());
      expect(storedKeys()).toEqual([`${IHD} ${key}`]);
      expect(toHex(home.records.linkKey(IHD) ?? new Uint8Array())).toBe(key);
    },
    30_000,
  );

  it("between the radio's table and the log: the key goes, and the device may establish another", async () => {
    home = await HanBench.start();
    const device = home.joiner(IHD, { starts: false });
    await home.admit(device);
    await expect.poll(() => home.steps().at(-1), soon).toBe("link key");
    await home.radio.linkKeys.set(IHD, new Uint8Array(16).fill(9));
    await home.stopHub();
    await home.startHub();
    await expect.poll(storedKeys, soon).toEqual([]);
    device.establish();
    await expect.poll(() => home.joined(), soon).toBe(true);
    await expect.poll(() => device.key, soon).toBeDefined();
    expect(storedKeys()).toEqual([`${IHD} ${toHex(device.key ?? new Uint8Array())}`]);
  });

  it("before the device has its proof: it takes another exchange, and the log follows", async () => {
    home = await HanBench.start();
    const device = home.joiner();
    await home.admit(device);
    await expect.poll(() => device.key, soon).toBeDefined();
    const first = toHex(device.key ?? new Uint8Array());
    device.node.setTrustCenterLinkKey(installCodeKey(CODE));
    await home.stopHub();
    await home.startHub();
    device.establish();
    await expect.poll(() => device.outcomes.length, soon).toBe(2);
    const second = toHex(device.key ?? new Uint8Array());
    expect(second).not.toBe(first);
    expect(storedKeys()).toEqual([`${IHD} ${second}`]);
  });

  it("with a stick that lost its memory: the same network, and every key of the log in its table", async () => {
    home = await HanBench.start();
    const device = home.joiner();
    await home.admit(device);
    await expect.poll(() => device.key, soon).toBeDefined();
    const keys = storedKeys();
    await home.stopHub();
    home.bench.coordinator.leave();
    home.bench.coordinator.clearLinkKeys();
    await home.startHub();
    await expect.poll(storedKeys, soon).toEqual(keys);
    expect(home.bench.coordinator.network()).toMatchObject({ extendedPanId: RADIO_EUI });
  });
});
