import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import { STATUS } from "../../zcl/data/names.ts";
import {
  encodeTunnelling,
  NO_MANUFACTURER_CODE,
  NO_TUNNEL,
  PROTOCOL_GB_HRGP,
  TRANSFER_DATA_STATUS,
  TUNNEL_STATUS,
  TUNNELLING_CLUSTER,
  type TunnellingCommand,
} from "../../zcl/tunnelling.ts";
import type { HanDevice } from "../device.ts";
import { type IncomingAps, leaveUnacknowledged, type OutgoingAps, type SendOutcome } from "../radio/port.ts";
import { PROFILE_SMART_ENERGY } from "../security/policy.ts";
import type { OpenTunnel, TunnelRecords } from "./repository.ts";

/** Events that the hub logs about tunnels asked of it (A5.5). */
export const TUNNEL_EVENT = { requestRejected: 0x81ba, closeRejected: 0x81a4 } as const;

/** What lies behind the tunnels that devices open: the mailbox of the gas meter. */
export interface TunnelUser {
  /** `maxTransfer`: octets that the device takes in one transfer. */
  opened(device: Eui64, tunnelId: number, maxTransfer: number): void;
  closed(device: Eui64): void;
  /** One transfer, prefix and all; `acknowledgeAfter` as in {@link IncomingAps}. */
  received(device: Eui64, data: Uint8Array, acknowledgeAfter: IncomingAps["acknowledgeAfter"]): void;
}

export interface TunnelServerPorts {
  send(message: OutgoingAps): Promise<SendOutcome>;
  zclSequence(): number;
  user: TunnelUser;
  event(code: number, device: Eui64): void;
  log: Log;
  /** Without them tunnels end with the process. */
  records: TunnelRecords | undefined;
}

/** What is said to a command: a command back, a status, or nothing. */
export type TunnelReply = { readonly reply: TunnellingCommand } | { readonly status: number };

/**
 * The hub as Tunnelling server (GBCS 10.2.2.1): the gas meter opens its tunnel itself, one at a time. Other kinds of
 * device have tunnels that the hub opens, and are refused here.
 */
export class TunnelServer {
  readonly #ports: TunnelServerPorts;
  readonly #open: Map<Eui64, OpenTunnel>;
  #lastId: number;

  constructor(ports: TunnelServerPorts) {
    this.#ports = ports;
    this.#open = new Map(ports.records?.all());
    this.#lastId = Math.max(0, ...[...this.#open.values()].map(({ id }) => id));
  }

