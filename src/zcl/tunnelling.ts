import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { type Direction, readHeader, unsigned, writeHeader, type ZclHeader } from "./header.ts";

/** Tunneling cluster (ZSE D.6). It has its own codec: every GBCS message of a meter passes through it. */
export const TUNNELLING_CLUSTER = 0x0704;

/** Protocol id of GBCS messages, "GB-HRGP". */
export const PROTOCOL_GB_HRGP = 6;
/** Manufacturer code of protocols that are no maker's own (ids below 200). */
export const NO_MANUFACTURER_CODE = 0xffff;
/** Tunnel id of a refused Request Tunnel. */
export const NO_TUNNEL = 0xffff;

export const TUNNEL_STATUS = {
  success: 0,
  busy: 1,
  noMoreTunnelIds: 2,
  protocolNotSupported: 3,
  flowControlNotSupported: 4,
} as const;

export const TRANSFER_DATA_STATUS = { noSuchTunnel: 0, wrongDevice: 1, dataOverflow: 2 } as const;

export interface TunnelProtocol {
  readonly manufacturerCode: number;
  readonly protocolId: number;
}

/** What a Tunneling frame says. `tunnelId` and sizes are 16-bit, `data` is a view into the frame. */
export type TunnellingCommand =
  | {
      readonly name: "RequestTunnel";
      readonly protocolId: number;
      readonly manufacturerCode: number;
      readonly flowControlSupport: boolean;
      /** Octets. */
      readonly maximumIncomingTransferSize: number;
    }
  | { readonly name: "CloseTunnel"; readonly tunnelId: number }
  | { readonly name: "TransferData"; readonly tunnelId: number; readonly data: Uint8Array }
  | { readonly name: "TransferDataError"; readonly tunnelId: number; readonly transferDataStatus: number }
  | { readonly name: "AckTransferData"; readonly tunnelId: number; readonly numberOfBytesLeft: number }
  | { readonly name: "ReadyData"; readonly tunnelId: number; readonly numberOfOctetsLeft: number }
  | { readonly name: "GetSupportedTunnelProtocols"; readonly protocolOffset: number }
  | {
      readonly name: "RequestTunnelResponse";
      readonly tunnelId: number;
      readonly tunnelStatus: number;
      /** Octets. */
      readonly maximumIncomingTransferSize: number;
    }
  | {
      readonly name: "SupportedTunnelProtocolsResponse";
      readonly protocolListComplete: boolean;
      readonly protocols: readonly TunnelProtocol[];
    }
  | { readonly name: "TunnelClosureNotification"; readonly tunnelId: number };

/** A Tunneling frame: its header and, unless the command is unknown, its fields. */
export interface TunnellingFrame {
  readonly header: ZclHeader;
  /** Undefined for general frames, manufacturer specific frames and command ids the cluster does not have. */
  readonly command: TunnellingCommand | undefined;
}

type Name = TunnellingCommand["name"];

/** Command names by id, per direction. */
const NAMES: Record<Direction, readonly Name[]> = {
  clientToServer: [
    "RequestTunnel",
    "CloseTunnel",
    "TransferData",
    "TransferDataError",
    "AckTransferData",
    "ReadyData",
    "GetSupportedTunnelProtocols",
  ],
  serverToClient: [
    "RequestTunnelResponse",
    "TransferData",
    "TransferDataError",
    "AckTransferData",
    "ReadyData",
    "SupportedTunnelProtocolsResponse",
    "TunnelClosureNotification",
  ],
};

/**
 * Decodes a Tunneling frame from its ZCL header on (ZSE D.6.2 and D.6.3). Nothing is copied.
 * Throws `decode/truncated`, `decode/trailing` or `decode/value` with field and offset.
 */
export function decodeTunnelling(frame: Uint8Array): TunnellingFrame {
  const reader = new ByteReader(frame);
  const header = readHeader(reader);
  if (header.frameType === "global" || header.manufacturerCode !== undefined) {
    return { header, command: undefined };
  }
  const name = NAMES[header.direction][header.command];
  if (name === undefined) return { header, command: undefined };
  const command = readCommand(reader, name);
  reader.finish(name);
  return { header, command };
}

