import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { SUITES } from "./suite.ts";
import type { TerminateStatus } from "./terminate-status.ts";

export const KEY_ESTABLISHMENT_CLUSTER = 0x0800;
/** KeyEstablishmentSuite: enum16 read as a bitmap, on client and server. */
export const KEY_ESTABLISHMENT_SUITE_ATTRIBUTE = 0x0000;

/** Command identifiers; a request (client to server) and its response (server to client) share one. */
export const KEY_ESTABLISHMENT_COMMAND = {
  initiate: 0x00,
  ephemeralData: 0x01,
  confirmKey: 0x02,
  terminate: 0x03,
} as const;

/** Initiate Key Establishment Request or Response. */
export interface Initiate {
  readonly kind: "initiate";
  /** Suite bits as sent; a valid one has exactly one. */
  readonly suites: number;
  /** Seconds, 0 to FE, that the sender needs at most for its ephemeral key. */
  readonly ephemeralSeconds: number;
  /** Seconds, 0 to FE, that the sender needs at most for its confirmation. */
  readonly confirmSeconds: number;
  readonly certificate: Uint8Array;
}
/** Ephemeral Data Request or Response: a compressed point. */
export interface EphemeralData {
  readonly kind: "ephemeralData";
  readonly point: Uint8Array;
}
/** Confirm Key Data Request or Response: 16 octets. */
export interface ConfirmKey {
  readonly kind: "confirmKey";
  readonly mac: Uint8Array;
}
/** Terminate Key Establishment, in either direction. */
export interface Terminate {
  readonly kind: "terminate";
  readonly status: TerminateStatus;
  readonly waitSeconds: number;
  /** The sender's KeyEstablishmentSuite. */
  readonly suites: number;
}
export type KeyEstablishmentMessage = Initiate | EphemeralData | ConfirmKey | Terminate;

const POINT_OCTETS: readonly number[] = SUITES.map((suite) => suite.curve.pointOctets);
const MAX_CERTIFICATE_OCTETS = 255;
const MAC_OCTETS = 16;

/** The payload of a message, behind the ZCL header; its command id is {@link KEY_ESTABLISHMENT_COMMAND}. */
export function encodeKeyEstablishment(message: KeyEstablishmentMessage): Uint8Array {
  switch (message.kind) {
    case "initiate":
      return new ByteWriter(80)
        .u16le(message.suites)
        .u8(message.ephemeralSeconds)
        .u8(message.confirmSeconds)
        .bytes(message.certificate)
        .done();
    case "ephemeralData":
      return message.point.slice();
    case "confirmKey":
      return message.mac.slice();
    case "terminate":
      return new ByteWriter(4).u8(message.status).u8(message.waitSeconds).u16le(message.suites).done();
  }
}

/**
 * Reads the payload of a Key Establishment command. Whether certificate and point have the length of the suite
 * is for the state machines to judge. Throws `decode/*`; an unknown command id is `decode/value`.
 */
export function decodeKeyEstablishment(commandId: number, payload: Uint8Array): KeyEstablishmentMessage {
  const reader = new ByteReader(payload);
  switch (commandId) {
    case KEY_ESTABLISHMENT_COMMAND.initiate: {
      const head = {
        kind: "initiate",
        suites: reader.u16le("suites"),
        ephemeralSeconds: seconds(reader, "ephemeralSeconds"),
        confirmSeconds: seconds(reader, "confirmSeconds"),
      } as const;
      if (reader.left > MAX_CERTIFICATE_OCTETS) wrongLength(reader, "certificate");
      return { ...head, certificate: reader.rest() };
    }
    case KEY_ESTABLISHMENT_COMMAND.ephemeralData:
      if (!POINT_OCTETS.includes(reader.left)) wrongLength(reader, "point");
      return { kind: "ephemeralData", point: reader.rest() };
    case KEY_ESTABLISHMENT_COMMAND.confirmKey:
      if (reader.left !== MAC_OCTETS) wrongLength(reader, "mac");
      return { kind: "confirmKey", mac: reader.rest() };
    case KEY_ESTABLISHMENT_COMMAND.terminate: {
      const status = reader.u8("status");
      const waitSeconds = reader.u8("waitSeconds");
      const suites = reader.u16le("suites");
      reader.finish("terminate");
      return { kind: "terminate", status, waitSeconds, suites };
    }
    default:
      throw new HanwayError("decode/value", `command ${commandId} is not of Key Establishment`, {
        field: "commandId",
        offset: 0,
      });
  }
}

/** FF is outside the range of both times. */
function seconds(reader: ByteReader, field: string): number {
  const offset = reader.offset;
  const value = reader.u8(field);
  if (value === 0xff) throw new HanwayError("decode/value", "0 to FE allowed", { field, offset });
  return value;
}

function wrongLength(reader: ByteReader, field: string): never {
  throw new HanwayError("decode/length", `${reader.left} octets`, { field, offset: reader.offset });
}
