import { Socket } from "node:net";
import mqtt, { type MqttClient } from "mqtt";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import { formatFilter, formatTopic, type MessageId, parseTopic, type WanRoot } from "../base/wan-topic.ts";

/** A receipt as the hub publishes it. */
export interface ReceiptSeen {
  id: string;
  stage: string;
  reason: string | undefined;
}

export interface FarEndEvents {
  up?(device: Eui64, payload: Uint8Array, seq: number): void;
  receipt?(receipt: ReceiptSeen): void;
  /** The retained state of the hub, as JSON. */
  state?(state: unknown): void;
}

/** The other side of the broker, seen from outside the hub: offers Commands and hears what comes back. */
export class FarEnd implements AsyncDisposable {
  readonly #client: MqttClient;
  readonly #root: WanRoot;

  private constructor(client: MqttClient, root: WanRoot) {
    this.#client = client;
    this.#root = root;
  }

  /**
   * Connects and subscribes before it resolves, so that nothing said afterwards is missed. Under a `session` name the
   * broker keeps what is said while the far end is away.
   */
  static async connect(url: string, root: WanRoot, events: FarEndEvents, session?: string): Promise<FarEnd> {
    let client: MqttClient;
    try {
      const kept = session === undefined ? {} : { clientId: session, clean: false };
      client = await mqtt.connectAsync(url, { connectTimeout: 5_000, reconnectPeriod: 200, ...kept }, false);
    } catch (cause) {
      throw new HanwayError("wan/unavailable", `no broker answers at ${url}`, { cause });
    }
    if (client.stream instanceof Socket) client.stream.setNoDelay(true);
    client.on("message", (topic, payload) => hear(topic, payload, events));
    const filters = (["up", "receipt", "state"] as const).map((kind) => formatFilter(root, kind));
    await client.subscribeAsync(filters, { qos: 1 });
    return new FarEnd(client, root);
  }

  /** Publishes one downlink, QoS 1; resolves when the broker has it, also where that is away for a while. */
  async offer(device: Eui64, id: MessageId, payload: Uint8Array): Promise<void> {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    await this.#client.publishAsync(formatTopic(this.#root, { kind: "down", device, id }), bytes, { qos: 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }
}

function hear(text: string, payload: Uint8Array, events: FarEndEvents): void {
  const parsed = parseTopic(text);
  if ("refused" in parsed) return;
  switch (parsed.topic.kind) {
    case "up":
      events.up?.(parsed.topic.device, new Uint8Array(payload), parsed.topic.seq);
      return;
    case "receipt": {
      const said = readJson(payload);
      events.receipt?.({
        id: parsed.topic.id,
        stage: textOf(said, "stage") ?? "?",
        reason: textOf(said, "reason"),
      });
      return;
    }
    case "state":
      events.state?.(readJson(payload));
  }
}

function readJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString("utf8"));
  } catch {
    return undefined;
  }
}

function textOf(value: unknown, key: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const field: unknown = (value as Record<string, unknown>)[key];
  return typeof field === "string" ? field : undefined;
}
