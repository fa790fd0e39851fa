import type { IClientOptions, IConnackPacket } from "mqtt";
import { RECEIVE_MAXIMUM } from "./arrivals.ts";
import type { BrokerSettings, TransportSettings } from "./broker-settings.ts";
import type { MqttLevel } from "./link-state.ts";

/** A broker that takes less in one packet cannot carry what every hub has to say, in octets. */
const LEAST_PACKET = 1_000;

/** What goes into CONNECT. The driver connects once and never again by itself. */
export function connectOptions(
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
      ? {
          properties: {
            sessionExpiryInterval: sessionSeconds,
            maximumPacketSize: packetLimit,
            receiveMaximum: RECEIVE_MAXIMUM,
          },
        }
      : {}),
  };
}

/** What a broker of MQTT 5 says that it does not do, and the WAN contract needs. */
export function whatLacks(
  properties: NonNullable<IConnackPacket["properties"]>,
  largest: number,
): string | undefined {
  if (largest < LEAST_PACKET) return `it takes packets of at most ${largest} octets, too few for a hub`;
  if (properties.maximumQoS === 0) return "it takes no messages of QoS 1";
  return properties.retainAvailable === false ? "it retains no messages" : undefined;
}

/** The same octets as Node's own kind, for the driver. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
