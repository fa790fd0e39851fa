import { type IConnackPacket, MqttClient } from "mqtt";
import type { Clock } from "../base/clock.ts";
import { AnswerWatch } from "./answer-watch.ts";
import { type Arrival, Arrivals } from "./arrivals.ts";
import type { BrokerSettings, TransportSettings } from "./broker-settings.ts";
import { asBuffer, connectOptions, whatLacks } from "./connect.ts";
import { dial } from "./dial.ts";
import { GuardedSocket } from "./guarded-socket.ts";
import { failureSentence, isTlsError, reasonWords, type TlsStage } from "./link-failure.ts";
import type { MqttLevel } from "./link-state.ts";

/** What the broker allows this connection. */
export interface Allowance {
  /** Un-acknowledged publishes. */
  readonly inFlight: number;
  /** Octets of a whole packet. */
  readonly packet: number;
}

/** What became of a subscription; `qos` is the lowest that was granted. */
export type Subscribed =
  | { readonly granted: true; readonly qos: number }
  | { readonly granted: false; readonly why: string };

export interface TransportEvents {
  accepted(allowance: Allowance): void;
  /** Once, whatever the reason; nothing follows. */
  ended(cause: "unanswered" | "level" | "other", sentence: string): void;
  /** The broker gets its PUBACK when the promise resolves, and never when it rejects. */
  message(arrival: Arrival): Promise<void>;
}

/** Octets of the longest MQTT fixed header, which the packet limit counts and a remaining length does not. */
const MAX_FIXED_HEADER = 5;
/** How long a farewell may wait for what the broker still owes, in milliseconds of real time. */
const FAREWELL_MS = 2_000;

/** First octet of a PUBACK; two octets of packet id follow their length in either version. */
const PUBACK = 0x40;
/** Octets of a PUBLISH beside topic and payload: fixed header, topic length, packet id, no properties. */
const PUBLISH_OVERHEAD = 10;
/** Octets of the largest packet that MQTT knows, about. */
const LARGEST_PACKET = 0xfff_ffff;

/** CONNACK codes that refuse the protocol level: 1 in MQTT 3.1.1, 0x84 in MQTT 5. */
const LEVEL_REFUSED = new Set([1, 0x84]);

/** One connection to one broker, from TCP to its end; it never reconnects and remembers nothing. */
export class Transport {
  readonly #client: MqttClient;
  readonly #settings: TransportSettings;
  readonly #clock: Clock;
  readonly #events: TransportEvents;
  readonly #answers: AnswerWatch;
  #largest = LARGEST_PACKET;
  #over = false;
  #open = false;
  #answered = false;

