import mqtt, { type MqttClient } from "mqtt";
import type { Eui64 } from "../../src/base/eui64.ts";
import {
  formatFilter,
  formatTopic,
  isMessageId,
  isTenant,
  parseTopic,
  type WanRoot,
} from "../../src/base/wan-topic.ts";
import { messageProtection } from "../../src/gbcs/catalogue/index.ts";
import { decodeEnvelope } from "../../src/gbcs/envelope/decode.ts";
import type { SecuredMessage } from "../../src/gbcs/envelope/envelope.ts";
import { decodePayload, encodePayload, type Payload } from "../../src/gbcs/payload.ts";
import { protectAs } from "../../src/gbcs/security/protect.ts";
import { SoftwareSigner } from "../../src/gbcs/security/signature.ts";
import type { PartyStore } from "../../src/headend/party-store.ts";
import { CHF } from "./parties.ts";

const tenant = "test";
if (!isTenant(tenant)) throw new Error("a tenant");
export const ROOT: WanRoot = { tenant, hub: CHF };

/** A downlink as the hub sees it, and what the hub can say to it. */
export interface Downlink {
  readonly device: Eui64;
  readonly payload: Uint8Array;
  receipt(stage: string, reason?: string): void;
  up(payload: Uint8Array, from?: Eui64, seq?: number): void;
}

/** A hub as the broker sees it, whose every move a test scripts. */
export class FakeHub implements AsyncDisposable {
  readonly #client: MqttClient;
  #seq = 1;

  private constructor(client: MqttClient) {
    this.#client = client;
  }

  static async start(url: string, script: (downlink: Downlink) => void): Promise<FakeHub> {
    const client = await mqtt.connectAsync(url);
    const hub = new FakeHub(client);
    client.on("message", (topic, payload) => {
      const parsed = parseTopic(topic);
      if ("refused" in parsed || parsed.topic.kind !== "down") return;
      const { device, id } = parsed.topic;
      script({
        device,
        payload: new Uint8Array(payload),
        receipt: (stage, reason) => {
          if (!isMessageId(id)) return;
          const said = JSON.stringify(reason === undefined ? { stage } : { stage, reason });
          client.publish(formatTopic(ROOT, { kind: "receipt", id }), said, { qos: 1 });
        },
        up: (octets, from = device, seq) => hub.up(from, octets, seq),
      });
    });
    await client.subscribeAsync(formatFilter(ROOT, "down"), { qos: 1 });
    return hub;
  }

  up(device: Eui64, payload: Uint8Array, seq = this.#seq++): void {
    this.#client.publish(formatTopic(ROOT, { kind: "up", device, seq }), Buffer.from(payload), { qos: 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }
}

export interface Answering {
  /** Result of each item of a DLMS Command. */
  readonly result?: number;
  /** The whole payload, in place of one that says that all is well. */
  readonly payload?: Payload;
  /** Changes the Response before it is protected. */
  readonly change?: (response: SecuredMessage) => SecuredMessage;
}

/** What a device answers to a Command, protected with its own keys. */
export function responseTo(command: Uint8Array, parties: PartyStore, answering: Answering = {}): Uint8Array {
  const asked = decodeEnvelope(command);
  const payload = answering.payload ?? dlmsAnswer(command, answering.result ?? 0);
  const { supplementary, messageCode } = asked;
  const { certificate: _, ...named } = supplementary ?? { certificate: undefined };
  const response: SecuredMessage = {
    kind: "RESPONSE",
    counter: asked.counter,
    originator: asked.target,
    target: asked.originator,
    dateTime: null,
    messageCode,
    supplementary: "remoteParty" in named ? named : null,
    content: encodePayload("RESPONSE", messageCode, payload),
    signature: null,
    mac: null,
  };
  const changed = answering.change?.(response) ?? response;
  const protection = messageProtection(changed.messageCode, "RESPONSE") ?? "mac";
  const privateKey = parties.keystore.privateKey(asked.target, "DS");
  return protectAs(changed, protection === "signature-or-mac" ? "mac" : protection, {
    signature: privateKey && new SoftwareSigner(privateKey),
    mac: { keys: parties.keys, accessControlBroker: parties.accessControlBroker },
  });
}

function dlmsAnswer(command: Uint8Array, result: number): Payload {
  const asked = decodeEnvelope(command);
  const payload = decodePayload("COMMAND", asked.messageCode, asked.content);
  if (payload.format !== "DLMS" || payload.apdu.type !== "access-request") throw new Error("no DLMS Command");
  const { invokeId, specifications } = payload.apdu;
  return {
    format: "DLMS",
    apdu: {
      type: "access-response",
      invokeId,
      dateTime: new Uint8Array(0),
      data: specifications.map(() => ({ type: "null" as const })),
      results: specifications.map(({ operation }) => ({ operation, result })),
    },
  };
}
