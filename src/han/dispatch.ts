import { ByteReader } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import { KEY_ESTABLISHMENT_CLUSTER } from "../cbke/commands.ts";
import { STATUS } from "../zcl/data/names.ts";
import { DEFAULT_RESPONSE } from "../zcl/foundation.ts";
import { readPayload } from "../zcl/frame.ts";
import { readHeader, type ZclHeader } from "../zcl/header.ts";
import { answerOptions, defaultResponse, wantsDefaultResponse } from "../zcl/reply.ts";
import { decodeTunnelling, encodeTunnelling, TUNNELLING_CLUSTER } from "../zcl/tunnelling.ts";
import type { HanDevice } from "./device.ts";
import { type IncomingAps, leaveUnacknowledged, type RadioPort } from "./radio/port.ts";
import { judgeIncoming } from "./security/gate.ts";
import type { KeyEstablishmentServer } from "./security/key-establishment-server.ts";
import { PROFILE_SMART_ENERGY, PROFILE_ZDO } from "./security/policy.ts";
import type { TunnelServer } from "./tunnel/server.ts";
import type { ZclServer } from "./zcl-server/server.ts";
import { decodeDeviceAnnounce, decodeMatchDescriptorResponse, decodeNwkAddressResponse, ZDO } from "./zdo.ts";

export interface DispatchPorts {
  send: RadioPort["send"];
  log: Log;
  server: ZclServer;
  tunnelServer: Pick<TunnelServer, "receive">;
  /** Undefined without certificates. */
  keyEstablishment(): KeyEstablishmentServer | undefined;
  deviceOf(nodeId: number): HanDevice | undefined;
  deviceNamed(eui64: Eui64): HanDevice | undefined;
  /** A Smart Energy frame from an address that is not known. */
  stranger(frame: IncomingAps): Promise<void>;
  /** Every frame of a known device, before it is judged. */
  heard(device: HanDevice, frame: IncomingAps): void;
  /** The device said at which address it is. */
  found(device: HanDevice, nodeId: number): void;
}

/**
 * Hands each incoming frame to the room that it is for. What comes from an unknown device, or without the APS
 * encryption that its cluster demands, ends here with a log line; nothing in a frame can throw further up.
 */
export class Dispatch {
  readonly #ports: DispatchPorts;

  constructor(ports: DispatchPorts) {
    this.#ports = ports;
  }

  frame(frame: IncomingAps): void {
    try {
      if (frame.profile === PROFILE_ZDO) this.#zdo(frame);
      else if (frame.profile === PROFILE_SMART_ENERGY) this.#smartEnergy(frame);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      const { code, field, offset } = error;
      this.#ports.log.warn({ ...where(frame), code, field, offset }, "malformed frame dropped");
    }
  }

