import { ByteReader, ByteWriter } from "../../../base/bytes.ts";
import { HanwayError } from "../../../base/error.ts";
import { type Eui64, eui64FromBytesLE, eui64ToBytesLE } from "../../../base/eui64.ts";

/** APS commands of the Trust Centre (Zigbee 4.4.11). */
export type ApsCommand =
  | {
      id: "transport-network-key";
      key: Uint8Array;
      sequence: number;
      destination: Eui64;
      source: Eui64;
    }
  | { id: "transport-link-key"; key: Uint8Array; partner: Eui64; initiator: boolean }
  | { id: "update-device"; device: Eui64; nodeId: number; status: number }
  | { id: "remove-device"; target: Eui64 }
  | { id: "request-key"; kind: "trust-center" }
  | { id: "request-key"; kind: "application"; partner: Eui64 }
  | { id: "switch-key"; sequence: number };

const ID = { transportKey: 5, updateDevice: 6, removeDevice: 7, requestKey: 8, switchKey: 9 } as const;
const KEY_TYPE = { network: 1, application: 3 } as const;
const REQUEST = { application: 2, trustCenter: 4 } as const;

export function encodeApsCommand(command: ApsCommand): Uint8Array {
  const out = new ByteWriter(48);
  switch (command.id) {
    case "transport-network-key":
      return out
        .u8(ID.transportKey)
        .u8(KEY_TYPE.network)
        .bytes(command.key)
        .u8(command.sequence)
        .bytes(eui64ToBytesLE(command.destination))
        .bytes(eui64ToBytesLE(command.source))
        .done();
    case "transport-link-key":
      return out
        .u8(ID.transportKey)
        .u8(KEY_TYPE.application)
        .bytes(command.key)
        .bytes(eui64ToBytesLE(command.partner))
        .u8(command.initiator ? 1 : 0)
        .done();
    case "update-device":
      return out
        .u8(ID.updateDevice)
        .bytes(eui64ToBytesLE(command.device))
        .u16le(command.nodeId)
        .u8(command.status)
        .done();
    case "remove-device":
      return out.u8(ID.removeDevice).bytes(eui64ToBytesLE(command.target)).done();
    case "request-key":
      if (command.kind === "trust-center") return out.u8(ID.requestKey).u8(REQUEST.trustCenter).done();
      return out.u8(ID.requestKey).u8(REQUEST.application).bytes(eui64ToBytesLE(command.partner)).done();
    case "switch-key":
      return out.u8(ID.switchKey).u8(command.sequence).done();
  }
}

const eui = (reader: ByteReader, field: string): Eui64 => eui64FromBytesLE(reader.take(8, field));

/** Throws `decode/truncated`, `decode/trailing` or `decode/value`. */
export function decodeApsCommand(bytes: Uint8Array): ApsCommand {
  const reader = new ByteReader(bytes);
  const command = readCommand(reader);
  reader.finish("apsCommand");
  return command;
}

function readCommand(reader: ByteReader): ApsCommand {
  const id = reader.u8("apsCommand.id");
  switch (id) {
    case ID.transportKey:
      return readTransportKey(reader);
    case ID.updateDevice:
      return {
        id: "update-device",
        device: eui(reader, "apsCommand.device"),
        nodeId: reader.u16le("apsCommand.nodeId"),
        status: reader.u8("apsCommand.status"),
      };
    case ID.removeDevice:
      return { id: "remove-device", target: eui(reader, "apsCommand.target") };
    case ID.requestKey:
      return readRequestKey(reader);
    case ID.switchKey:
      return { id: "switch-key", sequence: reader.u8("apsCommand.keySequence") };
    default:
      throw new HanwayError("decode/value", `command ${id} is not used here`, {
        field: "apsCommand.id",
        offset: 0,
      });
  }
}

function readTransportKey(reader: ByteReader): ApsCommand {
  const type = reader.u8("apsCommand.keyType");
  const key = reader.take(16, "apsCommand.key");
  if (type === KEY_TYPE.network) {
    return {
      id: "transport-network-key",
      key,
      sequence: reader.u8("apsCommand.keySequence"),
      destination: eui(reader, "apsCommand.destination"),
      source: eui(reader, "apsCommand.source"),
    };
  }
  if (type === KEY_TYPE.application) {
    const partner = eui(reader, "apsCommand.partner");
    return { id: "transport-link-key", key, partner, initiator: reader.u8("apsCommand.initiator") !== 0 };
  }
  throw new HanwayError("decode/value", `key type ${type} is not used here`, {
    field: "apsCommand.keyType",
    offset: 1,
  });
}

function readRequestKey(reader: ByteReader): ApsCommand {
  const kind = reader.u8("apsCommand.keyType");
  if (kind === REQUEST.trustCenter) return { id: "request-key", kind: "trust-center" };
  if (kind === REQUEST.application)
    return { id: "request-key", kind: "application", partner: eui(reader, "apsCommand.partner") };
  throw new HanwayError("decode/value", `key type ${kind} cannot be requested`, {
    field: "apsCommand.keyType",
    offset: 1,
  });
}
