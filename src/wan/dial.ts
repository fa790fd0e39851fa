import { createConnection, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, createSecureContext } from "node:tls";
import { HanwayError } from "../base/error.ts";
import type { BrokerSettings, TlsMaterial } from "./broker-settings.ts";

/** A broker's URL taken apart. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/**
 * Reads `mqtt://host:port` or `mqtts://host:port`. Throws `config/invalid`, which never repeats what was put in: it may hold
 * a password.
 */
export function brokerAddress(url: string, field?: string): BrokerAddress {
  const where = field === undefined ? {} : { field };
  if (!URL.canParse(url)) throw new HanwayError("config/invalid", "it is no URL with host and port", where);
  const { protocol, hostname, port, username, password } = new URL(url);
  if (username !== "" || password !== "") {
    const detail = "user name and password belong into settings of their own, not into the URL";
    throw new HanwayError("config/invalid", detail, where);
  }
  if (hostname === "") throw new HanwayError("config/invalid", "it names no host", where);
  const tls = protocol === "mqtts:";
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || (tls ? 8883 : 1883)), tls };
}

/** Begins a connection. Throws `config/invalid`, and what OpenSSL makes of PEM texts that it does not take. */
export function dial(broker: BrokerSettings): Socket {
  const { host, port, tls } = brokerAddress(broker.url);
  if (!tls) return createConnection({ host, port });
  // SNI carries names only.
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, ...name, ...tlsOptions(broker.tls?.() ?? broker) });
}

/** What keeps PEM texts from being used, although each may be read by itself, in OpenSSL's words; undefined for nothing. */
export function tlsFault(material: TlsMaterial): string | undefined {
  try {
    createSecureContext(tlsOptions(material));
    return undefined;
  } catch (error) {
    // Its `reason` is one of OpenSSL's fixed texts; its message may have more in it.
    const reason = error instanceof Error && "reason" in error ? error.reason : undefined;
    return typeof reason === "string" ? reason : "TLS does not take it";
  }
}

function tlsOptions({ ca, certificate, key }: TlsMaterial): ConnectionOptions & { minVersion: "TLSv1.2" } {
  return {
    minVersion: "TLSv1.2",
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
  };
}