  #zdo(frame: IncomingAps): void {
    const known = this.#ports.deviceOf(frame.nodeId);
    if (known !== undefined) this.#ports.heard(known, frame);
    switch (frame.cluster) {
      case ZDO.deviceAnnounce:
        this.#announced(frame);
        return;
      case ZDO.nwkAddressResponse: {
        const { status, eui64, nodeId } = decodeNwkAddressResponse(frame.payload);
        const device = this.#ports.deviceNamed(eui64);
        if (status !== 0 || device === undefined) return;
        this.#ports.found(device, nodeId);
        if (nodeId === frame.nodeId) this.#ports.heard(device, frame);
        return;
      }
      case ZDO.matchDescriptorResponse: {
        const { nodeId, endpoints } = decodeMatchDescriptorResponse(frame.payload);
        known?.tunnel?.input({ type: "endpoints", nodeId, endpoints });
        return;
      }
    }
  }

  #announced(frame: IncomingAps): void {
    const { eui64, nodeId } = decodeDeviceAnnounce(frame.payload);
    const device = this.#ports.deviceNamed(eui64);
    if (device === undefined) {
      this.#ports.log.warn({ device: eui64 }, "a device that is not on the list announced itself; ignored");
      return;
    }
    this.#ports.found(device, nodeId);
    this.#ports.heard(device, frame);
  }

  #smartEnergy(frame: IncomingAps): void {
    const device = this.#ports.deviceOf(frame.nodeId);
    if (device === undefined) {
      const known = this.#ports.stranger(frame);
      frame.acknowledgeAfter?.(known);
      known.catch((error: unknown) => {
        if (!(error instanceof HanwayError)) throw error;
      });
      return;
    }
    this.#ports.heard(device, frame);
    const reader = new ByteReader(frame.payload);
    const header = readHeader(reader);
    const refusal = judgeIncoming(frame, header, device.join.at);
    if (refusal === "in-clear") {
      this.#ports.log.warn(
        { device: device.spec.eui64, ...where(frame) },
        "frame without APS encryption on a cluster that needs it refused",
      );
      this.#status(frame, header, STATUS.FAILURE);
    } else if (refusal === "not-keyed") {
      leaveUnacknowledged(frame.acknowledgeAfter, "key establishment is not finished");
      this.#ports.log.info(
        { device: device.spec.eui64, ...where(frame) },
        "frame of a device that has not finished key establishment dropped",
      );
    } else this.#serve(device, frame, header, reader);
  }

  #serve(device: HanDevice, frame: IncomingAps, header: ZclHeader, reader: ByteReader): void {
    const own = header.frameType === "cluster" && header.manufacturerCode === undefined;
    const keyEstablishment = this.#ports.keyEstablishment();
    if (own && frame.cluster === TUNNELLING_CLUSTER) this.#tunnelling(device, frame, header);
    else if (
      own &&
      frame.cluster === KEY_ESTABLISHMENT_CLUSTER &&
      header.direction === "clientToServer" &&
      keyEstablishment !== undefined
    )
      keyEstablishment.receive(device.spec.eui64, frame, header, reader.rest());
    else this.#answer(frame, header, reader);
  }

  /** Commands of a server are for the hub's own tunnel to it; those of a client for the tunnel that it has to the hub. */
  #tunnelling(device: HanDevice, frame: IncomingAps, header: ZclHeader): void {
    const { command } = this.#decoded(frame, header, () => decodeTunnelling(frame.payload));
    if (command === undefined) this.#status(frame, header, STATUS.UNSUP_CLUSTER_COMMAND);
    else if (header.direction === "serverToClient") {
      const taken = device.tunnel?.receive(command, frame.acknowledgeAfter) === true;
      if (!taken) this.#status(frame, header, STATUS.UNSUP_CLUSTER_COMMAND);
    } else {
      const outcome = this.#ports.tunnelServer.receive(device, command, frame);
      if ("reply" in outcome) this.#reply(frame, encodeTunnelling(outcome.reply, answerOptions(header)));
      else this.#status(frame, header, outcome.status);
    }
  }

  #answer(frame: IncomingAps, header: ZclHeader, reader: ByteReader): void {
    if (frame.broadcast) return;
    if (header.frameType === "global" && header.command === DEFAULT_RESPONSE) return;
    const zcl = this.#decoded(frame, header, () => readPayload(reader, header, frame.cluster));
    const named = { ...header, cluster: frame.cluster, ...zcl };
    const answer = this.#ports.server.answer(named, frame.destinationEndpoint);
    if (answer !== undefined) this.#reply(frame, answer);
  }

  /** A payload that cannot be read gets MALFORMED_COMMAND, and its line in the log. */
  #decoded<T>(frame: IncomingAps, header: ZclHeader, decode: () => T): T {
    try {
      return decode();
    } catch (error) {
      if (error instanceof HanwayError) this.#status(frame, header, STATUS.MALFORMED_COMMAND);
      throw error;
    }
  }

  /** A Default Response (ZCL 2.5.12), never to a broadcast and never to another Default Response. */
  #status(frame: IncomingAps, to: ZclHeader, status: number): void {
    if (frame.broadcast || !wantsDefaultResponse(to, status)) return;
    this.#reply(frame, defaultResponse(to, frame.cluster, status));
  }

  /** Answers go back as the command came: to the same endpoint, secured the same way. */
  #reply(to: IncomingAps, payload: Uint8Array): void {
    void this.#ports.send({
      nodeId: to.nodeId,
      profile: to.profile,
      cluster: to.cluster,
      sourceEndpoint: to.destinationEndpoint,
      destinationEndpoint: to.sourceEndpoint,
      security: to.security,
      payload,
    });
  }
}

function where(frame: IncomingAps): object {
  return { nodeId: frame.nodeId, cluster: frame.cluster, endpoint: frame.destinationEndpoint };
}
