import type { Clock, Timer } from "../../base/clock.ts";
import type { Eui64 } from "../../base/eui64.ts";
import { STATUS } from "../../zcl/data/names.ts";
import {
  NO_MANUFACTURER_CODE,
  NO_TUNNEL,
  PROTOCOL_GB_HRGP,
  TRANSFER_DATA_STATUS,
  TUNNEL_STATUS,
  type TunnellingCommand,
} from "../../zcl/tunnelling.ts";

export interface TunnelSettings {
  /** Octets of data in one TransferData that this server takes (GBCS 10.2.2: 1,500). */
  maximumIncomingTransferSize: number;
  /** CloseTunnelTimeout attribute, seconds; 0xFFFF is never. */
  closeTunnelTimeout: number;
  maximumTunnels: number;
}

export const TUNNEL_DEFAULTS: TunnelSettings = {
  maximumIncomingTransferSize: 1_500,
  closeTunnelTimeout: 0xffff,
  maximumTunnels: 4,
};

const NEVER = 0xffff;

/** The far end of a tunnel. */
export interface TunnelClient {
  nodeId: number;
  eui64: Eui64 | undefined;
  endpoint: number;
}

export interface Tunnel {
  id: number;
  client: TunnelClient;
  /** Octets of data in one TransferData that the client takes. */
  clientMaximum: number;
  timer: Timer | undefined;
}

/** What the server does about a command: a command back, or the status of a Default Response. */
export type TunnelOutcome =
  | { reply: TunnellingCommand }
  | { status: number }
  | { status: number; tunnel: Tunnel; data: Uint8Array };

export type TunnelChange = { type: "open" | "closed" | "timed-out"; tunnel: Tunnel };

/** Tunneling cluster server for GBCS messages (ZSE D.6): protocol 6, no flow control. */
export class TunnelServer {
  readonly settings: TunnelSettings;
  readonly #clock: Clock;
  readonly #changed: (change: TunnelChange) => void;
  readonly #tunnels = new Map<number, Tunnel>();
  #lastId = 0;

  constructor(options: {
    clock: Clock;
    settings: TunnelSettings;
    changed: (change: TunnelChange) => void;
  }) {
    this.#clock = options.clock;
    this.settings = options.settings;
    this.#changed = options.changed;
  }

  get tunnels(): readonly Tunnel[] {
    return [...this.#tunnels.values()];
  }

  /** Everything is forgotten without a word: the device left the network. */
  clear(): void {
    for (const tunnel of this.tunnels) this.#end(tunnel, "closed");
  }

  handle(command: TunnellingCommand, from: TunnelClient): TunnelOutcome {
    switch (command.name) {
      case "RequestTunnel":
        return { reply: this.#request(command, from) };
      case "CloseTunnel":
        return { status: this.#close(command.tunnelId, from) };
      case "TransferData":
        return this.#transfer(command.tunnelId, command.data, from);
      case "GetSupportedTunnelProtocols":
        return { reply: supportedProtocols(command.protocolOffset) };
      case "TransferDataError":
      case "AckTransferData":
      case "ReadyData":
        return { status: STATUS.SUCCESS };
      default:
        return { status: STATUS.UNSUP_CLUSTER_COMMAND };
    }
  }

  #request(command: TunnellingCommand & { name: "RequestTunnel" }, from: TunnelClient): TunnellingCommand {
    const answer = (tunnelId: number, tunnelStatus: number): TunnellingCommand => ({
      name: "RequestTunnelResponse",
      tunnelId,
      tunnelStatus,
      maximumIncomingTransferSize: this.settings.maximumIncomingTransferSize,
    });
    if (command.protocolId !== PROTOCOL_GB_HRGP || command.manufacturerCode !== NO_MANUFACTURER_CODE)
      return answer(NO_TUNNEL, TUNNEL_STATUS.protocolNotSupported);
    if (command.flowControlSupport) return answer(NO_TUNNEL, TUNNEL_STATUS.flowControlNotSupported);
    const known = this.tunnels.find(({ client }) => sameClient(client, from));
    if (!known && this.#tunnels.size >= this.settings.maximumTunnels)
      return answer(NO_TUNNEL, TUNNEL_STATUS.noMoreTunnelIds);
    const tunnel = known ?? this.#open(from);
    tunnel.client = from;
    tunnel.clientMaximum = command.maximumIncomingTransferSize;
    this.#restart(tunnel);
    if (!known) this.#changed({ type: "open", tunnel });
    return answer(tunnel.id, TUNNEL_STATUS.success);
  }

  #open(client: TunnelClient): Tunnel {
    do this.#lastId = (this.#lastId + 1) % NO_TUNNEL;
    while (this.#tunnels.has(this.#lastId));
    const tunnel: Tunnel = { id: this.#lastId, client, clientMaximum: 0, timer: undefined };
    this.#tunnels.set(tunnel.id, tunnel);
    return tunnel;
  }

  #close(id: number, from: TunnelClient): number {
    const tunnel = this.#tunnels.get(id);
    if (!tunnel || !sameClient(tunnel.client, from)) return STATUS.NOT_FOUND;
    this.#end(tunnel, "closed");
    return STATUS.SUCCESS;
  }

  #transfer(tunnelId: number, data: Uint8Array, from: TunnelClient): TunnelOutcome {
    const error = (transferDataStatus: number): TunnelOutcome => ({
      reply: { name: "TransferDataError", tunnelId, transferDataStatus },
    });
    const tunnel = this.#tunnels.get(tunnelId);
    if (!tunnel) return error(TRANSFER_DATA_STATUS.noSuchTunnel);
    if (!sameClient(tunnel.client, from)) return error(TRANSFER_DATA_STATUS.wrongDevice);
    if (data.length > this.settings.maximumIncomingTransferSize)
      return error(TRANSFER_DATA_STATUS.dataOverflow);
    this.#restart(tunnel);
    return { status: STATUS.SUCCESS, tunnel, data };
  }

  #restart(tunnel: Tunnel): void {
    tunnel.timer?.cancel();
    const { closeTunnelTimeout } = this.settings;
    tunnel.timer =
      closeTunnelTimeout === NEVER
        ? undefined
        : this.#clock.after(closeTunnelTimeout * 1000, () => this.#end(tunnel, "timed-out"));
  }

  #end(tunnel: Tunnel, type: "closed" | "timed-out"): void {
    tunnel.timer?.cancel();
    this.#tunnels.delete(tunnel.id);
    this.#changed({ type, tunnel });
  }
}

/** By EUI-64 where it is known: the short address may change at a rejoin. */
function sameClient(a: TunnelClient, b: TunnelClient): boolean {
  const sameNode =
    a.eui64 === undefined || b.eui64 === undefined ? a.nodeId === b.nodeId : a.eui64 === b.eui64;
  return sameNode && a.endpoint === b.endpoint;
}

function supportedProtocols(offset: number): TunnellingCommand {
  const all = [{ manufacturerCode: NO_MANUFACTURER_CODE, protocolId: PROTOCOL_GB_HRGP }];
  return {
    name: "SupportedTunnelProtocolsResponse",
    protocolListComplete: true,
    protocols: all.slice(offset),
  };
}
