import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { HanDevice } from "./device.ts";
import type { IncomingAps, RadioPort } from "./radio/port.ts";
import type { Roster } from "./roster.ts";
import { PROFILE_ZDO } from "./security/policy.ts";
import type { HanSender } from "./sender.ts";
import { encodeNwkAddressRequest, ZDO } from "./zdo.ts";

export interface DiscoveryPorts {
  readonly radio: RadioPort;
  readonly log: Log;
  readonly roster: Roster;
  readonly sender: Pick<HanSender, "sequence">;
  /** A device on the list is at this address. */
  found(device: HanDevice, nodeId: number): void;
  /** A frame once more, whose sender is known by now. */
  frame(frame: IncomingAps): void;
  /** A frame of a device that is not on the list, which is to leave. Throws `radio/unavailable`. */
  stranger(eui64: Eui64, frame: IncomingAps): Promise<void>;
}

/** Finds out which device is at which short address (Zigbee 2.4.2.1, device discovery). */
export class Discovery {
  readonly #ports: DiscoveryPorts;
  /** Addresses that are being asked about. */
  readonly #asked = new Set<number>();

  constructor(ports: DiscoveryPorts) {
    this.#ports = ports;
  }

  /** Asks the radio where a device is, then all the network. */
  async lookFor(device: HanDevice): Promise<void> {
    const { radio, log, sender, found } = this.#ports;
    const { eui64 } = device.spec;
    try {
      const nodeId = await radio.nodeIdOf(eui64);
      if (device.nodeId !== undefined) return;
      if (nodeId !== undefined) return found(device, nodeId);
      // Nobody is on a new network yet.
      if (radio.network?.formed === true) return;
      await radio.broadcast({
        profile: PROFILE_ZDO,
        cluster: ZDO.nwkAddressRequest,
        sourceEndpoint: 0,
        destinationEndpoint: 0,
        payload: encodeNwkAddressRequest(sender.sequence(), eui64),
      });
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      log.debug({ device: eui64, code: error.code }, "device was not looked for");
    }
  }

  /**
   * A frame from an address that is not known: after a restart a device may speak before it has been looked for.
   * Resolves when the frame is dealt with and may be acknowledged; throws `tunnel/closed` or `radio/*` when it may not.
   */
  async whose(frame: IncomingAps): Promise<void> {
    const { nodeId, cluster } = frame;
    if (this.#asked.has(nodeId)) throw new HanwayError("tunnel/closed", "its address is being looked up");
    this.#asked.add(nodeId);
    try {
      await this.#resolve(frame);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#ports.log.debug({ nodeId, cluster, code: error.code }, "frame of an unknown address dropped");
      throw error;
    } finally {
      this.#asked.delete(nodeId);
    }
  }

  async #resolve(frame: IncomingAps): Promise<void> {
    const { radio, log, roster, found, stranger } = this.#ports;
    const { nodeId, cluster } = frame;
    const eui64 = await radio.eui64Of(nodeId);
    const device = eui64 === undefined ? undefined : roster.named(eui64);
    if (device !== undefined) {
      found(device, nodeId);
      await this.#again(frame);
      return;
    }
    log.warn({ device: eui64, nodeId, cluster }, "frame of a device that is not on the list dropped");
    if (eui64 === undefined) throw new HanwayError("tunnel/closed", "its address belongs to nobody known");
    await stranger(eui64, frame);
  }

  async #again(frame: IncomingAps): Promise<void> {
    const work: Promise<unknown>[] = [];
    this.#ports.frame({ ...frame, acknowledgeAfter: (safe) => work.push(safe) });
    await Promise.all(work);
  }
}
