import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import {
  CELL_USAGE,
  CREDENTIALS_REPLACEMENT_MODE,
  decodeAsn1,
  encodeAsn1,
  KEY_USAGE,
  type UpdateCredentialsCommand,
  type UpdateCredentialsOutcome,
} from "../../gbcs/asn1/index.ts";
import type { SecuredMessage } from "../../gbcs/envelope/envelope.ts";
import type { CredentialsUpdate } from "../credential-replacement.ts";
import { type ReplacementMode, replacementMode } from "../replacement-mode.ts";

/** One of the codes of CS02b, of which all have the same payloads. */
const CS02B = 0x0105;
const { accessControlBrokerByAccessControlBroker: BROKER_BY_BROKER } = CREDENTIALS_REPLACEMENT_MODE;

/** A CS02b Command that is to be executed, or why it is not. */
export type ReadUpdate = CredentialsUpdate | "unsupported" | "no-authority" | "not-authentic";

/**
 * Reads CS02b Update Security Credentials. Throws `decode/*` for a payload that is none, is of another mode or counter
 * than its header, or names a cell twice. `brokerSigns`: the Access Control Broker's own mode wants its signature too.
 */
export function readUpdate(envelope: SecuredMessage, brokerSigns: boolean): ReadUpdate {
  const { messageCode, originator, counter, content, signature } = envelope;
  const update = updateOf(messageCode, originator, content);
  if (update === undefined) return "unsupported";
  const { control, replacements } = update.command;
  if (control.mode !== update.mode.mode) wrong("mode", "not the mode of its message code");
  if (control.authorisingSeqNumber !== counter)
    wrong("authorisingSeqNumber", "not the counter of its header");
  if (control.plaintextSymmetricKey !== undefined) wrong("plaintextSymmetricKey", "none wanted");
  const cells = replacements.map(({ targetCell: { role, keyUsage, cellUsage } }) =>
    [role, keyUsage, cellUsage].join(),
  );
  if (new Set(cells).size !== cells.length) wrong("replacements", "a cell is there twice");
  if (!isAuthorised(control.authorisingCell, update.mode)) return "no-authority";
  // By its MAC alone the verification has let it through (protection 0x0104).
  if (signature === null && (brokerSigns || control.authorisingCell?.keyUsage === KEY_USAGE.digitalSignature))
    return "not-authentic";
  return update;
}

/** The same from the octets of a Command that was read before. Undefined for a mode that a CHF does not take. */
export function updateOf(
  messageCode: number,
  originator: Eui64,
  content: Uint8Array,
): CredentialsUpdate | undefined {
  const mode = replacementMode(messageCode);
  return mode && { originator, messageCode, mode, command: decodeAsn1(CS02B, "command", content) };
}

/** The Response's content; without an outcome where the Command is to take effect later, or cancels one. */
export function updateResponse(outcome: UpdateCredentialsOutcome | undefined): Uint8Array {
  return encodeAsn1(CS02B, "response", { commandAccepted: null, ...(outcome && { outcome }) });
}

/** The Access Control Broker may leave the cell out, or name the key of its MAC. */
function isAuthorised(
  cell: UpdateCredentialsCommand["control"]["authorisingCell"],
  { authoriser, mode }: ReplacementMode,
): boolean {
  const byBroker = mode === BROKER_BY_BROKER;
  if (cell === undefined) return byBroker;
  const { role, keyUsage, cellUsage } = cell;
  const signs = keyUsage === KEY_USAGE.digitalSignature;
  const fits = signs || (byBroker && keyUsage === KEY_USAGE.keyAgreement);
  return role === authoriser && fits && cellUsage === CELL_USAGE.management;
}

function wrong(field: string, detail: string): never {
  throw new HanwayError("decode/value", detail, { field });
}
