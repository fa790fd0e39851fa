import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { SystemClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import type { Tenant } from "../../src/base/wan-topic.ts";
import { startBroker } from "../../src/lab/broker.ts";
import { Store } from "../../src/store/store.ts";
import { OUTBOX_LIMITS, Outbox } from "../../src/wan/outbox.ts";
import { WAN_DEFAULTS, Wan } from "../../src/wan/wan.ts";
import { type Figure, quantile, round } from "../figure.ts";

const HUB = Eui64("00db1234567890a2");
const DEVICE = Eui64("00db1234567890a0");
const MESSAGE = 1_024;
const NOWHERE = "mqtt://127.0.0.1:1";

type Print = (figure: Figure) => void;

/** The durable way from the HAN to the broker: every message is on the disk before `send` resolves. */
export async function bench(print: Print): Promise<void> {
  await stored(print);
  await flow(print);
  await backlog(print);
}

/** Octets this process has handed to block devices; 0 where the system does not tell. */
function written(): number {
  try {
    return Number(/^write_bytes: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

async function withWan(url: string, run: (wan: Wan, path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hanway-bench-"));
  const path = join(folder, "hub.sqlite");
  const clock = new SystemClock();
  const store = new Store(path, clock);
  const root = { tenant: "bench" as Tenant, hub: HUB };
  const settings = { ...WAN_DEFAULTS, root, version: "bench", brokers: [{ url }] };
  const wan = new Wan(settings, { store, clock, random: systemRandom, log: silentLog });
  try {
    await run(wan, path);
  } finally {
    await wan.stop();
    store.close();
    rmSync(folder, { recursive: true });
  }
}

interface Cost {
  seconds: number;
  cpuMicroseconds: number;
  octets: number;
  waits: number[];
}

/** Sends `count` messages from `senders` devices that each wait for the disk; at most `rate` a second. */
async function load(
  wan: Wan,
  count: number,
  senders: number,
  rate = Number.POSITIVE_INFINITY,
): Promise<Cost> {
  const waits: number[] = [];
  const payload = new Uint8Array(MESSAGE).fill(7);
  const [started, cpu, before] = [performance.now(), process.cpuUsage(), written()];
  let sent = 0;
  const sender = async () => {
    while (sent < count) {
      const due = started + (sent++ / rate) * 1_000;
      const from = performance.now();
      await wan.send({ device: DEVICE, lane: "response", payload });
      waits.push(performance.now() - from);
      const early = due - performance.now();
      await (early > 1 ? delay(early) : turn());
    }
  };
  await Promise.all(Array.from({ length: senders }, sender));
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds: (performance.now() - started) / 1_000,
    cpuMicroseconds: (user + system) / count,
    octets: (written() - before) / count,
    waits,
  };
}

async function stored(print: Print): Promise<void> {
  await withWan(NOWHERE, async (wan) => {
    await load(wan, 2_000, 64);
    const cost = await load(wan, 20_000, 64);
    const rate = round(20_000 / cost.seconds, 0);
    print({ figure: "durable messages stored", value: rate, unit: "1/s", reach: 5_000, better: "more" });
    print({
      figure: "CPU per message stored",
      value: round(cost.cpuMicroseconds),
      unit: "us",
      better: "less",
    });
    print({
      figure: "disk writes per 1 KB message stored",
      value: round(cost.octets, 0),
      unit: "octets",
      reach: 4_096,
      better: "less",
    });
    print({
      figure: "wait for the disk, 99 of 100",
      value: round(quantile(cost.waits, 0.99)),
      unit: "ms",
      better: "less",
    });
  });
}

const waiting = (wan: Wan) => Object.values(wan.counts().up.waiting).reduce((sum, n) => sum + n, 0);

async function flow(print: Print): Promise<void> {
  await using broker = await startBroker();
  await withWan(broker.url, async (wan) => {
    wan.start(() => {});
    while (!wan.status.online) await delay(5);
    await load(wan, 2_000, 16);
    const cost = await load(wan, 20_000, 16, 5_000);
    while (waiting(wan) > 0) await delay(5);
    const note =
      "stored, published, acknowledged and removed at 5,000 a second; the embedded broker's share included";
    print({
      figure: "CPU per message from the HAN to the broker",
      value: round(cost.cpuMicroseconds),
      unit: "us",
      reach: 200,
      better: "less",
      note,
    });
    print({
      figure: "disk writes per 1 KB message from the HAN to the broker",
      value: round(cost.octets, 0),
      unit: "octets",
      reach: 4_096,
      better: "less",
    });
  });
}

async function backlog(print: Print): Promise<void> {
  await using broker = await startBroker();
  await withWan(broker.url, async (wan) => {
    await load(wan, 1_000, 64);
    const before = process.memoryUsage().rss;
    await load(wan, 100_000, 64);
    print({
      figure: "memory for 100,000 queued messages",
      value: round((process.memoryUsage().rss - before) / 1024 / 1024, 1),
      unit: "MB",
      reach: 20,
      better: "less",
    });
    const started = performance.now();
    const count = waiting(wan);
    wan.start(() => {});
    while (waiting(wan) > 0) await delay(10);
    const rate = round(count / ((performance.now() - started) / 1_000), 0);
    print({
      figure: "backlog drained",
      value: rate,
      unit: "1/s",
      better: "more",
      note: "100,000 messages of 1 KB",
    });
  });
  await reopening(print);
}

async function reopening(print: Print): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hanway-bench-"));
  const path = join(folder, "hub.sqlite");
  const clock = new SystemClock();
  const fill = new Store(path, clock);
  const outbox = new Outbox(fill, clock, OUTBOX_LIMITS);
  fill.transaction(() => {
    for (let n = 0; n < 100_000; n++) outbox.put("response", DEVICE, new Uint8Array(MESSAGE));
  });
  fill.close();
  const started = performance.now();
  using store = new Store(path, clock);
  new Outbox(store, clock, OUTBOX_LIMITS).counts();
  print({
    figure: "start on 100,000 queued messages, pages checked",
    value: round(performance.now() - started, 0),
    unit: "ms",
    better: "less",
  });
  rmSync(folder, { recursive: true });
}
