import type { Clock } from "../../../base/clock.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import type { ApsDataMeta } from "../aps/aps-handlers.ts";
import type { ApsMessage } from "../coordinator.ts";
import type { NwkLayer } from "../network/nwk.ts";
import { BROADCAST_RX_ON } from "../network/nwk-frame.ts";
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
import type { OutgoingMessage } from "./device-node-types.ts";

export interface DeviceZdoPorts {
  post(out: OutgoingMessage): void;
  /** To everyone who listens. */
  broadcast(out: OutgoingMessage): void;
  leave(rejoin: boolean): void;
}

/** What the node descriptor tells beyond the node's addresses. */
export type DeviceDescription = Pick<
  NodeDescription,
  "capability" | "manufacturerCode" | "maximumTransfer" | "endpoints"
>;

/** No server of any kind; stack compliance revision 22. */
const SERVER_MASK = 0x2c00;

/** The Zigbee device object of an end device: says who and where it is, and asks others the same. */
export class DeviceZdo {
  readonly #nwk: NwkLayer;
  readonly #description: DeviceDescription;
  readonly #ports: DeviceZdoPorts;
  readonly #discovery: ServiceDiscovery;
  #sequence = 0;

  constructor(options: {
    nwk: NwkLayer;
    clock: Clock;
    /** How long the answers of other nodes are waited for. */
    answerMs: number;
    description: DeviceDescription;
    ports: DeviceZdoPorts;
  }) {
    const { clock, answerMs, ports } = options;
    this.#nwk = options.nwk;
    this.#description = options.description;
    this.#ports = ports;
    this.#discovery = new ServiceDiscovery(clock, answerMs, (nodeId, cluster, payload) =>
      ports.post(zdoMessage(nodeId, cluster, payload)),
    );
  }

  announce(): void {
    const { nodeId, eui64 } = this.#nwk;
    const payload = encodeDeviceAnnounce(this.#nextSequence(), nodeId, eui64, this.#description.capability);
    this.#broadcast(ZDO.deviceAnnounce, payload);
  }

  /** Asks everybody where a device is; the answer is learnt. */
  findNode(eui64: Eui64): void {
    this.#broadcast(ZDO.nwkAddress, encodeAddressRequest(this.#nextSequence(), eui64));
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
    if (who) this.#nwk.learn(who.nodeId, who.eui64);
    if (cluster === (ZDO.matchDescriptor | ZDO.response)) this.#discovery.response(nodeId, payload);
    if ((cluster & ZDO.response) !== 0) return;
    const answer =
      cluster === ZDO.managementLeave
        ? { cluster: ZDO.managementLeave | ZDO.response, payload: this.#askedToLeave(payload) }
        : answerZdo(cluster, payload, this.#self(), kind !== "unicast");
    if (answer) this.#ports.post(zdoMessage(nodeId, answer.cluster, answer.payload));
  }

  #self(): NodeDescription {
    const { nodeId, eui64 } = this.#nwk;
    return { ...this.#description, nodeId, eui64, logicalType: "end-device", serverMask: SERVER_MASK };
  }

  #broadcast(cluster: number, payload: Uint8Array): void {
    this.#ports.broadcast(zdoMessage(BROADCAST_RX_ON, cluster, payload));
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xff;
    return this.#sequence;
  }

  #askedToLeave(payload: Uint8Array): Uint8Array {
    const { eui64, rejoin } = decodeManagementLeave(payload);
    const mine = eui64 === this.#nwk.eui64 || eui64 === "0000000000000000";
    if (mine) this.#ports.leave(rejoin);
    return Uint8Array.of(payload[0] ?? 0, mine ? ZDO_STATUS.success : ZDO_STATUS.deviceNotFound);
  }
}

function zdoMessage(nodeId: number, cluster: number, payload: Uint8Array): OutgoingMessage {
  return {
    nodeId,
    profile: 0,
    cluster,
    sourceEndpoint: 0,
    destinationEndpoint: 0,
    apsSecurity: false,
    payload,
  };
}
