import { type AttributeAnswer, DEFAULT_RESPONSE, READ_ATTRIBUTES_RESPONSE } from "./foundation.ts";
import { encodeGeneral, type ZclFrame } from "./frame.ts";
import type { Direction, ZclHeader } from "./header.ts";

function opposite(direction: Direction): Direction {
  return direction === "clientToServer" ? "serverToClient" : "clientToServer";
}

/** How the answer to a command is sent: same sequence number, other direction, no Default Response in return. */
export function answerOptions(request: Pick<ZclHeader, "direction" | "sequence">) {
  return {
    sequence: request.sequence,
    direction: opposite(request.direction),
    disableDefaultResponse: true,
  } as const;
}

/**
 * Whether a unicast command without an answer of its own gets a Default Response of this status (ZCL 2.5.12.2): always
 * in case of an error, in case of success unless the sender wants none; never in answer to a Default Response.
 */
export function wantsDefaultResponse(request: ZclHeader, status: number): boolean {
  if (request.frameType === "global" && request.command === DEFAULT_RESPONSE) return false;
  return status !== 0 || !request.disableDefaultResponse;
}

/** The Default Response to a command (ZCL 2.5.12). `status` is a ZCL status code. */
export function defaultResponse(request: ZclHeader, cluster: number, status: number): Uint8Array {
  const fields = { commandId: request.command, status };
  return encodeGeneral(cluster, DEFAULT_RESPONSE, fields, answerOptions(request));
}

/**
 * The answer to Read Attributes (ZCL 2.5.2). `lookup` gives type and value of an attribute, or the status why not.
 * Throws `encode/value` where a value does not fit its type, or the frame is no Read Attributes.
 */
export function readAttributesResponse(
  request: ZclFrame,
  lookup: (attributeId: number) => AttributeAnswer,
): Uint8Array {
  const ids = Array.isArray(request.fields.attributeIds) ? request.fields.attributeIds : [];
  const records = ids.map((attributeId: number) => ({ attributeId, ...lookup(attributeId) }));
  return encodeGeneral(request.cluster, READ_ATTRIBUTES_RESPONSE, { records }, answerOptions(request));
}
