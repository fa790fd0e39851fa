import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { silentLog } from "../../../src/base/log.ts";
import {
  createEmulatedCoordinator,
  type EmulatedCoordinatorConfig,
  type EmulatedCoordinatorHandle,
} from "../../../src/emulator/coordinator.ts";
import { EmberAdapter, type Ezsp, SLStatus, useDriverLog } from "../../../src/han/radio/herdsman.ts";

useDriverLog(silentLog, false);

const NETWORK_KEY = Array.from({ length: 16 }, (_, index) => index + 1);
const EXTENDED_PAN_ID = [0xa1, 0x90, 0x78, 0x56, 0x34, 0x12, 0xdb, 0x00];
const EUI = Eui64("000d6f0000c0ffee");
const opened: (() => unknown)[] = [];
const folder = () => {
  const path = mkdtempSync(join(tmpdir(), "hanway-emulator-"));
  opened.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function emulate(more: Partial<EmulatedCoordinatorConfig> = {}): Promise<EmulatedCoordinatorHandle> {
  const handle = await createEmulatedCoordinator({
    listen: "tcp://127.0.0.1:0",
    seed: 1,
    eui64: EUI,
    ...more,
  });
  opened.push(() => handle.stop());
  return handle;
}

/** The driver's EZSP layer: private by declaration, plain at run time. */
function ezspOf(adapter: EmberAdapter): Ezsp {
  return Reflect.get(adapter, "ezsp");
}

function adapterFor(url: string, networkKey = NETWORK_KEY): EmberAdapter {
  return new EmberAdapter(
    {
      panID: 0x1a62,
      extendedPanID: EXTENDED_PAN_ID,
      channelList: [15],
      networkKey,
      networkKeyDistribute: false,
    },
    { path: url, adapter: "ember", baudRate: 115200, rtscts: false },
    join(folder(), "backup.json"),
    { concurrent: 16, disableLED: false },
  );
}

async function started(url: string): Promise<{ adapter: EmberAdapter; result: string }> {
  const adapter = adapterFor(url);
  opened.push(() => adapter.stop().catch(() => {}));
  const result = await adapter.start();
  return { adapter, result };
}

describe("zigbee-herdsman as the host", () => {
  test.each([13, 14, 15, 16, 17, 18, 19])("EZSP %i: forms, backs up, stops, and resumes", async (ezsp) => {
    const { url, profile } = await emulate({ ezsp });
    const first = await started(url);
    expect(first.result).toBe("reset");
    expect(await first.adapter.getCoordinatorIEEE()).toBe(`0x${EUI}`);
    expect(await first.adapter.getNetworkParameters()).toMatchObject({ panID: 0x1a62, channel: 15 });
    const version = await first.adapter.getCoordinatorVersion();
    expect(version.meta).toMatchObject({ ezsp, major: profile.version.major, patch: profile.version.patch });
    const backup = await first.adapter.backup([]);
    expect([...backup.networkOptions.networkKey]).toEqual(NETWORK_KEY);
    expect(await ezspOf(first.adapter).ezspReadAndClearCounters()).toBeDefined();
    await first.adapter.stop();
    const second = await started(url);
    expect(second.result).toBe("resumed");
  });

  test.each([13, 18])("EZSP %i: the coordinator answers for its own endpoints", async (ezsp) => {
    const { url } = await emulate({ ezsp });
    const { adapter } = await started(url);
    // Active_EP_req to itself.
    const answer = await adapter.sendZdo(`0x${EUI}`, 0, 0x0005, Buffer.from([0, 0, 0]), false);
    expect(answer).toEqual([0, { nwkAddress: 0, endpointList: [1, 242] }]);
  });

  test.each([13, 18])("EZSP %i: what Smart Energy adds: link keys and transient keys", async (ezsp) => {
    const { url, stack } = await emulate({ ezsp });
    const driver = ezspOf((await started(url)).adapter);
    const device = "0x00124b0000000042";
    const key = { contents: Buffer.alloc(16, 0x33) };
    expect(await driver.ezspImportLinkKey(0xff, device, key)).toBe(SLStatus.OK);
    const [status, context, exported, metadata] = await driver.ezspExportLinkKeyByEui(device);
    expect([status, context.keyIndex, toHex(exported.contents)]).toEqual([0, 0, "33".repeat(16)]);
    expect(metadata.bitmask & 0x0e).toBe(0x0e);
    expect(await driver.ezspImportTransientKey(device, key)).toBe(SLStatus.OK);
    expect(stack.transientKeys().map((each) => each.eui64)).toEqual(["00124b0000000042"]);
    expect(await driver.ezspEraseKeyTableEntry(0)).toBe(SLStatus.OK);
    expect(stack.linkKeys()).toEqual([]);
    expect(await driver.ezspMaximumPayloadLength()).toBe(82);
    expect(await driver.ezspPermitJoining(10)).toBe(SLStatus.OK);
    await driver.ezspNop();
  });

  test("a network key that differs from the host's makes the driver leave and form anew", async () => {
    const { url, stack } = await emulate();
    const first = await started(url);
    await first.adapter.stop();
    const old = stack.network()?.panId;
    const otherKey = NETWORK_KEY.map((octet) => octet ^ 0xff);
    const other = adapterFor(url, otherKey);
    opened.push(() => other.stop());
    expect(await other.start()).toBe("reset");
    expect(stack.network()?.panId).toBe(old);
    expect([...(stack.networkKey()?.key ?? [])]).toEqual(otherKey);
  });

  test("over a line that damages one frame in thirty, 100 commands all come back", async () => {
    const { url, faults, port } = await emulate();
    const driver = ezspOf((await started(url)).adapter);
    // The driver looks at its own resend timer only when it sends: something has to make it look.
    const ash: unknown = Reflect.get(driver, "ash");
    const look = setInterval(() => {
      if (typeof ash === "object" && ash !== null) Reflect.get(ash, "sendExec").call(ash);
    }, 20);
    opened.push(() => clearInterval(look));
    faults.inject({ name: "corrupt", rate: 0.03, durationMs: 60_000 });
    for (let i = 0; i < 100; i++) expect(await driver.ezspGetEui64()).toBe(`0x${EUI}`);
    faults.clear();
    expect(port.counts.rejected + port.counts.resend).toBeGreaterThan(0);
  });

  test("firmware older than the driver takes is refused by the driver, not by a crash here", async () => {
    const { url, port } = await emulate({ profile: "too-old" });
    await expect(adapterFor(url).start()).rejects.toThrow(/not supported/);
    expect(port.connected).toBe(true);
  });
});

describe("state that survives", () => {
  test("with a file the network is there after a restart, counters ahead of every value used", async () => {
    const stateFile = join(folder(), "deep", "ncp.json");
    const first = await emulate({ stateFile });
    const before = await started(first.url);
    await ezspOf(before.adapter).ezspImportLinkKey(0xff, "0x00124b0000000042", {
      contents: Buffer.alloc(16, 1),
    });
    const used = first.stack.networkKey()?.frameCounter ?? 0;
    await before.adapter.stop();
    await first.stop();
    const second = await emulate({ stateFile });
    expect((await started(second.url)).result).toBe("resumed");
    expect(second.stack.networkKey()?.frameCounter).toBeGreaterThan(used);
    expect(second.stack.linkKeys().map((each) => each.eui64)).toEqual(["00124b0000000042"]);
  });

  test("the file is written while running, so that a kill loses nothing", async () => {
    const stateFile = join(folder(), "ncp.json");
    const handle = await emulate({ stateFile });
    await started(handle.url);
    await new Promise((resolve) => setImmediate(resolve));
    const stored = JSON.parse(readFileSync(stateFile, "utf8"));
    expect(stored.stack.network).toMatchObject({ panId: 0x1a62, channel: 15 });
  });

  test.each([
    ["no JSON", "{"],
    ["another file", '{"format":"x"}'],
    ["a list", "[]"],
    [
      "a stack without keys",
      '{"format":"hanway-emulated-ncp","version":1,"eui64":"000d6f0000c0ffee","stack":{},"ncp":{}}',
    ],
  ])("%s is refused with config/unreadable", async (_name, text) => {
    const stateFile = join(folder(), "ncp.json");
    writeFileSync(stateFile, text);
    await expect(emulate({ stateFile })).rejects.toMatchObject({ code: "config/unreadable" });
  });

  test("a place that cannot be written is refused at the start, and nothing is left running", async () => {
    const stateFile = join(folder(), "file");
    writeFileSync(stateFile, "");
    await expect(emulate({ stateFile: join(stateFile, "ncp.json") })).rejects.toMatchObject({
      field: "state",
    });
  });

  test("the address that a stick made up for itself stays", async () => {
    const stateFile = join(folder(), "ncp.json");
    const open = () => createEmulatedCoordinator({ listen: "tcp://127.0.0.1:0", stateFile });
    const first = await open();
    await first.stop();
    const second = await open();
    await second.stop();
    expect(second.eui64).toBe(first.eui64);
  });

  test("a file of another stick is refused", async () => {
    const stateFile = join(folder(), "ncp.json");
    await (await emulate({ stateFile })).stop();
    await expect(emulate({ stateFile, eui64: Eui64("000d6f0000000002") })).rejects.toMatchObject({
      code: "config/invalid",
    });
  });
});

describe("the pseudo terminal", () => {
  const hasSocat = spawnSync("socat", ["-V"]).status === 0;

  test("serves the same octets to one host after the other, or says that socat is missing", async () => {
    if (!hasSocat) {
      await expect(emulate({ listen: "pty" })).rejects.toThrow(/socat/);
      return;
    }
    const { url } = await emulate({ listen: "pty" });
    const first = await started(url);
    expect(first.result).toBe("reset");
    await first.adapter.stop();
    const second = await started(url);
    expect(second.result).toBe("resumed");
    await second.adapter.stop();
  });

  test("a place where no terminal can be made is one sentence with emulator/listen", async () => {
    await expect(emulate({ listen: "pty:/nowhere/at/all/tty" })).rejects.toMatchObject({
      code: "emulator/listen",
    });
  });
});
