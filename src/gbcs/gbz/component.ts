import { ByteReader, type ByteWriter } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { definitionOf, readPayload, writePayload } from "../../zcl/frame.ts";
import { readHeader, unsigned, writeHeader, type ZclHeader } from "../../zcl/header.ts";
import type { ZclFields } from "../../zcl/value.ts";
import { requireFields } from "./guard.ts";

interface Common {
  /** Cluster id, 16 bits. */
  readonly cluster: number;
  /** From-Date-Time, seconds since 2000-01-01 UTC, of the log reads whose ZCL command has no start (GBCS 7.2.10). */
  readonly fromDateTime?: number;
  /** The ZCL header; it stays clear where the payload is encrypted. */
  readonly header: ZclHeader;
  /** Name of the ZCL command; absent where the tables do not know it. */
  readonly name?: string;
}

export interface PlainComponent extends Common {
  /** The ZCL payload by field name; an unknown command has one field `payload` with its octets. */
  readonly fields: ZclFields;
}

export interface EncryptedComponent extends Common {
  readonly encrypted: Encryption;
}

/** The encrypted ZCL payload of a component (GBCS 8.2.4). */
export interface Encryption {
  /** Additional Header Frame Counter, 8 bits: 0, 1, 2 … over the encrypted components of a message. */
  readonly frameCounter: number;
  /** Invocation counter of the security header, 32 bits, always 0 so far. */
  readonly invocationCounter: number;
  /** Ciphertext and its 12-octet tag, a view into the content. */
  readonly sealed: Uint8Array;
}

/** One ZCL command or answer of a GBZ payload. Which one is the last follows from its place. */
export type GbzComponent = PlainComponent | EncryptedComponent;

const LAST = 0x01;
const ENCRYPTED = 0x02;
const FROM_DATE_TIME = 0x10;
/** Additional Header Control. */
const ADDITIONAL_HEADER = 0x00;
/** Security control of an encrypted and authenticated payload, suite 1. */
const SECURITY_CONTROL = 0x31;
/** Security control and invocation counter. */
const SECURITY_HEADER_LENGTH = 5;
const TAG_LENGTH = 12;

/** Reads the component at the reader, of which `isLast` says whether it must be marked as the last one. */
export function readComponent(reader: ByteReader, isLast: boolean): GbzComponent {
  const at = reader.offset;
  const control = reader.u8("control");
  if ((control & ~(LAST | ENCRYPTED | FROM_DATE_TIME)) !== 0)
    throw new HanwayError("decode/value", "reserved bits set", { field: "control", offset: at });
  if (((control & LAST) !== 0) !== isLast)
    throw new HanwayError("decode/value", "the last component, and no other, must be marked as last", {
      field: "control",
      offset: at,
    });
  const cluster = reader.u16be("cluster");
  const length = reader.u16be("length");
  const start = reader.offset;
  reader.take(length, "length");
  const body = new ByteReader(reader.bytes, start, start + length);
  const frameCounter = control & ENCRYPTED ? readAdditionalHeader(body) : undefined;
  const common =
    control & FROM_DATE_TIME ? { cluster, fromDateTime: body.u32be("fromDateTime") } : { cluster };
  const header = readHeader(body);
  if (frameCounter === undefined) {
    const { name, fields } = readPayload(body, header, cluster);
    return name === undefined ? { ...common, header, fields } : { ...common, header, name, fields };
  }
  const name = definitionOf(header, cluster)?.name;
  const encrypted = readEncryption(body, frameCounter);
  return name === undefined ? { ...common, header, encrypted } : { ...common, header, name, encrypted };
}

function readAdditionalHeader(body: ByteReader): number {
  const offset = body.offset;
  if (body.u8("additionalHeaderControl") !== ADDITIONAL_HEADER)
    throw new HanwayError("decode/value", "not 00", { field: "additionalHeaderControl", offset });
  return body.u8("frameCounter");
}

function readEncryption(body: ByteReader, frameCounter: number): Encryption {
  const lengthAt = body.offset;
  const length = body.u16be("cipheredLength");
  if (length !== body.left)
    throw new HanwayError("decode/length", `${body.left} octets follow`, {
      field: "cipheredLength",
      offset: lengthAt,
    });
  const offset = body.offset;
  if (length < SECURITY_HEADER_LENGTH + TAG_LENGTH)
    throw new HanwayError("decode/truncated", "no room for security header and tag", {
      field: "cipheredLength",
      offset,
    });
  if (body.u8("securityControl") !== SECURITY_CONTROL)
    throw new HanwayError("decode/value", "not 31", { field: "securityControl", offset });
  const invocationCounter = body.u32be("invocationCounter");
  return { frameCounter, invocationCounter, sealed: body.rest() };
}

/** Writes a component. Throws `encode/value`. */
export function writeComponent(writer: ByteWriter, component: GbzComponent, isLast: boolean): void {
  requireFields(component, "component");
  const { cluster, fromDateTime, header } = component;
  requireFields(header, "header");
  const encryption = "encrypted" in component ? component.encrypted : undefined;
  if ("encrypted" in component) requireFields(component.encrypted, "encrypted");
  else requireFields(component.fields, "fields");
  writer.u8(
    (isLast ? LAST : 0) |
      (encryption === undefined ? 0 : ENCRYPTED) |
      (fromDateTime === undefined ? 0 : FROM_DATE_TIME),
  );
  writer.u16be(unsigned(cluster, 0xffff, "cluster"));
  const lengthAt = writer.length;
  writer.u16be(0);
  const start = writer.length;
  if (encryption !== undefined)
    writer.u8(ADDITIONAL_HEADER).u8(unsigned(encryption.frameCounter, 0xff, "frameCounter"));
  if (fromDateTime !== undefined) writer.u32be(unsigned(fromDateTime, 0xffff_ffff, "fromDateTime"));
  writeHeader(writer, header);
  checkName(component);
  if ("encrypted" in component) writeEncryption(writer, component.encrypted);
  else writePayload(writer, header, cluster, component.fields);
  writer.setU16be(lengthAt, unsigned(writer.length - start, 0xffff, "length"));
}

/** A name that says something else than the header would be a silent lie. */
function checkName({ cluster, header, name }: GbzComponent): void {
  if (name === undefined || name === definitionOf(header, cluster)?.name) return;
  throw new HanwayError("encode/value", "the header is not that of this command", { field: "name" });
}

function writeEncryption(writer: ByteWriter, encryption: Encryption): void {
  const { sealed, invocationCounter } = encryption;
  if (!(sealed instanceof Uint8Array) || sealed.length < TAG_LENGTH)
    throw new HanwayError("encode/value", "ciphertext and tag wanted", { field: "sealed" });
  writer.u16be(unsigned(sealed.length + SECURITY_HEADER_LENGTH, 0xffff, "cipheredLength"));
  writer.u8(SECURITY_CONTROL).u32be(unsigned(invocationCounter, 0xffff_ffff, "invocationCounter"));
  writer.bytes(sealed);
}
