import { connect, createServer, type Socket } from "node:net";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { SystemClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { type Log, silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { MessageId, Tenant } from "../../src/base/wan-topic.ts";
import { startBroker } from "../../src/lab/broker.ts";
import { Store } from "../../src/store/store.ts";
import { WAN_DEFAULTS, Wan, type WanSettings } from "../../src/wan/wan.ts";
import { startMosquitto, type TestBroker } from "./mosquitto.ts";

export const HUB = Eui64("00db1234567890a2");
export const ESME = Eui64("00db1234567890a0");
export const ROOT = { tenant: "test" as Tenant, hub: HUB };
export const BASE = "hanway/v1/test/00db1234567890a2";
export const id = (text: string) => text as MessageId;

/** Quick enough for a test, still with jitter. */
const TIMING = { backOffMs: 20, backOffMaxMs: 100, steadyMs: 60_000 };

export function settings(urls: readonly string[], more: Partial<WanSettings> = {}): WanSettings {
  return {
    ...WAN_DEFAULTS,
    root: ROOT,
    version: "0.0.0-test",
    brokers: urls.map((url) => ({ url })),
    timing: TIMING,
    ...more,
  };
}

export function makeWan(
  urls: readonly string[],
  more: Partial<WanSettings> = {},
  store = new Store(":memory:", new SystemClock()),
  log: Log = silentLog,
): Wan {
  const ports = { store, clock: new SystemClock(), random: new SeededRandom(1), log };
  return new Wan(settings(urls, more), ports);
}

export async function startAedes(): Promise<TestBroker> {
  let broker = await startBroker();
  const close = () => broker.close();
  const again = async () => {
    broker = await startBroker(broker.port);
  };
  return { url: broker.url, close, again, [Symbol.asyncDispose]: close };
}

/** Both brokers that the contract is checked against, with the MQTT version that the hub ends up with. */
export const BROKERS: [string, "3.1.1" | "5", () => Promise<TestBroker>][] = [
  ["aedes", "3.1.1", startAedes],
  ["mosquitto", "5", () => startMosquitto()],
];

export interface Heard {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
}

/** A far end with nothing of hanway in it: a plain MQTT client that writes down what it hears. */
export class FarEnd implements AsyncDisposable {
  readonly heard: Heard[] = [];
  readonly client: MqttClient;
  #changed: () => void = () => {};

  private constructor(client: MqttClient) {
    this.client = client;
    client.on("message", (topic, payload, packet) => {
      this.heard.push({ topic, payload, retain: packet.retain });
      this.#changed();
    });
  }

  static async connect(url: string, filter = `${BASE}/#`, options: IClientOptions = {}): Promise<FarEnd> {
    const client = await connectAsync(url, { reconnectPeriod: 0, ...options });
    const end = new FarEnd(client);
    await client.subscribeAsync(filter, { qos: 1 });
    return end;
  }

  /** Resolves with what `find` finds, looking again at every arrival; the test's own time limit is the only one. */
  async until<T>(find: (heard: readonly Heard[]) => T | undefined | false): Promise<T> {
    for (;;) {
      const found = find(this.heard);
      if (found !== undefined && found !== false) return found;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  on(kind: string): Heard[] {
    return this.heard.filter((one) => one.topic.startsWith(`${BASE}/${kind}`));
  }

  states(): { online: boolean; [name: string]: unknown }[] {
    return this.on("state").map((one) => JSON.parse(one.payload.toString()));
  }

  receipts(message: string): { stage: string; reason?: string; at: string }[] {
    return this.heard
      .filter((one) => one.topic === `${BASE}/receipt/${message}`)
      .map((one) => JSON.parse(one.payload.toString()));
  }

  async online(): Promise<void> {
    await this.until(() => this.states().at(-1)?.online === true);
  }

  async down(device: string, message: string, payload: Uint8Array): Promise<void> {
    await this.client.publishAsync(`${BASE}/down/${device}/${message}`, Buffer.from(payload), { qos: 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.endAsync(true);
  }
}

/** A TCP relay to a broker; `cut` ends its connections hard and takes no new ones. */
export async function makeRelay(url: string): Promise<{ relay: string; cut: () => void }> {
  const target = Number(new URL(url).port);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const cut = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { relay: `mqtt://127.0.0.1:${port}`, cut };
}
