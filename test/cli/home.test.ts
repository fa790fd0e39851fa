import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/app/config.ts";
import { Hub } from "../../src/app/hub.ts";
import { wanRoot } from "../../src/app/settings.ts";
import { SystemClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import type { WanRoot } from "../../src/base/wan-topic.ts";
import { createEmulatedCoordinator } from "../../src/emulator/coordinator.ts";
import { HeadEndLink } from "../../src/headend/link.ts";
import { startBroker } from "../../src/lab/broker.ts";
import { writeRunFile } from "../../src/lab/run-file.ts";
import { makeTestPki } from "../../src/lab/test-pki.ts";
import { hanway } from "./streams.ts";

const CHF = Eui64("02fa17e0000000a2");
const GPF = Eui64("02fa17e0000000a3");
const ESME = Eui64("02fa17e0000000a0");
const KEY = "00112233445566778899aabbccddeeff";

const scope = new AsyncDisposableStack();
const temporary = process.env.TMPDIR;

/** A real hub with keys of the test PKI, and a run file that says where it is. */
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "hanway-home-"));
  scope.defer(() => rmSync(folder, { recursive: true, force: true }));
  process.env.TMPDIR = folder;
  const keys = join(folder, "keys");
  const clock = new SystemClock();
  const devices = [
    { type: "chf", eui64: CHF },
    { type: "gpf", eui64: GPF },
    { type: "esme", eui64: ESME },
  ] as const;
  makeTestPki(keys, devices, clock);
  const broker = scope.use(await startBroker());
  const emulator = await createEmulatedCoordinator({
    listen: "tcp://127.0.0.1:0",
    eui64: GPF,
    seed: 1,
    devices: [],
  });
  scope.defer(() => emulator.stop());
  const config = parseConfig(`
[hub]
tenant = "home"
chf = "${CHF}"
gpf = "${GPF}"
dataDir = ${JSON.stringify(join(folder, "data"))}
[chf]
keystore = ${JSON.stringify(join(keys, "keystore.json"))}
[radio]
port = "${emulator.url}"
channel = 11
[[wan.broker]]
url = "${broker.url}"
`);
  scope.use(await Hub.start({ config, version: "test", clock, random: systemRandom, log: silentLog }));
  const { tenant, hub } = wanRoot(config);
  await untilOnline(broker.url, { tenant, hub });
  const run = { pid: process.pid, broker: broker.url, tenant, hub, keys };
  scope.use(writeRunFile({ ...run, devices: [{ eui64: ESME, type: "esme", transferSize: 1_500 }] }));
});
afterAll(async () => {
  await scope.disposeAsync();
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
});

async function untilOnline(url: string, root: WanRoot): Promise<void> {
  const online = Promise.withResolvers<void>();
  const state = (up: boolean) => {
    if (up) online.resolve();
  };
  await using _link = await HeadEndLink.connect(url, root, { state });
  await online.promise;
}

const short = ["--timeout", "15s", "--linger", "20ms"];
const add = [
  "--set",
  `ieee_address=${ESME}`,
  "--set",
  `key=${KEY}`,
  "--set",
  "device_type=ESME",
  "--set",
  "join_timeout=90",
];

describe("hanway send to a hub that runs on this machine", () => {
  it("finds it by itself, and has a device added to its Device Log", async () => {
    const added = await hanway(["send", "CCS01", "--to", "chf", ...add, ...short]);
    expect(added).toMatchObject({ code: 0, err: "" });
    const read = await hanway(["send", "CCS06", "--to", "chf", ...short]);
    expect(read.code).toBe(0);
    expect(read.out).toContain(`mac_address: ${ESME}`);
  });

  it("shows the hub's credentials by role", async () => {
    const said = await hanway(["send", "CS02a", "--to", "chf", "--set", "roles=acb,wanProvider", ...short]);
    expect(said.code).toBe(0);
    expect(said.out).toContain("role: accessControlBroker (4)");
  });

  it.each([
    ["wanProviderByWanProvider", "wan-provider", 1],
    ["accessControlBrokerByACB", "acb", 2],
    ["anyExceptAbnormalRootByRecovery", "acb", 2],
  ])("replaces credentials by CS02b-%s", async (mode, party, cells) => {
    const args = ["send", `CS02b-${mode}`, "--to", "chf", "--set", `party=${party}`, ...short];
    const done = await hanway([...args, "--json"]);
    expect(done).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(done.out)).toMatchObject({ outcome: "answered", failures: [] });
    expect(done.out.split('"status"')).toHaveLength(cells + 1);
    const cancelled = await hanway([...args, "--set", "executionTime=cancel"]);
    expect(cancelled.code).toBe(0);
  });

  it("says which certificate was not taken, and why", async () => {
    const args = ["send", "CS02b-wanProviderByWanProvider", "--to", "chf", "--set", "party=wan-provider"];
    const said = await hanway([...args, "--set", "certificationPath=3000", ...short]);
    expect(said.code).not.toBe(0);
    expect(said.out).toContain("noTrustAnchor");
  });

  it("has a Command refused that the party may not send, and one for a device nobody knows", async () => {
    const forced = await hanway([
      "send",
      "CCS01",
      "--to",
      "chf",
      "--as",
      "supplier",
      "--force",
      ...add,
      ...short,
    ]);
    expect(forced.code).toBe(10);
    const stranger = await hanway([
      "send",
      "CCS02",
      "--to",
      "gpf",
      "--set",
      `unregister_device=${ESME}`,
      ...short,
    ]);
    expect(stranger.code).toBe(2);
  });

  it("hears the alerts of the hub", async () => {
    const heard = hanway(["listen", "--json", "--count", "2", "--for", "15s"], undefined, (text) => {
      if (text.includes("listening")) {
        void hanway(["send", "CCS02", "--to", "chf", "--set", `unregister_device=${ESME}`, ...short]);
      }
    });
    const lines = (await heard).out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ useCase }) => useCase).sort()).toEqual(["CCS02", "CS14"]);
    expect(lines.every(({ mac }) => mac === "verified")).toBe(true);
  });
});
