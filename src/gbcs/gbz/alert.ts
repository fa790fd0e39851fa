import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { unsigned } from "../../zcl/header.ts";
import type { GbzComponent } from "./component.ts";
import { readComponents, writeComponents } from "./components.ts";
import { requireList, requireOctets } from "./guard.ts";

/** What an alert carries behind its code and time; the message code decides (GBCS 16). */
export type AlertBody =
  | { readonly form: "none" }
  /** Message code 00CD: a future-dated Command has taken effect, or has failed to. */
  | {
      readonly form: "futureDated";
      readonly messageCode: number;
      /** Originator Counter of the Command, 64 bits. */
      readonly counter: bigint;
      readonly cluster: number;
      /** Frame control and command id of the ZCL command, an octet each. */
      readonly frameControl: number;
      readonly command: number;
    }
  /** Message code 00CF: SHA-256 of the firmware image received, 32 octets. */
  | { readonly form: "firmware"; readonly hash: Uint8Array }
  /** Message code 00F2: why the meter doubts its integrity, 16 bits. */
  | { readonly form: "cause"; readonly cause: number }
  /** Message code 008B: the billing data log, encrypted. */
  | { readonly form: "components"; readonly components: readonly GbzComponent[] }
  /** Any other message code: the count and the octets as they are. */
  | { readonly form: "octets"; readonly count: number; readonly octets: Uint8Array };

type Form = AlertBody["form"];

/** Form by message code. */
const FORMS: ReadonlyMap<number, Form> = new Map<number, Form>([
  [0x008b, "components"],
  [0x00cd, "futureDated"],
  [0x00cf, "firmware"],
  [0x00f2, "cause"],
]);

/** Form by alert code, for who does not know the message code. */
const FORMS_BY_ALERT: ReadonlyMap<number, Form> = new Map<number, Form>([
  [0x8f0a, "components"],
  [0x8f66, "futureDated"],
  [0x8f67, "futureDated"],
  [0x8f72, "firmware"],
  [0x81a0, "cause"],
]);

/** Octets of the future-dated body behind its length: message code, counter, cluster, frame control, command id. */
const FUTURE_DATED_LENGTH = 14;
/** A-XDR octet-string tag, and the octets of SHA-256. */
const OCTET_STRING = 0x09;
const HASH_LENGTH = 32;

/** Reads what stands behind code and time; `count` is the number of components that the GBZ header gives. */
export function readAlertBody(
  reader: ByteReader,
  count: number,
  countAt: number,
  alertCode: number,
  messageCode: number | undefined,
): AlertBody {
  if (count === 0) return { form: "none" };
  const form = messageCode === undefined ? FORMS_BY_ALERT.get(alertCode) : FORMS.get(messageCode);
  if (form === "components") return { form, components: readComponents(reader, count) };
  if (form === undefined || form === "octets" || form === "none")
    return { form: "octets", count, octets: reader.rest() };
  if (count !== 1)
    throw new HanwayError("decode/value", "not 1", { field: "numberOfComponents", offset: countAt });
  switch (form) {
    case "futureDated":
      expectOctet(reader, FUTURE_DATED_LENGTH, "futureDated.length");
      return {
        form,
        messageCode: reader.u16be("futureDated.messageCode"),
        counter: reader.u64be("futureDated.counter"),
        cluster: reader.u16be("futureDated.cluster"),
        frameControl: reader.u8("futureDated.frameControl"),
        command: reader.u8("futureDated.command"),
      };
    case "firmware":
      expectOctet(reader, OCTET_STRING, "firmware.tag");
      expectOctet(reader, HASH_LENGTH, "firmware.length");
      return { form, hash: reader.take(HASH_LENGTH, "firmware.hash") };
    case "cause":
      return { form, cause: reader.u16be("cause") };
  }
}

function expectOctet(reader: ByteReader, wanted: number, field: string): void {
  const offset = reader.offset;
  if (reader.u8(field) !== wanted)
    throw new HanwayError("decode/value", `not 0x${wanted.toString(16).padStart(2, "0")}`, { field, offset });
}

/** The number of components that the GBZ header gives. */
export function alertCount(body: AlertBody): number {
  if (body.form === "none") return 0;
  if (body.form === "components") {
    requireList(body.components, "components");
    return body.components.length;
  }
  return body.form === "octets" ? body.count : 1;
}

/** Writes what stands behind code and time. Throws `encode/value`. */
export function writeAlertBody(writer: ByteWriter, body: AlertBody): void {
  switch (body.form) {
    case "none":
      return;
    case "components":
      writeComponents(writer, body.components);
      return;
    case "octets":
      requireOctets(body.octets, "octets");
      writer.bytes(body.octets);
      return;
    case "cause":
      writer.u16be(unsigned(body.cause, 0xffff, "cause"));
      return;
    case "firmware":
      if (!(body.hash instanceof Uint8Array) || body.hash.length !== HASH_LENGTH)
        throw new HanwayError("encode/value", `${HASH_LENGTH} octets wanted`, { field: "firmware.hash" });
      writer.u8(OCTET_STRING).u8(HASH_LENGTH).bytes(body.hash);
      return;
    case "futureDated":
      if (typeof body.counter !== "bigint" || BigInt.asUintN(64, body.counter) !== body.counter)
        throw new HanwayError("encode/value", "a bigint of 64 bits wanted", { field: "futureDated.counter" });
      writer
        .u8(FUTURE_DATED_LENGTH)
        .u16be(unsigned(body.messageCode, 0xffff, "futureDated.messageCode"))
        .u64be(body.counter)
        .u16be(unsigned(body.cluster, 0xffff, "futureDated.cluster"))
        .u8(unsigned(body.frameControl, 0xff, "futureDated.frameControl"))
        .u8(unsigned(body.command, 0xff, "futureDated.command"));
      return;
    default:
      throw new HanwayError("encode/value", "no such form", { field: "form" });
  }
}
