import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SystemClock } from "../../src/base/clock.ts";
import { Eui64, eui64FromBytes } from "../../src/base/eui64.ts";
import { InstallCode } from "../../src/base/install-code.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import type { MessageId, Tenant } from "../../src/base/wan-topic.ts";
import { createEmulatedCoordinator } from "../../src/emulator/coordinator.ts";
import { EmberRadio } from "../../src/han/radio/ember-radio.ts";
import { RADIO_DEFAULTS } from "../../src/han/radio/settings.ts";
import { HeadEndLink } from "../../src/headend/link.ts";
import { startBroker } from "../../src/lab/broker.ts";
import { SampleExchange } from "../../src/lab/sample.ts";
import { type Figure, median, quantile, round } from "../figure.ts";

const METER = Eui64("00db1234567890a0");
const CHF = Eui64("00db1234567890a2");
const GPF = Eui64("00db1234567890a3");
const PARTY = Eui64("90b3d51f30000002");
const LABEL = "83FED3407A939723A5C639B26916D505C3B5";
const ROOT = { tenant: "bench" as Tenant, hub: CHF };

/** A message that takes so long is lost, and the bench ends. */
const LOST_MS = 20_000;

type Print = (figure: Figure) => void;

/** The figures of a whole hub against the emulated coordinator. */
export async function bench(print: Print): Promise<void> {
  await formation(print);
  await twentyHubs(print);
  await requests(print);
  await runningHub(print);
}

async function formation(print: Print): Promise<void> {
  await formOnce(GPF); // loads the driver's modules
  const samples: number[] = [];
  for (let i = 0; i < 7; i++) samples.push(await formOnce(GPF));
  print({
    figure: "start to formed network",
    value: round(median(samples)),
    unit: "ms",
    reach: 250,
    better: "less",
  });
}

async function twentyHubs(print: Print): Promise<void> {
  const started = performance.now();
  const radios = Array.from({ length: 20 }, (_, i) =>
    formOnce(eui64FromBytes(Uint8Array.of(0, 0xdb, 0x12, 0x34, 0, 0, 0, i))),
  );
  await Promise.all(radios);
  print({
    figure: "20 hubs with 20 emulators in one process, all formed",
    value: round(performance.now() - started),
    unit: "ms",
    reach: 1_000,
    better: "less",
  });
}

/** Forms a network on a fresh emulated coordinator and returns the milliseconds it took. */
async function formOnce(eui64: Eui64): Promise<number> {
  await using home = await radioHome(eui64);
  const before = performance.now();
  await home.radio.start();
  return performance.now() - before;
}

async function radioHome(eui64: Eui64) {
  const folder = mkdtempSync(join(tmpdir(), "hanway-bench-"));
  const clock = new SystemClock();
  const emulator = await createEmulatedCoordinator({
    listen: "tcp://127.0.0.1:0",
    eui64,
    seed: 1,
    devices: [{ type: "esme", eui64: METER, installCode: InstallCode(LABEL) }],
  });
  const radio = new EmberRadio(
    { ...RADIO_DEFAULTS, path: emulator.url, dataFolder: folder, channels: [11] },
    clock,
    systemRandom,
    silentLog,
  );
  return {
    emulator,
    radio,
    async [Symbol.asyncDispose]() {
      await radio.stop();
      await emulator.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Read Attributes of the meter's Metering cluster under its link key, one after the other. */
async function requests(print: Print): Promise<void> {
  const { installCodeKey } = await import("../../src/cbke/install-code.ts");
  await using home = await radioHome(GPF);
  const key = installCodeKey(InstallCode(LABEL));
  await home.radio.start();
  const joined = Promise.withResolvers<number>();
  let answered: () => void = () => {};
  home.radio.on((event) => {
    if (event.type === "joined") joined.resolve(event.nodeId);
    if (event.type === "frame" && event.frame.cluster === 0x0702) answered();
  });
  await home.radio.admit(METER, key, 60);
  const nodeId = await joined.promise;
  await home.radio.linkKeys.set(METER, key);
  const count = 1_000;
  const before = performance.now();
  for (let i = 0; i < count; i++) {
    const answer = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const outcome = await home.radio.send({
      nodeId,
      profile: 0x0109,
      cluster: 0x0702,
      sourceEndpoint: 3,
      destinationEndpoint: 1,
      security: "link-key",
      payload: Uint8Array.of(0x00, i & 0xff, 0x00, 0x00, 0x00),
    });
    if (outcome !== "delivered") throw new Error(`request ${i}: ${outcome}`);
    await answer;
  }
  const seconds = (performance.now() - before) / 1_000;
  print({
    figure: "secured ZCL requests, sequential, with their answers",
    value: round(count / seconds, 0),
    unit: "1/s",
    better: "more",
  });
}

/** A hub in a process of its own: resident memory at rest, then round trips broker to meter and back. */
async function runningHub(print: Print): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hanway-bench-"));
  const broker = await startBroker();
  const samples = new SampleExchange({ farEnd: PARTY, meter: METER }, new SystemClock());
  const emulator = await createEmulatedCoordinator({
    listen: "tcp://127.0.0.1:0",
    eui64: GPF,
    seed: 1,
    devices: [
      {
        type: "esme",
        eui64: METER,
        installCode: InstallCode(LABEL),
        messageHandler: (message) => samples.answerTo(message),
      },
    ],
  });
  const config = join(folder, "hub.toml");
  writeFileSync(
    config,
    `[hub]\ntenant = "bench"\nchf = "${CHF}"\ngpf = "${GPF}"\ndataDir = ${JSON.stringify(join(folder, "data"))}\njoinSeconds = 60\n` +
      `[radio]\nport = "${emulator.url}"\nchannel = 11\n[[wan.broker]]\nurl = "${broker.url}"\n` +
      `[[device]]\neui64 = "${METER}"\ntype = "esme"\ninstallCode = "${LABEL}"\n[log]\nlevel = "warn"\n`,
  );
  let arrived: () => void = () => {};
  const farEnd = await HeadEndLink.connect(broker.url, ROOT, { up: () => arrived() });
  const open = Promise.withResolvers<void>();
  emulator.devices[0]?.on((event) => {
    if (event.type === "tunnel-open") open.resolve();
  });
  const main = fileURLToPath(new URL("../../bin/hanway.mjs", import.meta.url));
  const hub = spawn(process.execPath, [main, "run", "--config", config], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    await open.promise;
    await delay(5_000);
    print({
      figure: "resident memory of hanway run at rest",
      value: round(residentMb(hub.pid ?? 0), 1),
      unit: "MB",
      reach: 115,
      better: "less",
    });
    const trips: number[] = [];
    for (let i = 0; i < 600; i++) {
      const answer = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const before = performance.now();
      await farEnd.send(METER, `bench-${i}` as MessageId, samples.command());
      await within(answer, `message ${i}`);
      if (i >= 100) trips.push(performance.now() - before);
    }
    print({ figure: "relay round trip p50", value: round(quantile(trips, 0.5)), unit: "ms", better: "less" });
    print({
      figure: "relay round trip p99",
      value: round(quantile(trips, 0.99)),
      unit: "ms",
      reach: 25,
      better: "less",
    });
  } finally {
    hub.kill("SIGTERM");
    await once(hub, "exit");
    await farEnd[Symbol.asyncDispose]();
    await emulator.stop();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function within(promise: Promise<void>, what: string): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what} was lost`)), LOST_MS);
  await Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1_024;
}