  /** Throws where not even a connection can be begun: for a URL, or PEM texts, that are none. */
  constructor(
    broker: BrokerSettings,
    level: MqttLevel,
    settings: TransportSettings,
    clock: Clock,
    events: TransportEvents,
  ) {
    this.#settings = settings;
    this.#clock = clock;
    this.#events = events;
    this.#answers = new AnswerWatch(settings.answerMs, clock, () =>
      this.#end("other", "it acknowledges nothing any more"),
    );
    const client = new MqttClient(() => this.#dial(broker), connectOptions(broker, level, settings));
    this.#client = client;
    client.on("packetreceive", (packet) => {
      // A longer keep alive than ours must be allowed, not used: what is between here and there forgets sooner.
      const longest = settings.keepAliveSeconds;
      if (packet.cmd === "connack" && (packet.properties?.serverKeepAlive ?? 0) > longest)
        Object.assign(packet.properties ?? {}, { serverKeepAlive: longest });
    });
    client.on("connect", (packet) => this.#accepted(packet));
    client.on("error", (error) => {
      const code = "code" in error && typeof error.code === "number" ? error.code : 0;
      if (LEVEL_REFUSED.has(code) && !this.#answered) this.#end("level", refused(code));
      else if (code > 0 && !this.#answered) this.#end("other", refused(code));
      else {
        const sentence = failureSentence(error, this.#tlsStage(broker));
        this.#end(code > 0 || isTlsError(error) ? "other" : this.#silence(), sentence);
      }
    });
    client.on("disconnect", (packet) =>
      this.#end("other", `it says goodbye: ${reasonWords(packet.reasonCode ?? 0)}`),
    );
    client.on("close", () => this.#end(this.#silence(), "connection closed"));
    const arrivals = new Arrivals({
      take: (arrival) => events.message(arrival),
      acknowledge: (id) => this.#acknowledge(id),
      failed: (sentence) => this.#end("other", sentence),
    });
    client.handleMessage = (packet, done) => {
      if (!this.#over) arrivals.arrived(packet, done);
    };
  }

  /** Resolves when the next one may be sent: a broker that reads nothing gets no more of them. */
  async #acknowledge(id: number): Promise<void> {
    if (this.#over) return;
    const { stream } = this.#client;
    if (stream.write(Uint8Array.of(PUBACK, 2, id >> 8, id & 0xff))) return;
    await new Promise<void>((drained) => stream.once("drain", drained));
  }

  #accepted({ properties = {} }: IConnackPacket): void {
    this.#answered = true;
    if (this.#over) return;
    const inFlight = Math.max(1, properties.receiveMaximum ?? 65_535);
    this.#largest = properties.maximumPacketSize ?? LARGEST_PACKET;
    const lacking = whatLacks(properties, this.#largest);
    if (lacking === undefined) this.#events.accepted({ inFlight, packet: this.#largest });
    else this.#end("other", lacking);
  }

  /** Subscribes with QoS 1. A broker that does not answer ends the connection. */
  subscribe(filters: readonly string[]): Promise<Subscribed> {
    const late = this.#clock.after(this.#settings.connectMs, () =>
      this.#end("other", "it does not answer the subscription"),
    );
    return new Promise((resolve) => {
      this.#client.subscribe([...filters], { qos: 1 }, (error, _asked, answer) => {
        late.cancel();
        const codes = (answer?.granted ?? []).map(Number);
        const refusal = codes.find((code) => code >= 0x80);
        if (error === null && refusal === undefined) resolve({ granted: true, qos: Math.min(...codes) });
        else {
          const why = refusal === undefined ? (error?.message ?? "no answer") : reasonWords(refusal);
          resolve({ granted: false, why });
        }
      });
    });
  }

  /**
   * Publishes with QoS 1; `answered` is called on PUBACK, with the broker's reason where it refuses, and never after the
   * end.
   */
  publish(
    topic: string,
    payload: Uint8Array,
    retain: boolean,
    answered: (refusal: string | undefined) => void,
  ): void {
    if (this.#over) return;
    const answer = (refusal: string | undefined) => {
      this.#answers.answered();
      answered(refusal);
    };
    this.#answers.owed();
    // Sent all the same, it would cost the whole connection.
    if (Buffer.byteLength(topic) + payload.length + PUBLISH_OVERHEAD > this.#largest) {
      setImmediate(() => this.#over || answer(reasonWords(0x95)));
      return;
    }
    this.#client.publish(topic, asBuffer(payload), { qos: 1, retain }, (error) => {
      if (this.#over) return;
      const code = error && "code" in error && typeof error.code === "number" ? error.code : 0;
      if (!error) answer(undefined);
      else if (code > 0) answer(reasonWords(code));
      else this.#end("other", `publish failed: ${error.message}`);
    });
  }

  /** Hangs up: with a DISCONNECT, which takes back the last will, or without one. `ended` is not called any more. */
  close(farewell: boolean): Promise<void> {
    if (this.#over) return Promise.resolve();
    this.#over = true;
    this.#answers.stop();
    return this.#hangUp(farewell);
  }

  #dial(broker: BrokerSettings): GuardedSocket {
    const socket = dial(broker);
    socket.setNoDelay(true);
    socket.once(isTls(broker) ? "secureConnect" : "connect", () => {
      this.#open = true;
    });
    return new GuardedSocket(socket, this.#settings.packetLimit - MAX_FIXED_HEADER);
  }

  #tlsStage(broker: BrokerSettings): TlsStage | undefined {
    if (!isTls(broker) || this.#answered) return undefined;
    if (!this.#open) return "handshake";
    const { certificate } = broker.tls?.() ?? broker;
    return certificate === undefined ? "shown-none" : "shown-certificate";
  }

  #silence(): "unanswered" | "other" {
    return this.#open && !this.#answered ? "unanswered" : "other";
  }

  #end(cause: "unanswered" | "level" | "other", sentence: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#answers.stop();
    void this.#hangUp(false);
    this.#events.ended(cause, sentence);
  }

  #hangUp(farewell: boolean): Promise<void> {
    return new Promise((done) => {
      const stream = this.#client.stream;
      if (stream.destroyed) return done();
      const late = setTimeout(() => stream.destroy(), FAREWELL_MS);
      stream.once("close", () => {
        clearTimeout(late);
        done();
      });
      this.#client.end(!farewell);
    });
  }
}

function isTls(broker: BrokerSettings): boolean {
  return broker.url.startsWith("mqtts:");
}

function refused(code: number): string {
  return `it refuses the hub: ${reasonWords(code)}`;
}
