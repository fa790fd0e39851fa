import { HanwayError } from "../../base/error.ts";
import { eui64FromBytes } from "../../base/eui64.ts";
import type { Envelope, Supplementary } from "./envelope.ts";
import {
  COUNTER_AT,
  DATE_TIME_LENGTH,
  type Layout,
  MAC_LENGTH,
  ORIGINATOR_AT,
  type Refusal,
  readLayout,
  SIGNATURE_LENGTH,
  TARGET_AT,
} from "./layout.ts";

/**
 * Reads a whole message (GBCS 7.2): MAC header, Grouping Header, content, signature, MAC. At most 65,536 octets.
 *
 * Leaves (content, signature, MAC, certificate) are copies, so the result outlives the input. Throws `decode/truncated`,
 * `decode/trailing`, `decode/length`, `decode/value` or `decode/size` with the field and the offset.
 */
export function decodeEnvelope(message: Uint8Array): Envelope {
  const layout = readLayout(message);
  if ("refused" in layout) throw refusalError(layout);
  return readEnvelope(message, layout);
}

/** A {@link Refusal} as the error that decoders throw. */
export function refusalError(refusal: Refusal): HanwayError {
  return new HanwayError(refusal.refused, "not a GBCS message", refusal);
}

/** The values of a message whose layout is known. */
export function readEnvelope(message: Uint8Array, layout: Layout): Envelope {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const common = {
    counter: view.getBigUint64(layout.grouping + COUNTER_AT),
    originator: eui64FromBytes(message, layout.grouping + ORIGINATOR_AT),
    target: eui64FromBytes(message, layout.grouping + TARGET_AT),
    dateTime:
      layout.dateTime === 0 ? null : message.slice(layout.dateTime, layout.dateTime + DATE_TIME_LENGTH),
    messageCode: view.getUint16(layout.otherInfo),
    supplementary: readSupplementary(message, view, layout),
    content: message.slice(layout.content, layout.contentEnd),
  };
  if (layout.cra === 1 && !layout.hasMac && layout.signature !== "present") {
    return { kind: "PRECOMMAND", ...common, form: layout.signature === "null" ? "duis" : "bare" };
  }
  return {
    kind: layout.cra === 1 ? "COMMAND" : layout.cra === 2 ? "RESPONSE" : "ALERT",
    ...common,
    signature:
      layout.signature === "present"
        ? message.slice(layout.signatureEnd - SIGNATURE_LENGTH, layout.signatureEnd)
        : null,
    mac: layout.hasMac ? message.slice(message.length - MAC_LENGTH) : null,
  };
}

function readSupplementary(message: Uint8Array, view: DataView, layout: Layout): Supplementary | null {
  const at = layout.otherInfo;
  const length = layout.otherInfoEnd - at;
  if (length === 2) return null;
  const remoteParty = eui64FromBytes(message, at + 2);
  if (length === 10) return { remoteParty };
  const remotePartyCounter = view.getBigUint64(at + 10);
  if (length === 18) return { remoteParty, remotePartyCounter };
  if (length === 26)
    return { remoteParty, remotePartyCounter, originatorCounter: view.getBigUint64(at + 18) };
  return { remoteParty, remotePartyCounter, certificate: message.slice(at + 18, layout.otherInfoEnd) };
}
