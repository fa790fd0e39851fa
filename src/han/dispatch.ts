import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import { readHeader, writeHeader, type ZclHeader } from "../zcl/header.ts";
import { decodeTunnelling, TUNNELLING_CLUSTER } from "../zcl/tunnelling.ts";
import type { HanDevice } from "./device.ts";
import type { IncomingAps, RadioPort } from "./radio/port.ts";
import { acceptsBroadcast, needsLinkKey, PROFILE_SMART_ENERGY, PROFILE_ZDO } from "./security/policy.ts";
import { decodeDeviceAnnounce, decodeMatchDescriptorResponse, decodeNwkAddressResponse, ZDO } from "./zdo.ts";

const DEFAULT_RESPONSE = 0x0b;

/** ZCL status codes (ZCL 2.6.3) that the hub answers with. */
const STATUS = {
  malformed: 0x80,
  unsupportedClusterCommand: 0x81,
  unsupportedGeneralCommand: 0x82,
  notAuthorized: 0x7e,
} as const;

export interface DispatchPorts {
  radio: Pick<RadioPort, "send">;
  log: Log;
  deviceOf(nodeId: number): HanDevice | undefined;
  deviceNamed(eui64: Eui64): HanDevice | undefined;
  /** Every frame of a known device, before anything else is looked at. */
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
        this.#ports.heard(device, frame);
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
      this.#ports.log.warn(where(frame), "frame of a device that is not on the list dropped");
      return;
    }
    const header = readHeader(new ByteReader(frame.payload));
    if (!this.#secure(frame, header)) {
      this.#ports.log.warn(
        { device: device.spec.eui64, ...where(frame) },
        "frame without APS encryption on a cluster that needs it refused",
      );
      this.#answer(frame, header, STATUS.notAuthorized);
      return;
    }
    this.#ports.heard(device, frame);
    if (isDefaultResponse(header)) return;
    if (frame.cluster === TUNNELLING_CLUSTER) this.#tunnelling(frame, header, device);
    else this.#answer(frame, header, unsupported(header));
  }

  #secure(frame: IncomingAps, { command, frameType }: ZclHeader): boolean {
    const named = { ...frame, command: frameType === "cluster" ? command : undefined };
    if (frame.broadcast) return acceptsBroadcast(named);
    return frame.security === "link-key" || !needsLinkKey(named);
  }

  #tunnelling(frame: IncomingAps, header: ZclHeader, device: HanDevice): void {
    let command: ReturnType<typeof decodeTunnelling>["command"];
    try {
      ({ command } = decodeTunnelling(frame.payload));
    } catch (error) {
      this.#answer(frame, header, STATUS.malformed);
      throw error;
    }
    const taken = command !== undefined && device.tunnel?.receive(command) === true;
    if (!taken) this.#answer(frame, header, unsupported(header));
  }

  /** A Default Response (ZCL 2.5.12), never to a broadcast and never to another Default Response. */
  #answer(frame: IncomingAps, to: ZclHeader, status: number): void {
    if (frame.broadcast || isDefaultResponse(to)) return;
    const writer = new ByteWriter(5);
    writeHeader(writer, {
      frameType: "global",
      direction: to.direction === "clientToServer" ? "serverToClient" : "clientToServer",
      disableDefaultResponse: true,
      sequence: to.sequence,
      command: DEFAULT_RESPONSE,
    });
    writer.u8(to.command).u8(status);
    void this.#ports.radio.send({
      nodeId: frame.nodeId,
      profile: frame.profile,
      cluster: frame.cluster,
      sourceEndpoint: frame.destinationEndpoint,
      destinationEndpoint: frame.sourceEndpoint,
      security: frame.security,
      payload: writer.done(),
    });
  }
}

function isDefaultResponse(header: ZclHeader): boolean {
  return header.frameType === "global" && header.command === DEFAULT_RESPONSE;
}

function unsupported(header: ZclHeader): number {
  return header.frameType === "global" ? STATUS.unsupportedGeneralCommand : STATUS.unsupportedClusterCommand;
}

function where(frame: IncomingAps): object {
  return { nodeId: frame.nodeId, cluster: frame.cluster, endpoint: frame.destinationEndpoint };
}
