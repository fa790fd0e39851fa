import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/app/config.ts";
import { Hub } from "../../src/app/hub.ts";
import { toHex } from "../../src/base/bytes.ts";
import { SystemClock } from "../../src/base/clock.ts";
import type { DeviceType } from "../../src/base/device-type.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { testAuthorities } from "../../src/cbke/index.ts";
import { createEmulatedCoordinator, type EmulatedCoordinatorHandle } from "../../src/emulator/coordinator.ts";
import { deviceCredentials } from "../../src/emulator/devices/credentials.ts";
import type { HanEvent } from "../../src/han/network.ts";
import { CODE, GPF } from "./home.ts";

const SEED = 4711;
const HOME: readonly (readonly [DeviceType, Eui64])[] = (
  ["esme", "gsme", "ppmid", "ihd", "hcalcs", "cad", "sapc"] as const
).map((type, i) => [type, Eui64(`00db12345678b0${i.toString(16).padStart(2, "0")}`)]);
const TUNNELS: readonly DeviceType[] = ["esme", "gsme", "ppmid", "hcalcs", "sapc"];

const scope: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of scope.splice(0).reverse()) await end();
});

async function emulator(
  kinds: readonly (readonly [DeviceType, Eui64])[],
): Promise<EmulatedCoordinatorHandle> {
  const authorities = testAuthorities(SEED);
  const handle = await createEmulatedCoordinator({
    listen: "tcp://127.0.0.1:0",
    eui64: GPF,
    seed: 3,
    devices: kinds.map(([type, eui64]) => ({
      type,
      eui64,
      installCode: CODE,
      cbke: deviceCredentials(authorities, eui64),
    })),
  });
  scope.push(() => handle.stop());
  return handle;
}

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hanway-security-"));
  scope.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function hub(radio: string, folder: string, joinSeconds: number, events: HanEvent[]): Promise<Hub> {
  const devices = HOME.map(
    ([type, eui64]) => `[[device]]\neui64 = "${eui64}"\ntype = "${type}"\ninstallCode = "${toHex(CODE)}"`,
  );
  const config = parseConfig(`
[hub]
chf = "00db1234567890a2"
dataDir = ${JSON.stringify(folder)}
joinSeconds = ${joinSeconds}
[radio]
port = "${radio}"
channel = 11
[security]
testAuthority = ${SEED}
[[wan.broker]]
url = "mqtt://127.0.0.1:9"
[clock]
sources = ["machine"]
${devices.join("\n")}
`);
  return Hub.start({
    config,
    version: "test",
    clock: new SystemClock(),
    random: systemRandom,
    log: silentLog,
    onEvent: (event) => events.push(event),
  });
}

const soon = { timeout: 30_000, interval: 10 };

describe("a home of every kind of device, with key establishment", () => {
  it("joins them all, has a tunnel to each that has one, the gas meter's own too, and has them again after a restart", async () => {
    const { url, stack } = await emulator(HOME);
    const folder = dataFolder();
    const events: HanEvent[] = [];
    const first = await hub(url, folder, 120, events);
    try {
      await expect
        .poll(() => first.status().devices.filter(({ joined }) => joined).length, soon)
        .toBe(HOME.length);
      const open = () =>
        first
          .status()
          .devices.filter(({ tunnel }) => tunnel === "open")
          .map(({ type }) => type);
      await expect.poll(() => open().sort(), soon).toEqual([...TUNNELS].sort());
      expect(events.filter(({ type }) => type === "join-failed")).toEqual([]);
      expect(stack.linkKeys()).toHaveLength(HOME.length);
    } finally {
      await first[Symbol.asyncDispose]();
    }
    const keys = stack.linkKeys().map(({ eui64, key }) => `${eui64} ${toHex(key)}`);

    const later: HanEvent[] = [];
    const second = await hub(url, folder, 0, later);
    try {
      const open = () =>
        second
          .status()
          .devices.filter(({ tunnel }) => tunnel === "open")
          .map(({ type }) => type);
      await expect.poll(() => open().sort(), soon).toEqual([...TUNNELS].sort());
      expect(stack.linkKeys().map(({ eui64, key }) => `${eui64} ${toHex(key)}`)).toEqual(keys);
    } finally {
      await second[Symbol.asyncDispose]();
    }
  }, 60_000);

  it("ends with one clear sentence when the certificates are those of another radio", async () => {
    const { url } = await emulator([]);
    const folder = dataFolder();
    const config = parseConfig(`
[hub]
chf = "00db1234567890a2"
dataDir = ${JSON.stringify(folder)}
[radio]
port = "${url}"
channel = 11
[security]
credentials = ["/nonexistent"]
[[wan.broker]]
url = "mqtt://127.0.0.1:9"
`);
    const start = () =>
      Hub.start({ config, version: "test", clock: new SystemClock(), random: systemRandom, log: silentLog });
    await expect(start()).rejects.toThrow(/security\.credentials\[0\].*cannot be read/);
  });
});
