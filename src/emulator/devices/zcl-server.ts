import { STATUS } from "../../zcl/data/names.ts";
import { decodeZcl } from "../../zcl/frame.ts";
import type { ZclHeader } from "../../zcl/header.ts";
import { defaultResponse, readAttributesResponse, wantsDefaultResponse } from "../../zcl/reply.ts";
import type { ApsMessage } from "../stack/coordinator.ts";
import type { Attributes } from "./attributes.ts";

/** A Default Response of this status, or undefined where none is wanted. */
export function statusAnswer(header: ZclHeader, cluster: number, status: number): Uint8Array | undefined {
  return wantsDefaultResponse(header, status) ? defaultResponse(header, cluster, status) : undefined;
}

/**
 * The answer to a general command (ZCL 2.5) for read-only attributes; undefined where none is wanted. Throws
 * `decode/*`.
 */
export function generalAnswer(
  message: ApsMessage,
  header: ZclHeader,
  attributes: Attributes,
): Uint8Array | undefined {
  const { cluster } = message;
  const frame = decodeZcl(message.payload, { cluster });
  if (header.manufacturerCode !== undefined)
    return statusAnswer(header, cluster, STATUS.UNSUP_MANUF_GENERAL_COMMAND);
  if (frame.name === "ReadAttributes")
    return readAttributesResponse(frame, (id) => {
      const found = attributes[id];
      return found ? { status: 0, ...found } : { status: STATUS.UNSUPPORTED_ATTRIBUTE };
    });
  if (frame.name?.endsWith("Response") === true) return undefined;
  const status = frame.name === "ReportAttributes" ? STATUS.SUCCESS : STATUS.UNSUP_GENERAL_COMMAND;
  return statusAnswer(header, cluster, status);
}