function readCommand(reader: ByteReader, name: Name): TunnellingCommand {
  switch (name) {
    case "RequestTunnel":
      return {
        name,
        protocolId: reader.u8("protocolId"),
        manufacturerCode: reader.u16le("manufacturerCode"),
        flowControlSupport: readBool(reader, "flowControlSupport"),
        maximumIncomingTransferSize: reader.u16le("maximumIncomingTransferSize"),
      };
    case "RequestTunnelResponse":
      return {
        name,
        tunnelId: reader.u16le("tunnelId"),
        tunnelStatus: reader.u8("tunnelStatus"),
        maximumIncomingTransferSize: reader.u16le("maximumIncomingTransferSize"),
      };
    case "TransferData":
      return { name, tunnelId: reader.u16le("tunnelId"), data: reader.rest() };
    case "TransferDataError":
      return {
        name,
        tunnelId: reader.u16le("tunnelId"),
        transferDataStatus: reader.u8("transferDataStatus"),
      };
    case "AckTransferData":
      return {
        name,
        tunnelId: reader.u16le("tunnelId"),
        numberOfBytesLeft: reader.u16le("numberOfBytesLeft"),
      };
    case "ReadyData":
      return {
        name,
        tunnelId: reader.u16le("tunnelId"),
        numberOfOctetsLeft: reader.u16le("numberOfOctetsLeft"),
      };
    case "GetSupportedTunnelProtocols":
      return { name, protocolOffset: reader.u8("protocolOffset") };
    case "SupportedTunnelProtocolsResponse":
      return readProtocols(reader);
    case "CloseTunnel":
    case "TunnelClosureNotification":
      return { name, tunnelId: reader.u16le("tunnelId") };
  }
}

function readProtocols(reader: ByteReader): TunnellingCommand {
  const protocolListComplete = readBool(reader, "protocolListComplete");
  const count = reader.u8("protocolCount");
  const protocols: TunnelProtocol[] = [];
  for (let i = 0; i < count; i++) {
    const manufacturerCode = reader.u16le("protocols.manufacturerCode");
    protocols.push({ manufacturerCode, protocolId: reader.u8("protocols.protocolId") });
  }
  return { name: "SupportedTunnelProtocolsResponse", protocolListComplete, protocols };
}

function readBool(reader: ByteReader, field: string): boolean {
  const offset = reader.offset;
  const octet = reader.u8(field);
  if (octet > 1) throw new HanwayError("decode/value", "neither 0 nor 1", { field, offset });
  return octet === 1;
}

/** How to send: sequence number, and the side where the command exists on both. */
export interface TunnellingOptions {
  /** Transaction sequence number, 8 bits. */
  readonly sequence: number;
  /** Needed for the four transfer commands, which either side may send; the others have only one. */
  readonly direction?: Direction;
  readonly disableDefaultResponse?: boolean;
}

/** Encodes a Tunneling frame with its ZCL header. Throws `encode/value` where a number does not fit. */
export function encodeTunnelling(command: TunnellingCommand, options: TunnellingOptions): Uint8Array {
  const direction = options.direction ?? onlyDirection(command.name);
  const id = NAMES[direction].indexOf(command.name);
  if (id < 0) {
    throw new HanwayError("encode/value", `${command.name} is not sent ${direction}`, { field: "direction" });
  }
  const writer = new ByteWriter(command.name === "TransferData" ? command.data.length + 5 : 32);
  writeHeader(writer, {
    frameType: "cluster",
    direction,
    disableDefaultResponse: options.disableDefaultResponse ?? false,
    sequence: options.sequence,
    command: id,
  });
  writeCommand(writer, command);
  return writer.done();
}

function onlyDirection(name: Name): Direction {
  const toServer = NAMES.clientToServer.includes(name);
  if (toServer && NAMES.serverToClient.includes(name)) {
    throw new HanwayError("encode/value", `${name} may go either way`, { field: "direction" });
  }
  return toServer ? "clientToServer" : "serverToClient";
}

function writeCommand(writer: ByteWriter, command: TunnellingCommand): void {
  const u16 = (value: number, field: string) => writer.u16le(unsigned(value, 0xffff, field));
  const u8 = (value: number, field: string) => writer.u8(unsigned(value, 0xff, field));
  switch (command.name) {
    case "RequestTunnel":
      u8(command.protocolId, "protocolId");
      u16(command.manufacturerCode, "manufacturerCode");
      writer.u8(command.flowControlSupport ? 1 : 0);
      u16(command.maximumIncomingTransferSize, "maximumIncomingTransferSize");
      return;
    case "GetSupportedTunnelProtocols":
      u8(command.protocolOffset, "protocolOffset");
      return;
    case "SupportedTunnelProtocolsResponse":
      writer.u8(command.protocolListComplete ? 1 : 0);
      u8(command.protocols.length, "protocolCount");
      for (const protocol of command.protocols) {
        u16(protocol.manufacturerCode, "protocols.manufacturerCode");
        u8(protocol.protocolId, "protocols.protocolId");
      }
      return;
  }
  u16(command.tunnelId, "tunnelId");
  switch (command.name) {
    case "RequestTunnelResponse":
      u8(command.tunnelStatus, "tunnelStatus");
      u16(command.maximumIncomingTransferSize, "maximumIncomingTransferSize");
      return;
    case "TransferData":
      writer.bytes(command.data);
      return;
    case "TransferDataError":
      u8(command.transferDataStatus, "transferDataStatus");
      return;
    case "AckTransferData":
      u16(command.numberOfBytesLeft, "numberOfBytesLeft");
      return;
    case "ReadyData":
      u16(command.numberOfOctetsLeft, "numberOfOctetsLeft");
      return;
  }
}
