import {
  ACTIVATE_FIRMWARE_RESULT,
  DEVICE_TIME_STATUS,
  JOIN_RESULT,
  nameOf,
  READ_DEVICE_LOG_RESULT,
  STATUS_CODE,
  UNJOIN_RESULT,
} from "../gbcs/asn1/index.ts";
import { accessResultName } from "../gbcs/dlms/index.ts";
import { componentsOf } from "../gbcs/gbz/index.ts";
import type { DecodedMessage } from "../gbcs/message.ts";

/** One thing that a device says it did not do. */
export interface Failure {
  /** Where in the payload it says so. */
  readonly field: string;
  /** What it says, in words. */
  readonly reason: string;
}

/** What a Response says went wrong; empty where the device did all that it was asked. */
export function failuresOf({ envelope, payload, decrypted }: DecodedMessage): Failure[] {
  switch (payload.format) {
    case "DLMS":
      if (payload.apdu.type !== "access-response") return [];
      return payload.apdu.results.flatMap(({ result }, i) =>
        result === 0 ? [] : [{ field: `results[${i}]`, reason: accessResultName(result) }],
      );
    case "GBZ":
      return componentsOf(payload.gbz).flatMap((component, i) => {
        const field = `components[${i}]`;
        const part = decrypted.find((one) => one.field === field);
        const opened = part?.outcome === "decrypted" && "fields" in part ? part.fields : undefined;
        const fields = "fields" in component ? component.fields : opened;
        return fields === undefined
          ? []
          : gbzFailures(component.header.command, component.name, fields, field);
      });
    case "ASN.1":
      return asn1Failures(envelope.messageCode, payload.value);
    case "unknown":
      return [];
  }
}

/** ZCL statuses that are no failure: done, and nothing there to be read. */
const NORMAL: ReadonlySet<unknown> = new Set([0x00, 0x8b]);
/** Command identifier by which a component answers that it was not looked at, one before it having failed. */
const NOT_PROCESSED = 0xff;
/** Sample Id of a sampling that did not begin (SE D.3.3.3.1.14). */
const NO_SAMPLE = 0xffff;

function gbzFailures(
  command: number,
  name: string | undefined,
  fields: Readonly<Record<string, unknown>>,
  field: string,
): Failure[] {
  if (command === NOT_PROCESSED) return [{ field, reason: "not processed" }];
  if (name === "ClearEventLogResponse") {
    return fields.clearedEventsLogs === 0 ? [{ field, reason: "not cleared" }] : [];
  }
  if (name === "StartSamplingResponse") {
    return fields.sampleId === NO_SAMPLE ? [{ field, reason: "sampling not started" }] : [];
  }
  const records = Array.isArray(fields.records) ? fields.records : name === "DefaultResponse" ? [fields] : [];
  return records.flatMap((record: unknown, i) => {
    const status = property(record, "status");
    if (typeof status !== "number" || NORMAL.has(status)) return [];
    const place = fields.records === undefined ? field : `${field}.records[${i}]`;
    return [{ field: place, reason: `status 0x${status.toString(16).padStart(2, "0")}` }];
  });
}

/** Outcomes of CS02c, CS02d and CS02e that are a number and no certificate or request. */
const ISSUE_RESULT = ["success", "badKeyUsage", "keyGenerationFailed", "signingRequestFailed"];
const UPDATE_RESULT = [
  "success",
  "invalidCertificate",
  "wrongDeviceId",
  "badKeyUsage",
  "noKeyPairPending",
  "wrongPublicKey",
  "storeFailed",
  "privateKeyChangeFailed",
];
const READ_FIRMWARE_RESULT = { readFailure: 1 };
const PROVIDE_RESULT = ["success", "badKeyUsage", "noCertificateHeld", "retrievalFailed"];

function asn1Failures(messageCode: number, value: unknown): Failure[] {
  switch (messageCode) {
    case 0x000d:
    case 0x000e:
    case 0x00ab:
    case 0x00af:
      return coded("result", value, JOIN_RESULT);
    case 0x000f:
    case 0x0010:
      return coded("result", value, UNJOIN_RESULT);
    case 0x0013:
      return coded("result", property(value, "result"), READ_DEVICE_LOG_RESULT);
    case 0x0012:
      return coded("outcome.result", property(property(value, "value"), "result"), ACTIVATE_FIRMWARE_RESULT);
    case 0x007f:
      return coded("status", property(value, "status"), DEVICE_TIME_STATUS);
    case 0x008c:
      return each(property(value, "outcomes"), (one, i) =>
        coded(`outcomes[${i}]`, property(one, "result"), JOIN_RESULT),
      );
    case 0x000a:
      return numbered(value, ISSUE_RESULT);
    case 0x000b:
      return numbered(value, UPDATE_RESULT);
    case 0x000c:
      return numbered(value, PROVIDE_RESULT);
    case 0x0008:
    case 0x011b:
      return each(value, (one, i) => coded(`[${i}]`, property(one, "status"), STATUS_CODE));
    case 0x0129:
      return coded("result", property(value, "result"), READ_FIRMWARE_RESULT);
    default:
      return each(property(property(value, "outcome"), "replacements"), (one, i) =>
        coded(`replacements[${i}]`, property(one, "status"), STATUS_CODE),
      );
  }
}

function coded(field: string, code: unknown, table: Readonly<Record<string, number>>): Failure[] {
  if (typeof code !== "number" || code === 0) return [];
  return [{ field, reason: nameOf(table, code) ?? `code ${code}` }];
}

/** A number in place of what was asked for, of CS02c and CS02e; CS02d answers with the number alone. */
function numbered(value: unknown, names: readonly string[]): Failure[] {
  const code =
    typeof value === "number" ? value : property(value, "kind") === "error" ? property(value, "value") : 0;
  if (typeof code !== "number" || code === 0) return [];
  return [{ field: "result", reason: names[code] ?? `code ${code}` }];
}

function each(value: unknown, judge: (one: unknown, i: number) => Failure[]): Failure[] {
  return Array.isArray(value) ? value.flatMap((one, i) => judge(one, i)) : [];
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
