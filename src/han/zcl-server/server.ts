import { STATUS } from "../../zcl/data/names.ts";
import type { AttributeAnswer } from "../../zcl/foundation.ts";
import { encodeCommand, encodeGeneral, isCommand, type ZclFrame } from "../../zcl/frame.ts";
import {
  answerOptions,
  defaultResponse,
  readAttributesResponse,
  wantsDefaultResponse,
} from "../../zcl/reply.ts";
import type { ZclFields } from "../../zcl/value.ts";
import type { RadioEndpoint } from "../radio/endpoints.ts";
import type { AttributeTable, ServedAttribute } from "./attributes.ts";
import { IDENTIFY_CLUSTER, type Identify } from "./identify.ts";

const MANUFACTURER_SPECIFIC = {
  cluster: STATUS.UNSUP_MANUF_CLUSTER_COMMAND,
  global: STATUS.UNSUP_MANUF_GENERAL_COMMAND,
};

/**
 * What the hub answers to devices for the clusters that need nobody else: general commands on all of its endpoints
 * (ZCL 2.5), and Identify. Its attributes are read-only and never reported.
 */
export class ZclServer {
  readonly #endpoints: readonly RadioEndpoint[];
  readonly #attributes: AttributeTable;
  readonly #identify: Identify;

  constructor(endpoints: readonly RadioEndpoint[], attributes: AttributeTable, identify: Identify) {
    this.#endpoints = endpoints;
    this.#attributes = attributes;
    this.#identify = identify;
  }

  /** The answer to a unicast command to an endpoint of the hub; undefined where the standard wants none. */
  answer(frame: ZclFrame, endpoint: number): Uint8Array | undefined {
    const status = this.#present(frame, endpoint);
    if (status !== STATUS.SUCCESS) return statusOnly(frame, status);
    if (frame.manufacturerCode !== undefined)
      return statusOnly(frame, MANUFACTURER_SPECIFIC[frame.frameType]);
    return frame.frameType === "global" ? this.#general(frame) : this.#command(frame);
  }

  /** Commands go to the side of the cluster that their direction names. */
  #present({ cluster, direction }: ZclFrame, number: number): number {
    const endpoint = this.#endpoints.find((one) => one.endpoint === number);
    const side = direction === "clientToServer" ? endpoint?.serverClusters : endpoint?.clientClusters;
    return side?.includes(cluster) === true ? STATUS.SUCCESS : STATUS.UNSUPPORTED_CLUSTER;
  }

  #served({ cluster, direction }: ZclFrame): readonly ServedAttribute[] {
    const side = direction === "clientToServer" ? this.#attributes.server : this.#attributes.client;
    return side.get(cluster) ?? [];
  }

  #general(frame: ZclFrame): Uint8Array | undefined {
    switch (frame.name) {
      case "ReadAttributes":
        return readAttributesResponse(frame, (id) => this.#read(frame, id));
      case "WriteAttributes":
      case "WriteAttributesUndivided":
        return reply(frame, 0x04, { records: this.#refuseWrites(frame) });
      case "ConfigureReporting":
        return reply(frame, 0x07, { records: this.#refuseReports(frame) });
      case "DiscoverAttributes":
        return reply(frame, 0x0d, this.#discover(frame));
      case "WriteAttributesNoResponse":
      case "DefaultResponse":
        return undefined;
      case "ReportAttributes":
        return statusOnly(frame, STATUS.SUCCESS);
      default:
        return frame.name?.endsWith("Response") === true
          ? undefined
          : statusOnly(frame, STATUS.UNSUP_GENERAL_COMMAND);
    }
  }

  #read(frame: ZclFrame, id: number): AttributeAnswer {
    const found = this.#served(frame).find((attribute) => attribute.id === id);
    if (found === undefined) return { status: STATUS.UNSUPPORTED_ATTRIBUTE };
    return { status: 0, dataType: found.dataType, value: found.value() };
  }

  #refuseWrites(frame: ZclFrame): ZclFields[] {
    return idsOf(frame).map((attributeId) => ({
      status: this.#knows(frame, attributeId) ? STATUS.READ_ONLY : STATUS.UNSUPPORTED_ATTRIBUTE,
      attributeId,
    }));
  }

  #refuseReports(frame: ZclFrame): ZclFields[] {
    return idsOf(frame).map((attributeId) => ({
      status: this.#knows(frame, attributeId) ? STATUS.UNREPORTABLE_ATTRIBUTE : STATUS.UNSUPPORTED_ATTRIBUTE,
      direction: 0,
      attributeId,
    }));
  }

  #knows(frame: ZclFrame, id: number): boolean {
    return this.#served(frame).some((attribute) => attribute.id === id);
  }

  #discover(frame: ZclFrame): ZclFields {
    const { startAttributeId, maximumAttributeIds } = frame.fields;
    const from = this.#served(frame).filter(({ id }) => id >= Number(startAttributeId));
    const attributes = [...from]
      .sort((a, b) => a.id - b.id)
      .slice(0, Number(maximumAttributeIds))
      .map(({ id, dataType }) => ({ attributeId: id, dataType }));
    return { discoveryComplete: attributes.length === from.length, attributes };
  }

  #command(frame: ZclFrame): Uint8Array | undefined {
    if (isCommand(frame, IDENTIFY_CLUSTER, "Identify")) {
      this.#identify.start(frame.fields.identifyTime);
      return statusOnly(frame, STATUS.SUCCESS);
    }
    if (isCommand(frame, IDENTIFY_CLUSTER, "IdentifyQuery")) {
      const timeout = this.#identify.secondsLeft;
      return timeout === 0
        ? undefined
        : encodeCommand(IDENTIFY_CLUSTER, "IdentifyQueryResponse", { timeout }, answerOptions(frame));
    }
    return statusOnly(frame, STATUS.UNSUP_CLUSTER_COMMAND);
  }
}

function statusOnly(frame: ZclFrame, status: number): Uint8Array | undefined {
  return wantsDefaultResponse(frame, status) ? defaultResponse(frame, frame.cluster, status) : undefined;
}

function reply(frame: ZclFrame, command: number, fields: ZclFields): Uint8Array {
  return encodeGeneral(frame.cluster, command, fields, answerOptions(frame));
}

/** The attribute ids of a command's records. */
function idsOf({ fields }: ZclFrame): number[] {
  const records: readonly unknown[] = Array.isArray(fields.records) ? fields.records : [];
  return records.flatMap((record) =>
    typeof record === "object" && record !== null && "attributeId" in record
      ? [Number(record.attributeId)]
      : [],
  );
}
