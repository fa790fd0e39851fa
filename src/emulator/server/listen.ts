import { HanwayError } from "../../base/error.ts";
import type { Log } from "../../base/log.ts";
import type { HostPort } from "./port.ts";
import { listenPty } from "./pty.ts";
import { type Listener, listenTcp } from "./tcp.ts";

export type ListenAddress = { type: "tcp"; host: string; port: number } | { type: "pty"; link?: string };

/** Parses `tcp://HOST:PORT` (port 0 takes a free one), `pty` or `pty:PATH`. Throws `config/invalid`. */
export function parseListen(text: string): ListenAddress {
  if (text === "pty") return { type: "pty" };
  const pty = /^pty:(.+)$/.exec(text);
  if (pty?.[1] !== undefined) return { type: "pty", link: pty[1] };
  const tcp = /^tcp:\/\/(\[[0-9a-fA-F:]+\]|[^:/[\]]+):(\d{1,5})$/.exec(text);
  const port = Number(tcp?.[2]);
  if (tcp?.[1] === undefined || port > 65_535)
    throw new HanwayError(
      "config/invalid",
      `"${text.slice(0, 60)}" is no address; write tcp://HOST:PORT, pty or pty:PATH`,
      { field: "listen" },
    );
  return { type: "tcp", host: tcp[1].replace(/^\[|\]$/g, ""), port };
}

export function listen(address: ListenAddress, port: HostPort, log: Log): Promise<Listener> {
  return address.type === "tcp"
    ? listenTcp(address.host, address.port, port, log)
    : listenPty(port, log, address.link);
}
