import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { unsigned } from "../../zcl/header.ts";
import { type AlertBody, alertCount, readAlertBody, writeAlertBody } from "./alert.ts";
import type { GbzComponent } from "./component.ts";
import { readComponents, writeComponents } from "./components.ts";
import { requireFields, requireList } from "./guard.ts";

/** A GBZ payload (GBCS 7.2.10): ZCL commands or answers, or an alert. */
export type Gbz =
  | { readonly kind: "command" | "response"; readonly components: readonly GbzComponent[] }
  | {
      readonly kind: "alert";
      readonly alertCode: number;
      /** Seconds since 2000-01-01 UTC. */
      readonly time: number;
      readonly body: AlertBody;
    };

/** Profile id of Zigbee Smart Energy, with which every GBZ payload begins. */
const PROFILE = 0x0109;

/** Whether a content begins as a GBZ payload does. */
export function isGbz(content: Uint8Array): boolean {
  return content[0] === PROFILE >> 8 && content[1] === (PROFILE & 0xff);
}

/**
 * Decodes the content of a GBZ message whole, ZCL payloads included; the integers of GBZ itself are most significant
 * octet first, those inside ZCL least significant first. Octet leaves are views into `content`. The message code tells
 * the body of an alert apart; without it the alert code does.
 *
 * Throws `decode/*` with the field and the offset within `content`.
 */
export function decodeGbz(content: Uint8Array, kind: Gbz["kind"], messageCode?: number): Gbz {
  const reader = new ByteReader(content);
  if (reader.u16be("profile") !== PROFILE)
    throw new HanwayError("decode/value", "not the Smart Energy profile 0109", {
      field: "profile",
      offset: 0,
    });
  const countAt = reader.offset;
  const count = reader.u8("numberOfComponents");
  const gbz: Gbz =
    kind === "alert"
      ? readAlert(reader, count, countAt, messageCode)
      : { kind, components: readComponents(reader, count) };
  reader.finish("gbz");
  return gbz;
}

function readAlert(reader: ByteReader, count: number, countAt: number, messageCode: number | undefined): Gbz {
  const alertCode = reader.u16be("alertCode");
  const time = reader.u32be("time");
  const body = readAlertBody(reader, count, countAt, alertCode, messageCode);
  return { kind: "alert", alertCode, time, body };
}

/** The content of a GBZ message, from its values alone. Throws `encode/value` naming the field that does not fit. */
export function encodeGbz(gbz: Gbz): Uint8Array {
  const writer = new ByteWriter(128);
  writer.u16be(PROFILE);
  if (gbz.kind === "alert") {
    requireFields(gbz.body, "body");
    writer.u8(unsigned(alertCount(gbz.body), 0xff, "numberOfComponents"));
    writer.u16be(unsigned(gbz.alertCode, 0xffff, "alertCode"));
    writer.u32be(unsigned(gbz.time, 0xffff_ffff, "time"));
    writeAlertBody(writer, gbz.body);
  } else {
    if (gbz.kind !== "command" && gbz.kind !== "response")
      throw new HanwayError("encode/value", "neither command, response nor alert", { field: "kind" });
    requireList(gbz.components, "components");
    writer.u8(unsigned(gbz.components.length, 0xff, "numberOfComponents"));
    writeComponents(writer, gbz.components);
  }
  return writer.done();
}
