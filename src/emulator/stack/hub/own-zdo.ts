import { HanwayError } from "../../../base/error.ts";
import type { ApsLayer } from "../aps/aps.ts";
import { maximumApsPayload } from "../aps/aps-frame.ts";
import type { ApsDataMeta } from "../aps/aps-handlers.ts";
import type { ApsMessage, EndpointDescriptor } from "../coordinator.ts";
import type { NwkLayer } from "../network/nwk.ts";
import { answerZdo, decodeDeviceAnnounce, type NodeDescription, ZDO, type ZdoAnswer } from "../zdo/zdo.ts";

const COORDINATOR = 0x0000;
const COORDINATOR_CAPABILITY = 0x8f;
/** Primary trust centre, network manager, stack compliance revision 22. */
const SERVER_MASK = 0x2c41;
const SILICON_LABS = 0x1049;

/** The coordinator's own Zigbee device object: answers what others ask about it; the rest is the host's. */
export class OwnZdo {
  endpoints: readonly EndpointDescriptor[] = [];
  manufacturerCode: number = SILICON_LABS;
  readonly #nwk: NwkLayer;
  readonly #aps: ApsLayer;

  constructor(nwk: NwkLayer, aps: ApsLayer) {
    this.#nwk = nwk;
    this.#aps = aps;
  }

  /** True for requests from the air, which are the stack's business; responses and announcements go to the host. */
  answers(message: ApsMessage, kind: ApsDataMeta["kind"]): boolean {
    if (message.cluster === ZDO.deviceAnnounce) {
      const announce = decodeDeviceAnnounce(message.payload);
      if (announce) this.#nwk.learn(announce.nodeId, announce.eui64);
      return false;
    }
    if ((message.cluster & ZDO.response) !== 0) return false;
    const broadcast = kind !== "unicast";
    const answer = answerZdo(message.cluster, message.payload, this.#description(), broadcast);
    if (answer) this.#reply(message, answer);
    return true;
  }

  /** The answer to a request that the host makes of its own stick; one that is cut short has none. */
  answerToHost(message: ApsMessage): ZdoAnswer | undefined {
    try {
      return answerZdo(message.cluster, message.payload, this.#description(), false);
    } catch (error) {
      if (error instanceof HanwayError) return undefined;
      throw error;
    }
  }

  #reply(to: ApsMessage, answer: ZdoAnswer): void {
    const reply: ApsMessage = {
      ...to,
      ...answer,
      sourceEndpoint: 0,
      destinationEndpoint: 0,
      apsAck: true,
      apsSecurity: false,
      sequence: this.#aps.nextSequence(),
    };
    delete reply.group;
    this.#aps.send(reply, () => {});
  }

  #description(): NodeDescription {
    return {
      nodeId: COORDINATOR,
      eui64: this.#nwk.eui64,
      logicalType: "coordinator",
      capability: COORDINATOR_CAPABILITY,
      manufacturerCode: this.manufacturerCode,
      maximumTransfer: maximumApsPayload(false, false),
      serverMask: SERVER_MASK,
      endpoints: this.endpoints,
    };
  }
}
