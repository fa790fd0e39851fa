/** PEM texts as TLS takes them. */
export interface TlsMaterial {
  ca?: string;
  certificate?: string;
  key?: string;
}

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
  /** How long TCP, TLS and CONNACK may take together, and SUBACK after them, in milliseconds. */
  connectMs: number;
  /** How long a broker that owes acknowledgements may give none at all, in milliseconds. */
  answerMs: number;
  /** How long the broker keeps the session of a hub that is away, in seconds (MQTT 5 only; 3.1.1 has no limit). */
  sessionSeconds: number;
  /** Largest packet taken, in octets; a larger PUBLISH arrives cut to this. */
  packetLimit: number;
  /** Last will: topic and payload, retained, QoS 1. */
  will: { topic: string; payload: Uint8Array };
}
