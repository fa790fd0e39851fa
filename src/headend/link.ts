import { Socket } from "node:net";
import mqtt, { type MqttClient } from "mqtt";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import { formatFilter, formatTopic, type MessageId, parseTopic, type WanRoot } from "../base/wan-topic.ts";

/** A receipt as the hub publishes it. */
export interface Receipt {
  readonly id: MessageId;
  readonly stage: string;
  readonly reason: string | undefined;
}

/** A message from the hub: a GBCS message of a device, or one block of one. */
export interface Upward {
  readonly device: Eui64;
  /** The number the hub gave it; a message that comes twice has it twice. */
  readonly seq: number;
  readonly payload: Uint8Array;
}

export interface LinkEvents {
  up?(message: Upward): void;
  receipt?(receipt: Receipt): void;
  /** The hub's retained state: whether it is online at the broker, and all that it told. */
  state?(online: boolean, told: object): void;
  /** The broker is lost, or there again. */
  connection?(up: boolean): void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_MS = 500;

/** The link of a head-end to the broker, under the topics of one hub (the WAN contract). */
export class HeadEndLink implements AsyncDisposable {
  readonly #client: MqttClient;
  readonly #root: WanRoot;
  readonly #lost: () => void;

  private constructor(client: MqttClient, root: WanRoot, lost: () => void) {
    this.#client = client;
    this.#lost = lost;
    this.#root = root;
  }

  /**
   * Connects and subscribes before it resolves, so that nothing said afterwards is missed. Under a `session` name the
   * broker keeps what is said while the link is down. Throws `wan/unavailable`.
   */
  static async connect(
    url: string,
    root: WanRoot,
    events: LinkEvents,
    session?: string,
  ): Promise<HeadEndLink> {
    const client = await connected(url, session);
    if (client.stream instanceof Socket) client.stream.setNoDelay(true);
    // Without a listener the loss of the broker would end the process; mqtt.js connects again by itself.
    client.on("error", () => {});
    let up = true;
    const tell = (now: boolean) => {
      // Every attempt in vain is a "close" again.
      if (now !== up) events.connection?.(now);
      up = now;
    };
    const lost = () => tell(false);
    client.on("close", lost);
    client.on("connect", () => tell(true));
    client.on("message", (topic, payload) => hear(topic, new Uint8Array(payload), root, events));
    const filters = (["up", "receipt", "state"] as const).map((kind) => formatFilter(root, kind));
    await client.subscribeAsync(filters, { qos: 1 });
    return new HeadEndLink(client, root, lost);
  }

  /** Publishes one downlink, QoS 1; resolves when the broker has it, also where that is away for a while. */
  async send(device: Eui64, id: MessageId, payload: Uint8Array): Promise<void> {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    await this.#client.publishAsync(formatTopic(this.#root, { kind: "down", device, id }), bytes, { qos: 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // That this link ends is no news to its owner.
    this.#client.off("close", this.#lost);
    await this.#client.endAsync(true);
  }
}

async function connected(url: string, session: string | undefined): Promise<MqttClient> {
  const kept = session === undefined ? {} : { clientId: session, clean: false };
  const options = { connectTimeout: CONNECT_TIMEOUT_MS, reconnectPeriod: RECONNECT_MS, ...kept };
  try {
    return await mqtt.connectAsync(url, options, false);
  } catch (cause) {
    throw new HanwayError("wan/unavailable", `no broker answers at ${withoutSecrets(url)}`, { cause });
  }
}

/** A broker's URL as it may be shown. */
function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}

function hear(text: string, payload: Uint8Array, root: WanRoot, events: LinkEvents): void {
  const parsed = parseTopic(text);
  if ("refused" in parsed || parsed.root.hub !== root.hub || parsed.root.tenant !== root.tenant) return;
  const { topic } = parsed;
  if (topic.kind === "up") events.up?.({ device: topic.device, seq: topic.seq, payload });
  else if (topic.kind === "receipt") {
    const said = readJson(payload);
    events.receipt?.({
      id: topic.id,
      stage: textOf(said, "stage") ?? "unknown",
      reason: textOf(said, "reason"),
    });
  } else if (topic.kind === "state") {
    const said = readJson(payload);
    const told = typeof said === "object" && said !== null ? said : {};
    events.state?.(Reflect.get(told, "online") === true, told);
  }
}

function readJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}

/** A short text of a receipt; anybody on the broker can send one, so it is cut to what receipts hold. */
function textOf(value: unknown, key: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const field: unknown = Reflect.get(value, key);
  return typeof field === "string" ? field.replace(/[^\w-]/g, "").slice(0, 40) : undefined;
}
