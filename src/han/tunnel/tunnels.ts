import type { Clock } from "../../base/clock.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import { TUNNELLING_CLUSTER } from "../../zcl/tunnelling.ts";
import { type DeviceSpec, type HanDevice, TUNNEL_SERVERS } from "../device.ts";
import type { HanEvent, HanOnly } from "../ports.ts";
import type { IncomingAps } from "../radio/port.ts";
import { PROFILE_SMART_ENERGY } from "../security/policy.ts";
import type { HanSender } from "../sender.ts";
import { encodeMatchServerRequest, ZDO } from "../zdo.ts";
import { TUNNEL_SETTINGS, TunnelClient } from "./client.ts";
import type { TunnelRecords } from "./repository.ts";
import { TUNNEL_EVENT, TunnelServer, type TunnelUser } from "./server.ts";

export interface TunnelsPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly sender: HanSender;
  readonly mailbox: TunnelUser | undefined;
  readonly hanOnly: HanOnly | undefined;
  readonly records: TunnelRecords | undefined;
  emit(event: HanEvent): void;
}

/** All tunnels of the hub: those that it opens, and the one that the gas meter opens. */
export class Tunnels {
  readonly server: TunnelServer;
  readonly #ports: TunnelsPorts;

  constructor(ports: TunnelsPorts) {
    this.#ports = ports;
    this.server = new TunnelServer({
      send: (message) => ports.sender.send(message),
      zclSequence: () => ports.sender.sequence(),
      user: told(ports.mailbox ?? noMailbox(ports.log), ports.emit),
      event: (code, device) => this.#event(code, device),
      log: ports.log,
      records: ports.records,
    });
  }

  /** A tunnel to a device of a kind that has a server, or whose kind is not known; undefined for others. */
  clientFor(spec: DeviceSpec): TunnelClient | undefined {
    if (spec.type !== undefined && !TUNNEL_SERVERS.has(spec.type)) return undefined;
    const device = spec.eui64;
    const { clock, log, sender, hanOnly, emit } = this.#ports;
    return new TunnelClient(
      device,
      { ...TUNNEL_SETTINGS, transferSize: spec.transferSize },
      {
        clock,
        air: {
          send: (message) => sender.send(message),
          zclSequence: () => sender.sequence(),
          findServer: (nodeId) => this.#findServer(nodeId),
        },
        events: {
          opened: (tunnelId, maxTransfer) => {
            log.info({ device, tunnelId, maxTransfer }, "tunnel open");
            emit({ type: "tunnel-open", device, tunnelId, maxTransfer });
            hanOnly?.opened(device);
          },
          lost: () => {
            log.warn({ device }, "tunnel lost; a new one is requested");
            emit({ type: "tunnel-lost", device });
          },
          refused: (status) => log.warn({ device, status }, "device refused the tunnel; trying again"),
          overflow: () => log.warn({ device }, "device could not take a message of that size"),
          message: (payload, acknowledgeAfter) =>
            emit({ type: "message", device, payload, acknowledgeAfter }),
        },
      },
    );
  }

  /** The device is gone, or on its way in anew. */
  close(device: HanDevice): void {
    device.tunnel?.input({ type: "gone" });
    this.server.forget(device);
  }

  /** A frame of a device that is not on the list; asking for a tunnel is worth an event (A5.5). */
  stranger(device: Eui64, { cluster, payload }: IncomingAps): void {
    const [control = 0, , command] = payload;
    const asks = cluster === TUNNELLING_CLUSTER && (control & 0x0f) === 0x01 && command === 0x00;
    if (asks) this.#event(TUNNEL_EVENT.requestRejected, device);
  }

  #event(code: number, device: Eui64): void {
    this.#ports.log.warn({ device, event: `0x${code.toString(16)}` }, "tunnel refused");
    this.#ports.emit({ type: "event", code, device });
  }

  #findServer(nodeId: number): void {
    const { sender } = this.#ports;
    const sequence = sender.sequence();
    const payload = encodeMatchServerRequest(sequence, nodeId, PROFILE_SMART_ENERGY, TUNNELLING_CLUSTER);
    void sender.zdo(nodeId, ZDO.matchDescriptorRequest, payload);
  }
}

/** The gas meter's tunnel is told of like any other. */
function told(user: TunnelUser, emit: TunnelsPorts["emit"]): TunnelUser {
  return {
    opened: (device, tunnelId, maxTransfer) => {
      user.opened(device, tunnelId, maxTransfer);
      emit({ type: "tunnel-open", device, tunnelId, maxTransfer });
    },
    closed: (device) => {
      user.closed(device);
      emit({ type: "tunnel-lost", device });
    },
    received: (device, data, acknowledgeAfter) => user.received(device, data, acknowledgeAfter),
  };
}

function noMailbox(log: Log): TunnelUser {
  return {
    opened: (device) => log.info({ device }, "the device opened its tunnel"),
    closed: (device) => log.info({ device }, "the device's tunnel is closed"),
    received: (device, { length }) =>
      log.warn({ device, octets: length }, "a transfer for which there is no mailbox was dropped"),
  };
}
