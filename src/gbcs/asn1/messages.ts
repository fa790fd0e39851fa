import { HanwayError } from "../../base/error.ts";
import { setClockCommand, setClockResponse } from "./clock.ts";
import { certificate, entityIdentifier } from "./common.ts";
import * as credentials from "./credentials.ts";
import { deliveryFailureAlert } from "./delivery.ts";
import type { LengthForm } from "./der-reader.ts";
import * as deviceLog from "./device-log.ts";
import * as firmware from "./firmware.ts";
import { nullValue } from "./primitives.ts";
import { decodeDer, encodeDer, type Schema, type Value } from "./schema.ts";

/** What a message is, from the CRA flag of its Grouping Header. */
export type Asn1Kind = "command" | "response" | "alert";

const provideCredentials = {
  command: credentials.provideCredentialsCommand,
  response: credentials.provideCredentialsResponse,
};
const updateCredentials = {
  command: credentials.updateCredentialsCommand,
  response: credentials.updateCredentialsResponse,
};
const join = { command: deviceLog.joinCommand, response: deviceLog.joinResponse };
const unjoin = { command: entityIdentifier, response: deviceLog.unjoinResponse };

/** Every GBCS message with DER contents, by message code. */
const MESSAGES = {
  8: provideCredentials, // CS02a
  10: { command: credentials.keyUsageCommand, response: credentials.issueCredentialsResponse }, // CS02c
  11: { command: certificate, response: credentials.updateDeviceCertificateResponse }, // CS02d
  12: { command: credentials.keyUsageCommand, response: credentials.provideDeviceCertificateResponse }, // CS02e
  13: join, // CS03A1
  14: join, // CS03B
  15: unjoin, // CS04AC
  16: unjoin, // CS04B
  18: { command: firmware.activateFirmwareCommand, response: firmware.activateFirmwareResponse }, // CS06
  19: { command: nullValue, response: deviceLog.readDeviceLogResponse }, // CS07
  127: { command: setClockCommand, response: setClockResponse }, // GCS28
  140: { command: deviceLog.restoreGpfLogCommand, response: deviceLog.restoreGpfLogResponse }, // GCS59
  171: join, // CS03A2
  175: join, // CS03C
  178: { alert: deviceLog.backupGpfLogAlert }, // GCS62
  202: { alert: firmware.activateFirmwareAlert }, // CS06, future-dated
  203: { alert: credentials.updateCredentialsAlert }, // CS02b, future-dated
  213: { alert: deliveryFailureAlert }, // which has a DLMS form as well
  256: updateCredentials, // CS02b, one code per mode
  257: updateCredentials,
  258: updateCredentials,
  259: updateCredentials,
  260: updateCredentials,
  261: updateCredentials,
  262: updateCredentials,
  263: updateCredentials,
  264: updateCredentials,
  265: updateCredentials,
  283: provideCredentials, // CS02f
  292: { alert: credentials.updateCredentialsAlert }, // CS02g, future-dated
  293: updateCredentials, // CS02g
  294: updateCredentials,
  296: { alert: firmware.firmwareTransferAlert }, // CCS08
  297: { command: nullValue, response: firmware.readFirmwareVersionResponse }, // CS08
  299: { alert: firmware.firmwareVersionAlert }, // CS09
} as const;

type Messages = typeof MESSAGES;
const BY_CODE: Readonly<Record<number, Readonly<Partial<Record<Asn1Kind, Schema<unknown>>>>>> = MESSAGES;

/** The decoded contents of a message whose code is known at compile time; `unknown` otherwise. */
export type Asn1Value<C extends number, K extends Asn1Kind> = C extends keyof Messages
  ? K extends keyof Messages[C]
    ? Value<Messages[C][K]>
    : never
  : unknown;

/** Message codes with DER contents. */
export const ASN1_MESSAGE_CODES: readonly number[] = Object.keys(MESSAGES).map(Number);

/** Whether this message has DER contents that {@link decodeAsn1} knows. */
export function isAsn1(messageCode: number, kind: Asn1Kind): boolean {
  return BY_CODE[messageCode]?.[kind] !== undefined;
}

/**
 * Decodes the content of a Command, Response or Alert with DER contents, whole and strictly: anything that is
 * not the DER encoding of the message's type throws `decode/*` with offset and field path. The one exception is
 * the form of lengths 128 to 255, where the published test messages have `82 00 xx`: either form is taken, but
 * only one in a message, and none but DER's inside certificates. Octet strings and
 * certificates are views into `content`. A message code without DER contents throws `decode/value`.
 */
export function decodeAsn1<C extends number, K extends Asn1Kind>(
  messageCode: C,
  kind: K,
  content: Uint8Array,
): Asn1Value<C, K> {
  const schema = BY_CODE[messageCode]?.[kind];
  if (schema === undefined) {
    throw new HanwayError("decode/value", notAsn1(messageCode, kind), { field: "messageCode" });
  }
  // The schema was looked up by the same code and kind that name the type.
  return decodeDer(schema, content, "content", "either") as Asn1Value<C, K>;
}

/**
 * The content of a message. A value its type does not allow throws `encode/value` with the field path. Lengths
 * of 128 to 255 take the form of the published test messages unless `shortest`, the form of DER, is asked for.
 */
export function encodeAsn1<C extends number, K extends Asn1Kind>(
  messageCode: C,
  kind: K,
  value: Asn1Value<C, K>,
  lengthForm: LengthForm = "two-octet",
): Uint8Array {
  const schema = BY_CODE[messageCode]?.[kind];
  if (schema === undefined) {
    throw new HanwayError("encode/value", notAsn1(messageCode, kind), { field: "messageCode" });
  }
  return encodeDer(schema, value, "content", lengthForm);
}

function notAsn1(messageCode: number, kind: Asn1Kind): string {
  return `no ${kind} with message code ${messageCode.toString(16).padStart(4, "0")} has DER contents`;
}
