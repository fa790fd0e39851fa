import { createConnection, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type IClientOptions, MqttClient } from "mqtt";
import type { TlsMaterial } from "./broker-certificate.ts";
import { GuardedSocket } from "./guarded-socket.ts";
import { failureSentence, isTlsError, type TlsStage } from "./link-failure.ts";
import type { MqttLevel } from "./link-state.ts";

/** One broker as the settings name it. */
export interface BrokerSettings {
  /** `mqtt://host:port` or `mqtts://host:port`; the port may be left out (1883, 8883). */
  url: string;
  username?: string;
  password?: string;
  /** For `mqtts`, PEM texts: authorities trusted instead of the system's, and the hub's own certificate and key. */
  ca?: string;
  certificate?: string;
  key?: string;
  /** The same, asked for at every connection, where they may change. */
  tls?: () => TlsMaterial;
}

export interface TransportSettings {
  clientId: string;
  /** MQTT keep alive, in seconds. */
  keepAliveSeconds: number;
  /** How long TCP, TLS and CONNACK may take together, in milliseconds. */
  connectMs: number;
  /** How long the broker keeps the session of a hub that is away, in seconds (MQTT 5 only; 3.1.1 has no limit). */
  sessionSeconds: number;
  /** Largest packet taken, in octets; a larger PUBLISH arrives cut to this. */
  packetLimit: number;
  /** Last will: topic and payload, retained, QoS 1. */
  will: { topic: string; payload: Uint8Array };
}

export interface Arrival {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker says that it has sent this before (DUP), or that it is a retained one. */
  readonly again: boolean;
}

/** What the broker allows this connection. */
export interface Allowance {
  /** Un-acknowledged publishes. */
  readonly inFlight: number;
  /** Octets of a whole packet. */
  readonly packet: number;
}

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

/** CONNACK codes that refuse the protocol level: 1 in MQTT 3.1.1, 0x84 in MQTT 5. */
const LEVEL_REFUSED = new Set([1, 0x84]);

/** One connection to one broker, from TCP to its end; it never reconnects and remembers nothing. */
export class Transport {
  readonly #client: MqttClient;
  readonly #events: TransportEvents;
  #over = false;
  #open = false;
  #answered = false;

  constructor(
    broker: BrokerSettings,
    level: MqttLevel,
    settings: TransportSettings,
    events: TransportEvents,
  ) {
    this.#events = events;
    const client = new MqttClient(() => this.#dial(broker, settings), clientOptions(broker, level, settings));
    this.#client = client;
    client.on("connect", (packet) => {
      this.#answered = true;
      if (this.#over) return;
      const inFlight = packet.properties?.receiveMaximum ?? 65_535;
      const largest = packet.properties?.maximumPacketSize ?? 0xfff_ffff;
      events.accepted({ inFlight: Math.max(1, inFlight), packet: largest });
    });
    client.on("error", (error) => {
      const code = "code" in error && typeof error.code === "number" ? error.code : 0;
      if (LEVEL_REFUSED.has(code)) this.#end("level", error.message);
      else {
        const sentence = failureSentence(error, this.#tlsStage(broker));
        this.#end(code > 0 || isTlsError(error) ? "other" : this.#silence(), sentence);
      }
    });
    client.on("disconnect", (packet) =>
      this.#end("other", `broker said goodbye (${packet.reasonCode ?? 0})`),
    );
    client.on("close", () => this.#end(this.#silence(), "connection closed"));
    client.handleMessage = (packet, done) => {
      if (this.#over) return;
      if (packet.qos > 0 && !(packet.messageId !== undefined && packet.messageId > 0)) {
        this.#end("other", "message without a packet id");
        return;
      }
      const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
      const again = packet.dup || packet.retain;
      events.message({ topic: packet.topic, payload, again }).then(
        () => done(),
        (error) => this.#end("other", error instanceof Error ? error.message : "message not taken"),
      );
    };
  }

  /** Subscribes with QoS 1. False where the broker grants less than every filter. */
  subscribe(filters: readonly string[]): Promise<boolean> {
    return new Promise((resolve) => {
      this.#client.subscribe([...filters], { qos: 1 }, (error, granted) => {
        resolve(error === null && granted !== undefined && granted.every((one) => one.qos < 0x80));
      });
    });
  }

  /** Publishes with QoS 1; `acknowledged` is called on PUBACK, never after the end. A refusal ends the connection. */
  publish(topic: string, payload: Uint8Array, retain: boolean, acknowledged: () => void): void {
    if (this.#over) return;
    this.#client.publish(topic, asBuffer(payload), { qos: 1, retain }, (error) => {
      if (this.#over) return;
      if (error) this.#end("other", `publish refused: ${error.message}`);
      else acknowledged();
    });
  }

  /** Hangs up: with a DISCONNECT, which takes back the last will, or without one. `ended` is not called any more. */
  close(farewell: boolean): Promise<void> {
    if (this.#over) return Promise.resolve();
    this.#over = true;
    return this.#hangUp(farewell);
  }

  #dial(broker: BrokerSettings, settings: TransportSettings): GuardedSocket {
    const socket = openSocket(broker);
    socket.setNoDelay(true);
    socket.once(isTls(broker) ? "secureConnect" : "connect", () => {
      this.#open = true;
    });
    return new GuardedSocket(socket, settings.packetLimit - MAX_FIXED_HEADER);
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

function clientOptions(
  broker: BrokerSettings,
  level: MqttLevel,
  settings: TransportSettings,
): IClientOptions {
  const { clientId, keepAliveSeconds, connectMs, sessionSeconds, packetLimit, will } = settings;
  return {
    protocolVersion: level,
    clientId,
    keepalive: keepAliveSeconds,
    connectTimeout: connectMs,
    clean: false,
    reconnectPeriod: 0,
    resubscribe: false,
    will: { topic: will.topic, payload: asBuffer(will.payload), qos: 1, retain: true },
    ...(broker.username === undefined ? {} : { username: broker.username }),
    ...(broker.password === undefined ? {} : { password: broker.password }),
    ...(level === 5
      ? { properties: { sessionExpiryInterval: sessionSeconds, maximumPacketSize: packetLimit } }
      : {}),
  };
}

function isTls(broker: BrokerSettings): boolean {
  return broker.url.startsWith("mqtts:");
}

function openSocket(broker: BrokerSettings): Socket {
  const url = new URL(broker.url);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!isTls(broker)) return createConnection({ host, port: Number(url.port || 1883) });
  const { ca, certificate, key } = broker.tls?.() ?? broker;
  return connectTls({
    host,
    port: Number(url.port || 8883),
    minVersion: "TLSv1.2",
    // SNI carries names only.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
  });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
