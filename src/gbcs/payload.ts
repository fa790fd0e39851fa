import { equalBytes } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { type Asn1Kind, decodeAsn1, encodeAsn1, isAsn1, type LengthForm } from "./asn1/index.ts";
import { type DlmsApdu, decodeDlms, encodeDlms } from "./dlms/index.ts";
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

/** The kinds of the payload codecs, which know no pre-command. */
function payloadKind(kind: Envelope["kind"]): Asn1Kind {
  if (kind === "RESPONSE") return "response";
  return kind === "ALERT" ? "alert" : "command";
}

/**
 * Decodes the content of a message whole. The message code decides for ASN.1; DLMS and GBZ contents begin with octets
 * of their own, so that a message code of tomorrow is still read. Octet leaves are views into the content. Throws
 * `decode/*` with the field and the offset within the content.
 */
export function decodePayload(kind: Envelope["kind"], messageCode: number, content: Uint8Array): Payload {
  const type = payloadKind(kind);
  if (isAsn1(messageCode, type)) return decodeAsn1Payload(type, messageCode, content);
  if (isGbz(content)) return { format: "GBZ", gbz: decodeGbz(content, type, messageCode) };
  switch (content[0]) {
    case 0xd9:
    case 0xda:
    case 0x0f:
      return { format: "DLMS", apdu: decodeDlms(content) };
    default:
      return { format: "unknown", octets: content };
  }
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
