import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { type Direction, writeHeader, type ZclHeader } from "../../zcl/header.ts";

/** General commands that the emulated devices speak (ZCL 2.5). */
export const GENERAL = { readAttributes: 0x00, readAttributesResponse: 0x01, defaultResponse: 0x0b } as const;

export const ZCL_STATUS = {
  success: 0x00,
  failure: 0x01,
  malformed: 0x80,
  unsupportedCommand: 0x81,
  unsupportedAttribute: 0x86,
  notFound: 0x8b,
  unsupportedCluster: 0xc3,
} as const;

/** An attribute's ZCL type id and its value as octets on the wire. */
export interface AttributeValue {
  type: number;
  value: Uint8Array;
}

export type Attributes = Readonly<Record<number, AttributeValue>>;

export const u8Attribute = (value: number): AttributeValue => ({ type: 0x20, value: Uint8Array.of(value) });
export const u16Attribute = (value: number): AttributeValue => ({
  type: 0x21,
  value: Uint8Array.of(value & 0xff, value >> 8),
});
export const enumAttribute = (value: number): AttributeValue => ({ type: 0x30, value: Uint8Array.of(value) });
export const stringAttribute = (text: string): AttributeValue => {
  const bytes = new TextEncoder().encode(text);
  return { type: 0x42, value: Uint8Array.of(bytes.length, ...bytes) };
};

const opposite = (direction: Direction): Direction =>
  direction === "clientToServer" ? "serverToClient" : "clientToServer";

/** A frame that answers `request`: same sequence number, other direction, no Default Response wanted. */
function answer(request: ZclHeader, command: number, payload: Uint8Array): Uint8Array {
  const out = new ByteWriter(payload.length + 5);
  writeHeader(out, {
    frameType: "global",
    direction: opposite(request.direction),
    disableDefaultResponse: true,
    sequence: request.sequence,
    command,
    ...(request.manufacturerCode === undefined ? {} : { manufacturerCode: request.manufacturerCode }),
  });
  return out.bytes(payload).done();
}

export function defaultResponse(request: ZclHeader, status: number): Uint8Array {
  return answer(request, GENERAL.defaultResponse, Uint8Array.of(request.command, status));
}

/** Read Attributes Response (ZCL 2.5.2). `body` is what follows the request's header; throws `decode/truncated`. */
export function readAttributesResponse(
  request: ZclHeader,
  body: Uint8Array,
  attributes: Attributes,
): Uint8Array {
  const reader = new ByteReader(body);
  const out = new ByteWriter(64);
  while (reader.left > 0) {
    const id = reader.u16le("attributeId");
    const attribute = attributes[id];
    out.u16le(id);
    if (attribute) out.u8(ZCL_STATUS.success).u8(attribute.type).bytes(attribute.value);
    else out.u8(ZCL_STATUS.unsupportedAttribute);
  }
  return answer(request, GENERAL.readAttributesResponse, out.done());
}
