import { type ByteReader, ByteWriter, concatBytes } from "../../../base/bytes.ts";
import { type Eui64, eui64FromBytesLE, eui64ToBytesLE } from "../../../base/eui64.ts";
import { hmacAesMmo } from "../../../cbke/aes-mmo.ts";
import { ccmOpen, ccmSeal, MIC_LENGTH } from "./ccm.ts";

/** Which key secures a frame (Zigbee 4.5.1.1.2). */
export type KeyIdentifier = "data" | "network" | "key-transport" | "key-load";

const IDENTIFIERS: readonly KeyIdentifier[] = ["data", "network", "key-transport", "key-load"];
const LEVEL_ENC_MIC_32 = 5;

/** Auxiliary security header (Zigbee 4.5.1). */
export interface AuxiliaryHeader {
  keyIdentifier: KeyIdentifier;
  frameCounter: number;
  /** The extended nonce: who secured the frame. */
  source?: Eui64;
  /** Only with the network key. */
  keySequence?: number;
}

/** Octets that link-key security without extended nonce adds to an APS frame. */
export const APS_SECURITY_OVERHEAD = 5 + MIC_LENGTH;

function control(header: AuxiliaryHeader, level: number): number {
  return level | (IDENTIFIERS.indexOf(header.keyIdentifier) << 3) | (header.source === undefined ? 0 : 0x20);
}

function encodeAuxiliary(header: AuxiliaryHeader, level: number): Uint8Array {
  const out = new ByteWriter(16).u8(control(header, level)).u32le(header.frameCounter);
  if (header.source !== undefined) out.bytes(eui64ToBytesLE(header.source));
  if (header.keyIdentifier === "network") out.u8(header.keySequence ?? 0);
  return out.done();
}

/** Reads the header at the reader's place. Throws `decode/truncated`. */
export function decodeAuxiliary(reader: ByteReader, field: string): AuxiliaryHeader {
  const securityControl = reader.u8(`${field}.securityControl`);
  const keyIdentifier = IDENTIFIERS[(securityControl >> 3) & 3] ?? "data";
  const header: AuxiliaryHeader = { keyIdentifier, frameCounter: reader.u32le(`${field}.frameCounter`) };
  if ((securityControl & 0x20) !== 0) header.source = eui64FromBytesLE(reader.take(8, `${field}.source`));
  if (keyIdentifier === "network") header.keySequence = reader.u8(`${field}.keySequence`);
  return header;
}

function nonceOf(header: AuxiliaryHeader, securedBy: Eui64): Uint8Array {
  return new ByteWriter(13)
    .bytes(eui64ToBytesLE(securedBy))
    .u32le(header.frameCounter)
    .u8(control(header, LEVEL_ENC_MIC_32))
    .done();
}

/**
 * Secures a frame: `frameHeader | auxiliary header | ciphertext | MIC`. The level is zero on the air and 5 in
 * nonce and authenticated octets (Zigbee 4.3.1.1, 4.4.1.1).
 */
export function secureFrame(
  key: Uint8Array,
  frameHeader: Uint8Array,
  header: AuxiliaryHeader,
  securedBy: Eui64,
  payload: Uint8Array,
): Uint8Array {
  const auth = concatBytes(frameHeader, encodeAuxiliary(header, LEVEL_ENC_MIC_32));
  const sealed = ccmSeal(key, nonceOf(header, securedBy), auth, payload);
  return concatBytes(frameHeader, encodeAuxiliary(header, 0), sealed);
}

/** The payload behind the headers, or undefined where key or octets are not the right ones. */
export function openFrame(
  key: Uint8Array,
  frameHeader: Uint8Array,
  header: AuxiliaryHeader,
  securedBy: Eui64,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const auth = concatBytes(frameHeader, encodeAuxiliary(header, LEVEL_ENC_MIC_32));
  return ccmOpen(key, nonceOf(header, securedBy), auth, sealed);
}

/** Derived from a link key, secures Transport-Key with a network key (Zigbee 4.5.3). */
export function keyTransportKey(linkKey: Uint8Array): Uint8Array {
  return hmacAesMmo(linkKey, Uint8Array.of(0x00));
}

/** Derived from a link key, secures Transport-Key with a link key (Zigbee 4.5.3). */
export function keyLoadKey(linkKey: Uint8Array): Uint8Array {
  return hmacAesMmo(linkKey, Uint8Array.of(0x02));
}

export function keyFor(identifier: KeyIdentifier, linkKey: Uint8Array): Uint8Array {
  if (identifier === "key-transport") return keyTransportKey(linkKey);
  return identifier === "key-load" ? keyLoadKey(linkKey) : linkKey;
}