  /** Forgets the tunnels of devices that went off the list while the hub was not running. */
  keep(listed: (device: Eui64) => boolean): void {
    for (const device of [...this.#open.keys()]) if (!listed(device)) this.#drop(device);
  }

  /** A command of a client. `device` is on the list and keyed. */
  receive(device: HanDevice, command: TunnellingCommand, frame: IncomingAps): TunnelReply {
    switch (command.name) {
      case "RequestTunnel":
        return this.#request(device, command, frame);
      case "CloseTunnel":
        return this.#close(device, command.tunnelId);
      case "TransferData":
        return this.#transfer(device, command, frame);
      case "GetSupportedTunnelProtocols":
        return { reply: supportedProtocols(command.protocolOffset) };
      case "TransferDataError":
        // The device no longer holds the tunnel that the hub used.
        if (
          command.transferDataStatus !== TRANSFER_DATA_STATUS.dataOverflow &&
          this.#holds(device, command.tunnelId)
        )
          this.forget(device);
        return { status: STATUS.SUCCESS };
      case "AckTransferData":
      case "ReadyData":
        return { status: STATUS.SUCCESS };
      default:
        return { status: STATUS.UNSUP_CLUSTER_COMMAND };
    }
  }

  isOpen({ spec }: HanDevice): boolean {
    return this.#open.has(spec.eui64);
  }

  /** Octets of the largest transfer to a device: what the hub was told of it, and what it said when it opened its tunnel. */
  limit({ spec }: HanDevice): number {
    return Math.min(spec.transferSize, this.#open.get(spec.eui64)?.clientMaximum ?? spec.transferSize);
  }

  /** One transfer to a device through the tunnel that it opened. */
  async send(device: HanDevice, data: Uint8Array): Promise<SendOutcome | "no-tunnel" | "too-large"> {
    const tunnel = this.#open.get(device.spec.eui64);
    if (tunnel === undefined || device.nodeId === undefined) return "no-tunnel";
    if (data.length > this.limit(device)) return "too-large";
    return this.#ports.send({
      nodeId: device.nodeId,
      profile: PROFILE_SMART_ENERGY,
      cluster: TUNNELLING_CLUSTER,
      sourceEndpoint: tunnel.ownEndpoint,
      destinationEndpoint: tunnel.endpoint,
      security: "link-key",
      payload: encodeTunnelling(
        { name: "TransferData", tunnelId: tunnel.id, data },
        { sequence: this.#ports.zclSequence(), direction: "serverToClient", disableDefaultResponse: true },
      ),
    });
  }

  /** The device left, or is on its way in anew. */
  forget({ spec }: HanDevice): void {
    if (this.#drop(spec.eui64)) this.#ports.user.closed(spec.eui64);
  }

  #drop(device: Eui64): boolean {
    if (!this.#open.delete(device)) return false;
    this.#record(device, (records) => records.remove(device));
    return true;
  }

  /** A tunnel that is not on the disk still works until the next start, when the device makes it anew. */
  #record(device: Eui64, work: (records: TunnelRecords) => void): void {
    const { records, log } = this.#ports;
    if (records === undefined) return;
    try {
      work(records);
    } catch (error) {
      if (!(error instanceof HanwayError && error.code.startsWith("store/"))) throw error;
      log.warn({ device, code: error.code }, "what became of a device's tunnel could not be stored");
    }
  }

  #request(
    device: HanDevice,
    command: TunnellingCommand & { name: "RequestTunnel" },
    { sourceEndpoint, destinationEndpoint }: IncomingAps,
  ): TunnelReply {
    const { eui64, type } = device.spec;
    if (type !== "gsme" && type !== undefined) {
      this.#ports.event(TUNNEL_EVENT.requestRejected, eui64);
      return { status: STATUS.NOT_AUTHORIZED };
    }
    const refusal = unsuitable(command);
    if (refusal !== undefined) {
      this.#ports.event(TUNNEL_EVENT.requestRejected, eui64);
      return answer(device, NO_TUNNEL, refusal);
    }
    // A meter that asks again has forgotten its tunnel: it gets a new one, and the old one is gone.
    this.forget(device);
    this.#lastId = (this.#lastId % (NO_TUNNEL - 1)) + 1;
    const tunnel = {
      id: this.#lastId,
      ownEndpoint: destinationEndpoint,
      endpoint: sourceEndpoint,
      clientMaximum: command.maximumIncomingTransferSize,
    };
    this.#open.set(eui64, tunnel);
    this.#record(eui64, (records) => records.put(eui64, tunnel));
    this.#ports.user.opened(eui64, tunnel.id, tunnel.clientMaximum);
    return answer(device, tunnel.id, TUNNEL_STATUS.success);
  }

  #close(device: HanDevice, tunnelId: number): TunnelReply {
    if (!this.#holds(device, tunnelId)) {
      this.#ports.event(TUNNEL_EVENT.closeRejected, device.spec.eui64);
      return { status: STATUS.NOT_FOUND };
    }
    this.forget(device);
    return { status: STATUS.SUCCESS };
  }

  #transfer(
    device: HanDevice,
    { tunnelId, data }: TunnellingCommand & { name: "TransferData" },
    { acknowledgeAfter }: IncomingAps,
  ): TunnelReply {
    const error = (transferDataStatus: number): TunnelReply => ({
      reply: { name: "TransferDataError", tunnelId, transferDataStatus },
    });
    if (!this.#holds(device, tunnelId)) {
      leaveUnacknowledged(acknowledgeAfter, "data on a tunnel that the hub does not hold");
      const others = [...this.#open.values()].some(({ id }) => id === tunnelId);
      return error(others ? TRANSFER_DATA_STATUS.wrongDevice : TRANSFER_DATA_STATUS.noSuchTunnel);
    }
    if (data.length > device.spec.transferSize) return error(TRANSFER_DATA_STATUS.dataOverflow);
    this.#ports.user.received(device.spec.eui64, data, acknowledgeAfter);
    return { status: STATUS.SUCCESS };
  }

  #holds({ spec }: HanDevice, tunnelId: number): boolean {
    return this.#open.get(spec.eui64)?.id === tunnelId;
  }
}

/** MaximumIncomingTransferSize is the device's own setting. */
function answer({ spec }: HanDevice, tunnelId: number, tunnelStatus: number): TunnelReply {
  const maximumIncomingTransferSize = spec.transferSize;
  return { reply: { name: "RequestTunnelResponse", tunnelId, tunnelStatus, maximumIncomingTransferSize } };
}

function unsuitable(command: TunnellingCommand & { name: "RequestTunnel" }): number | undefined {
  if (command.protocolId !== PROTOCOL_GB_HRGP || command.manufacturerCode !== NO_MANUFACTURER_CODE)
    return TUNNEL_STATUS.protocolNotSupported;
  return command.flowControlSupport ? TUNNEL_STATUS.flowControlNotSupported : undefined;
}

function supportedProtocols(offset: number): TunnellingCommand {
  const protocols = [{ manufacturerCode: NO_MANUFACTURER_CODE, protocolId: PROTOCOL_GB_HRGP }].slice(offset);
  return { name: "SupportedTunnelProtocolsResponse", protocolListComplete: true, protocols };
}
