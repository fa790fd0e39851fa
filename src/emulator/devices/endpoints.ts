import { ByteReader } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { KEY_ESTABLISHMENT_CLUSTER } from "../../cbke/index.ts";
import { STATUS } from "../../zcl/data/names.ts";
import { DEFAULT_RESPONSE } from "../../zcl/foundation.ts";
import { decodeZcl, type ZclFrame } from "../../zcl/frame.ts";
import { readHeader, type ZclHeader } from "../../zcl/header.ts";
import { decodeTunnelling, encodeTunnelling, TUNNELLING_CLUSTER } from "../../zcl/tunnelling.ts";
import type { ApsMessage, EndpointDescriptor } from "../stack/coordinator.ts";
import type { OutgoingMessage } from "../stack/device-node.ts";
import type { Attributes } from "./attributes.ts";
import type { MessageLink } from "./message-link.ts";
import { needsLinkKey } from "./security.ts";
import { generalAnswer, statusAnswer } from "./zcl-server.ts";

/** Why a frame was not taken. */
export type FrameRefusal = "in-clear" | "before-key" | "malformed";

export interface EndpointsPorts {
  post(out: OutgoingMessage): void;
  /** The link key may be used: key establishment is done, or not needed. */
  keyed(): boolean;
  refused(why: FrameRefusal): void;
  /** The partner's words in key establishment; `payload` is what follows the header. False: nobody listens. */
  keyEstablishment(message: ApsMessage, header: ZclHeader, payload: Uint8Array, unicast: boolean): boolean;
  /** A general command of a server; true where it answers what was read there. */
  fromServer(message: ApsMessage, frame: ZclFrame): boolean;
}

/** The Smart Energy endpoints of a device: judges each frame, hands it to its cluster, and answers. */
export class Endpoints {
  readonly #endpoints: readonly EndpointDescriptor[];
  readonly #attributes: (cluster: number) => Attributes;
  readonly #link: MessageLink | undefined;
  readonly #ports: EndpointsPorts;

  constructor(options: {
    endpoints: readonly EndpointDescriptor[];
    attributes: (cluster: number) => Attributes;
    link: MessageLink | undefined;
    ports: EndpointsPorts;
  }) {
    this.#endpoints = options.endpoints;
    this.#attributes = options.attributes;
    this.#link = options.link;
    this.#ports = options.ports;
  }

  /** Nothing in a frame is thrown further up. */
  frame(message: ApsMessage, unicast: boolean): void {
    const endpoint = this.#endpoints.find(
      (each) => each.endpoint === message.destinationEndpoint && each.profile === message.profile,
    );
    if (!endpoint) return;
    try {
      const reader = new ByteReader(message.payload);
      const header = readHeader(reader);
      this.#answerOrRefuse(endpoint, message, header, reader.rest(), unicast);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#ports.refused("malformed");
    }
  }

  #answerOrRefuse(
    endpoint: EndpointDescriptor,
    message: ApsMessage,
    header: ZclHeader,
    body: Uint8Array,
    unicast: boolean,
  ): void {
    let answer: Uint8Array | undefined;
    try {
      answer = this.#answer(endpoint, message, header, body, unicast);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#ports.refused("malformed");
      answer = statusAnswer(header, message.cluster, STATUS.MALFORMED_COMMAND);
    }
    if (answer !== undefined && unicast) this.#reply(message, answer);
  }

  #answer(
    endpoint: EndpointDescriptor,
    message: ApsMessage,
    header: ZclHeader,
    body: Uint8Array,
    unicast: boolean,
  ): Uint8Array | undefined {
    const { cluster } = message;
    const status = (code: number) => statusAnswer(header, cluster, code);
    if (unicast && needsLinkKey(message.profile, cluster)) {
      const refusal = !message.apsSecurity ? "in-clear" : this.#ports.keyed() ? undefined : "before-key";
      if (refusal !== undefined) {
        this.#ports.refused(refusal);
        return status(STATUS.FAILURE);
      }
    }
    const side = header.direction === "clientToServer" ? endpoint.inputClusters : endpoint.outputClusters;
    const present = side.includes(cluster);
    if (header.frameType === "global") {
      const answered =
        header.direction === "serverToClient" &&
        this.#ports.fromServer(message, decodeZcl(message.payload, { cluster }));
      if (answered || header.command === DEFAULT_RESPONSE) return undefined;
      return present
        ? generalAnswer(message, header, this.#attributes(cluster))
        : status(STATUS.UNSUPPORTED_CLUSTER);
    }
    if (!present) return status(STATUS.UNSUPPORTED_CLUSTER);
    if (header.manufacturerCode !== undefined) return status(STATUS.UNSUP_MANUF_CLUSTER_COMMAND);
    if (cluster === KEY_ESTABLISHMENT_CLUSTER) {
      const heard = this.#ports.keyEstablishment(message, header, body, unicast);
      return heard ? undefined : status(STATUS.UNSUP_CLUSTER_COMMAND);
    }
    if (cluster === TUNNELLING_CLUSTER && this.#link && unicast)
      return this.#tunnelling(this.#link, message, header);
    return status(STATUS.UNSUP_CLUSTER_COMMAND);
  }

  #tunnelling(link: MessageLink, message: ApsMessage, header: ZclHeader): Uint8Array | undefined {
    const { command } = decodeTunnelling(message.payload);
    if (!command) return statusAnswer(header, message.cluster, STATUS.UNSUP_CLUSTER_COMMAND);
    const outcome = link.command(command, message, header);
    if ("status" in outcome) return statusAnswer(header, message.cluster, outcome.status);
    const direction = header.direction === "clientToServer" ? "serverToClient" : "clientToServer";
    return encodeTunnelling(outcome.reply, {
      sequence: header.sequence,
      direction,
      disableDefaultResponse: true,
    });
  }

  /** Answers go back as they came: to the same endpoint, secured the same way. */
  #reply(to: ApsMessage, payload: Uint8Array): void {
    this.#ports.post({
      nodeId: to.nodeId,
      profile: to.profile,
      cluster: to.cluster,
      sourceEndpoint: to.destinationEndpoint,
      destinationEndpoint: to.sourceEndpoint,
      apsSecurity: to.apsSecurity,
      payload,
    });
  }
}

/** The first endpoint that has the cluster on this side; 0 where none has. */
export function endpointWith(
  endpoints: readonly EndpointDescriptor[],
  side: "inputClusters" | "outputClusters",
  cluster: number,
): number {
  return endpoints.find((each) => each[side].includes(cluster))?.endpoint ?? 0;
}
