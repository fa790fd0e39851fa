import type { Clock } from "../../../base/clock.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import type { ApsDataMeta } from "../aps/aps-handlers.ts";
import type { ApsMessage } from "../coordinator.ts";
import { ServiceDiscovery } from "../zdo/service-discovery.ts";
import {
  answerZdo,
  decodeAddressResponse,
  decodeDeviceAnnounce,
  decodeManagementLeave,
  encodeAddressRequest,
  encodeDeviceAnnounce,
  type NodeDescription,
  ZDO,
  ZDO_STATUS,
} from "../zdo/zdo.ts";

export interface DeviceZdoPorts {
  description(): NodeDescription;
  post(nodeId: number, cluster: number, payload: Uint8Array): void;
  broadcast(cluster: number, payload: Uint8Array): void;
  learn(nodeId: number, eui64: Eui64): void;
  leave(rejoin: boolean): void;
}

/** The Zigbee device object of an end device: says who and where it is, and asks others the same. */
export class DeviceZdo {
  readonly #ports: DeviceZdoPorts;
  readonly #discovery: ServiceDiscovery;
  #sequence = 0;

  constructor(clock: Clock, answerMs: number, ports: DeviceZdoPorts) {
    this.#ports = ports;
    this.#discovery = new ServiceDiscovery(clock, answerMs, ports.post);
  }

  announce(): void {
    const { nodeId, eui64, capability } = this.#ports.description();
    const payload = encodeDeviceAnnounce(this.#nextSequence(), nodeId, eui64, capability);
    this.#ports.broadcast(ZDO.deviceAnnounce, payload);
  }

  /** Asks everybody where a device is; the answer is learnt. */
  findNode(eui64: Eui64): void {
    this.#ports.broadcast(ZDO.nwkAddress, encodeAddressRequest(this.#nextSequence(), eui64));
  }

  /** Asks a node which of its endpoints serve a cluster; undefined where it stays silent. */
  findServers(
    query: { nodeId: number; profile: number; cluster: number },
    done: (endpoints: readonly number[] | undefined) => void,
  ): void {
    const { nodeId, profile, cluster } = query;
    this.#discovery.find(this.#nextSequence(), { nodeId, profile, inputClusters: [cluster] }, done);
  }

  /** Nobody is waited for any longer. */
  clear(): void {
    this.#discovery.clear();
  }

  message({ nodeId, cluster, payload }: ApsMessage, kind: ApsDataMeta["kind"]): void {
    const who =
      cluster === ZDO.deviceAnnounce
        ? decodeDeviceAnnounce(payload)
        : cluster === (ZDO.nwkAddress | ZDO.response)
          ? decodeAddressResponse(payload)
          : undefined;
    if (who) this.#ports.learn(who.nodeId, who.eui64);
    if (cluster === (ZDO.matchDescriptor | ZDO.response)) this.#discovery.response(nodeId, payload);
    if ((cluster & ZDO.response) !== 0) return;
    const answer =
      cluster === ZDO.managementLeave
        ? { cluster: ZDO.managementLeave | ZDO.response, payload: this.#askedToLeave(payload) }
        : answerZdo(cluster, payload, this.#ports.description(), kind !== "unicast");
    if (answer) this.#ports.post(nodeId, answer.cluster, answer.payload);
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xff;
    return this.#sequence;
  }

  #askedToLeave(payload: Uint8Array): Uint8Array {
    const { eui64, rejoin } = decodeManagementLeave(payload);
    const mine = eui64 === this.#ports.description().eui64 || eui64 === "0000000000000000";
    if (mine) this.#ports.leave(rejoin);
    return Uint8Array.of(payload[0] ?? 0, mine ? ZDO_STATUS.success : ZDO_STATUS.deviceNotFound);
  }
}
