import { equalBytes } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { type Asn1Kind, decodeAsn1, encodeAsn1, isAsn1, type LengthForm } from "./asn1/index.ts";
import { useCasesByCode } from "./catalogue/index.ts";
import {
  ACCESS_REQUEST_TAG,
  ACCESS_RESPONSE_TAG,
  DATA_NOTIFICATION_TAG,
  type DlmsApdu,
  decodeDlms,
  encodeDlms,
} from "./dlms/index.ts";
import type { Envelope } from "./envelope/envelope.ts";
import { decodeGbz, encodeGbz, type Gbz, isGbz } from "./gbz/index.ts";

/** The content of a message, decoded as its message code and first octets say (GBCS 7.2.9). */
export type Payload = DlmsPayload | GbzPayload | Asn1Payload | UnknownPayload;

export interface DlmsPayload {
  readonly format: "DLMS";
  readonly apdu: DlmsApdu;
}
export interface GbzPayload {
  readonly format: "GBZ";
  readonly gbz: Gbz;
}
export interface Asn1Payload {
  readonly format: "ASN.1";
  readonly value: unknown;
  /** How lengths of 128 to 255 are written, which is the sender's choice; absent where there are none. */
  readonly lengthForm?: LengthForm;
}
/** Of a message code without a known payload, in no form that explains itself. */
export interface UnknownPayload {
  readonly format: "unknown";
  readonly octets: Uint8Array;
}

/** Contents below this length hold no length that can be written in two ways. */
const LONG_LENGTHS_FROM = 130;

/** First octet of the APDU of each kind. */
const DLMS_TAG: Readonly<Record<Asn1Kind, number>> = {
  command: ACCESS_REQUEST_TAG,
  response: ACCESS_RESPONSE_TAG,
  alert: DATA_NOTIFICATION_TAG,
};

/** The kinds of the payload codecs, which know no pre-command. */
function payloadKind(kind: Envelope["kind"]): Asn1Kind {
  if (kind === "RESPONSE") return "response";
  return kind === "ALERT" ? "alert" : "command";
}

/**
 * Decodes the content of a message whole. The message code decides on the format; DLMS and GBZ contents begin with
 * octets of their own, so that a message code of tomorrow is still read. Octet leaves are views into the content. Throws
 * `decode/*` with the field and the offset within the content.
 */
export function decodePayload(kind: Envelope["kind"], messageCode: number, content: Uint8Array): Payload {
  const type = payloadKind(kind);
  if (isAsn1(messageCode, type) && content[0] !== DLMS_TAG[type])
    return decodeAsn1Payload(type, messageCode, content);
  const found = isGbz(content) ? "GBZ" : content[0] === DLMS_TAG[type] ? "DLMS" : "unknown";
  const useCases = useCasesByCode(messageCode);
  if (useCases.length > 0 && !useCases.some(({ format }) => format?.includes(found))) {
    const wanted = useCases.map(({ format }) => format).join(" or ");
    throw new HanwayError("decode/value", `not a ${wanted} payload`, { field: "content", offset: 0 });
  }
  if (found === "GBZ") return { format: "GBZ", gbz: decodeGbz(content, type, messageCode) };
  if (found === "DLMS") return { format: "DLMS", apdu: decodeDlms(content) };
  return { format: "unknown", octets: content };
}

function decodeAsn1Payload(kind: Asn1Kind, messageCode: number, content: Uint8Array): Asn1Payload {
  const value = decodeAsn1(messageCode, kind, content);
  if (content.length < LONG_LENGTHS_FROM) return { format: "ASN.1", value };
  const form = (lengthForm: LengthForm) =>
    equalBytes(encodeAsn1(messageCode, kind, value, lengthForm), content);
  return { format: "ASN.1", value, lengthForm: form("two-octet") ? "two-octet" : "shortest" };
}

/** The octets of a payload, from its values alone. Throws `encode/value` naming the field that does not fit. */
export function encodePayload(kind: Envelope["kind"], messageCode: number, payload: Payload): Uint8Array {
  switch (payload.format) {
    case "DLMS":
      return encodeDlms(payload.apdu);
    case "GBZ":
      if (payload.gbz.kind !== payloadKind(kind)) {
        throw new HanwayError("encode/value", "not the kind of the envelope", { field: "payload.gbz.kind" });
      }
      return encodeGbz(payload.gbz);
    case "ASN.1":
      return encodeAsn1(messageCode, payloadKind(kind), payload.value, payload.lengthForm);
    case "unknown":
      return payload.octets;
    default:
      throw new HanwayError("encode/value", "no such format", { field: "payload.format" });
  }
}
