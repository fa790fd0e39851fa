import { ByteWriter } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { Eui64, eui64ToBytes } from "../../base/eui64.ts";
import { CRA, type Envelope, type Supplementary } from "./envelope.ts";
import { DATE_TIME_LENGTH, MAC_LENGTH, MAX_MESSAGE, SIGNATURE_LENGTH } from "./layout.ts";

const MAC_HEADER = Uint8Array.of(0xdd, 0, 0, 0, 0, 0, 0);
const SECURITY_HEADER = Uint8Array.of(0x11, 0, 0, 0, 0);
/** Certificates larger than this never occur and would not leave room for a payload. */
const MAX_CERTIFICATE = 4096;

/**
 * The octets of a message (GBCS 7.2), with all lengths computed and in their shortest form. Throws `encode/value` for
 * a value that has no place in such a message and `decode/size` when it would be larger than 65,536 octets.
 */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  if (!(envelope.content instanceof Uint8Array)) {
    throw new HanwayError("encode/value", "octets wanted", { field: "content" });
  }
  const body = new ByteWriter(256 + envelope.content.length);
  writeGrouping(body, envelope);
  if (envelope.kind === "PRECOMMAND") {
    if (envelope.form === "duis") body.u8(0);
  } else writeSignature(body, envelope.signature);
  const bytes = body.done();
  const mac = envelope.kind === "PRECOMMAND" ? null : envelope.mac;
  if (mac === null) return checkedSize(bytes);
  return withMac(bytes, mac);
}

/** Puts the MAC header before and the MAC behind the octets from `DF` to the signature field. */
export function withMac(body: Uint8Array, mac: Uint8Array): Uint8Array {
  octets(mac, MAC_LENGTH, "mac");
  const out = new ByteWriter(body.length + 32).bytes(MAC_HEADER);
  writeLength(out, SECURITY_HEADER.length + body.length + MAC_LENGTH);
  return checkedSize(out.bytes(SECURITY_HEADER).bytes(body).bytes(mac).done());
}

function checkedSize(message: Uint8Array): Uint8Array {
  if (message.length > MAX_MESSAGE) {
    throw new HanwayError("decode/size", `${message.length} octets; ${MAX_MESSAGE} are allowed`, {
      field: "message",
    });
  }
  return message;
}

function writeGrouping(out: ByteWriter, envelope: Envelope): void {
  out.u8(0xdf).u8(9).u8(CRA[envelope.kind]);
  writeCounter(out, envelope.counter, "counter");
  out.u8(8).bytes(eui64ToBytes(Eui64(envelope.originator, "originator")));
  out.u8(8).bytes(eui64ToBytes(Eui64(envelope.target, "target")));
  if (envelope.dateTime === null) out.u8(0);
  else out.u8(DATE_TIME_LENGTH).bytes(octets(envelope.dateTime, DATE_TIME_LENGTH, "dateTime"));
  writeOtherInformation(out, envelope);
  writeLength(out, envelope.content.length);
  out.bytes(envelope.content);
}

function writeOtherInformation(out: ByteWriter, envelope: Envelope): void {
  const { messageCode, supplementary } = envelope;
  if (!Number.isInteger(messageCode) || messageCode < 0 || messageCode > 0xffff) {
    throw new HanwayError("encode/value", "0 to 0xFFFF is allowed", { field: "messageCode" });
  }
  const info = new ByteWriter(32).u16be(messageCode);
  if (supplementary !== null) writeSupplementary(info, supplementary, CRA[envelope.kind] === 1);
  const bytes = info.done();
  writeLength(out, bytes.length);
  out.bytes(bytes);
}

function writeSupplementary(out: ByteWriter, value: Supplementary, command: boolean): void {
  const { remoteParty, remotePartyCounter, originatorCounter, certificate } = value;
  out.bytes(eui64ToBytes(Eui64(remoteParty, "supplementary.remoteParty")));
  if (remotePartyCounter === undefined) {
    if (originatorCounter !== undefined || certificate !== undefined) {
      throw new HanwayError("encode/value", "missing", { field: "supplementary.remotePartyCounter" });
    }
    return;
  }
  writeCounter(out, remotePartyCounter, "supplementary.remotePartyCounter");
  if (originatorCounter !== undefined) {
    if (command) {
      throw new HanwayError("encode/value", "not in a Command", { field: "supplementary.originatorCounter" });
    }
    writeCounter(out, originatorCounter, "supplementary.originatorCounter");
  }
  if (certificate === undefined) return;
  // Up to 8 octets the field would read as a counter: no certificate is that short.
  if (
    !(certificate instanceof Uint8Array) ||
    !command ||
    originatorCounter !== undefined ||
    certificate.length <= 8 ||
    certificate.length > MAX_CERTIFICATE
  ) {
    throw new HanwayError("encode/value", "only a Command carries one, of 9 to 4096 octets", {
      field: "supplementary.certificate",
    });
  }
  out.bytes(certificate);
}

function writeSignature(out: ByteWriter, signature: Uint8Array | null): void {
  if (signature === null) {
    out.u8(0);
    return;
  }
  out.u8(SIGNATURE_LENGTH).bytes(octets(signature, SIGNATURE_LENGTH, "signature"));
}

function octets(value: Uint8Array, length: number, field: string): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) {
    throw new HanwayError("encode/value", `${length} octets wanted`, { field });
  }
  return value;
}

function writeCounter(out: ByteWriter, counter: bigint, field: string): void {
  if (typeof counter !== "bigint" || counter < 0n || counter > 0xffff_ffff_ffff_ffffn) {
    throw new HanwayError("encode/value", "64 bits without sign are allowed", { field });
  }
  out.u64be(counter);
}

/** A definite length in its shortest form. */
function writeLength(out: ByteWriter, length: number): void {
  if (length < 0x80) out.u8(length);
  else if (length < 0x100) out.u8(0x81).u8(length);
  else if (length < 0x10000) out.u8(0x82).u16be(length);
  else throw new HanwayError("decode/size", `${length} octets; 65535 are allowed`, { field: "length" });
}
