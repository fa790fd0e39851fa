import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import { isAsn1, KEY_USAGE } from "./asn1/index.ts";
import { buildDlmsCommand, type Fields, messageProtection, type UseCase } from "./catalogue/index.ts";
import type { PreCommand, Supplementary } from "./envelope/envelope.ts";
import { buildGbzCommand } from "./gbz/build.ts";
import { encodePayload, type Payload } from "./payload.ts";
import type { Protection } from "./security/protection.ts";

/** Who sends a Command of a use case to whom, and with which values. */
export interface CommandDraft {
  readonly useCase: UseCase;
  /** DLMS and GBZ: values by the names of the catalogue. ASN.1: the value of the payload. */
  readonly fields: Fields;
  readonly originator: Eui64;
  readonly target: Eui64;
  readonly counter: bigint;
  /** The party on whose behalf the Access Control Broker sends, if any. */
  readonly supplementary: Supplementary | null;
}

/**
 * The pre-command of a use case. Throws `encode/value` naming the field that is missing, unknown or does not fit.
 */
export function buildPreCommand(draft: CommandDraft): PreCommand {
  const { useCase, originator, target, counter, supplementary } = draft;
  const { messageCode } = useCase;
  if (messageCode === null || useCase.kind === "alert") {
    throw new HanwayError("encode/value", `${useCase.code} is no Command`, { field: "useCase" });
  }
  const content = encodePayload("COMMAND", messageCode, payloadOf(draft, messageCode));
  const envelope = { counter, originator, target, dateTime: null, messageCode, supplementary, content };
  return { kind: "PRECOMMAND", form: "bare", ...envelope };
}

function payloadOf(draft: CommandDraft, messageCode: number): Payload {
  const { useCase, fields, originator, target, counter, supplementary } = draft;
  if (isAsn1(messageCode, "command")) return { format: "ASN.1", value: asn1Value(fields) };
  if (useCase.format === "GBZ") return { format: "GBZ", gbz: buildGbzCommand(useCase, fields) };
  const requestingParty = supplementary?.remoteParty ?? originator;
  return {
    format: "DLMS",
    apdu: buildDlmsCommand(useCase, fields, { counter, requestingParty, device: target }),
  };
}

/** Payloads that are no SEQUENCE (a number, NULL, an EUI-64, a certificate) are given as `{value: …}`. */
function asn1Value(fields: Fields): unknown {
  const names = Object.keys(fields);
  return names.length === 1 && names[0] === "value" ? fields.value : fields;
}

/** CS02b of the Access Control Broker's own credentials. */
const BROKER_BY_BROKER = 0x0104;

/**
 * The protection of a Command; in the variant messages the authorising credential of the payload decides, and whether
 * the Access Control Broker signs what it replaces of its own, as for a CHF.
 */
export function commandProtection(
  messageCode: number,
  fields: Fields,
): Exclude<Protection, "signature-or-mac"> {
  const usage = authorisingKeyUsage(fields);
  const key = usage === KEY_USAGE.keyAgreement ? "keyAgreement" : "digitalSignature";
  if (messageCode === BROKER_BY_BROKER && authorisingKeyUsage(fields.control) === KEY_USAGE.digitalSignature)
    return "signature-and-mac";
  const protection = messageProtection(messageCode, "COMMAND", key) ?? "signature-and-mac";
  return protection === "signature-or-mac" ? "signature" : protection;
}

function authorisingKeyUsage(fields: unknown): unknown {
  return property(property(fields, "authorisingCell"), "keyUsage");
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
