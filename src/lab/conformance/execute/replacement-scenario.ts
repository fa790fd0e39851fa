import { equalBytes } from "../../../base/bytes.ts";
import { HanwayError } from "../../../base/error.ts";
import {
  decodeAsn1,
  encodeAsn1,
  KEY_USAGE,
  STATUS_CODE,
  type UpdateCredentialsOutcome,
} from "../../../gbcs/asn1/index.ts";
import { type Certificate, readCertificate } from "../../../gbcs/certificate/certificate.ts";
import {
  dateTimeFromUnix,
  dateTimeToUnix,
  decodeDateTime,
  encodeDateTime,
} from "../../../gbcs/dlms/index.ts";
import { encodeEnvelope } from "../../../gbcs/envelope/encode.ts";
import type { SecuredMessage } from "../../../gbcs/envelope/envelope.ts";
import type { Keystore } from "../../../gbcs/keystore.ts";
import { protect } from "../../../gbcs/security/protect.ts";
import { SoftwareSigner } from "../../../gbcs/security/signature.ts";
import type { PairCase } from "../cases.ts";
import type { HubState } from "./hub-state.ts";
import { AHEAD, type Parties, type Scenario } from "./step.ts";

/** One of the codes of CS02b, of which all have the same payloads. */
const CS02B = 0x0105;
/** How much later it is when the changed Command comes. */
const LATER_MS = 3_600_000;

/**
 * CS02b: the certificates that the Response says were in the cells, the time that it tells, and for the root the last
 * authority of the certification path, for the published data have no root. Certificates in them are older or newer than
 * the time told: that clock was not one to judge validity by. Undefined where the originator's signing key is not
 * published, for the changed Command cannot be made then.
 */
export function replacementScenario(
  pair: PairCase,
  command: SecuredMessage,
  response: SecuredMessage,
  base: HubState,
  parties: Parties,
): Scenario | undefined {
  const signingKey = parties.keystore.privateKey(command.originator, "DS");
  if (signingKey === undefined && command.signature !== null) return undefined;
  const asked = decodeAsn1(CS02B, "command", command.content);
  const told = decodeAsn1(CS02B, "response", response.content);
  const state: HubState = {
    ...base,
    now: timeOf(response) ?? base.now,
    clock: "unreliable",
    anchors: anchorsOf(told.outcome, base.anchors, parties.keystore),
    root: rootOf(asked.certificationPath, told.outcome),
  };
  const counter = command.counter + AHEAD;
  const control = { ...asked.control, authorisingSeqNumber: counter };
  const outcome = told.outcome && { ...told.outcome, authorisingSeqNumber: counter };
  const later = { ...state, now: state.now + LATER_MS };
  return {
    recorded: { state, command: pair.command, response: pair.response },
    changed: {
      state: later,
      command: protectedAs(
        { ...command, counter, content: encodeAsn1(CS02B, "command", { ...asked, control }) },
        signingKey && new SoftwareSigner(signingKey),
        parties,
      ),
      // The signature is compared as the hub's own: what stands here is only its place.
      response: encodeEnvelope({
        ...response,
        counter,
        dateTime: response.dateTime && encodeDateTime(dateTimeFromUnix(later.now)),
        content: encodeAsn1(CS02B, "response", { ...told, ...(outcome && { outcome }) }),
      }),
    },
  };
}

function timeOf({ dateTime }: SecuredMessage): number | undefined {
  return dateTime === null ? undefined : dateTimeToUnix(decodeDateTime(dateTime));
}

/** What the cells held, by key identifier; in other cells what the hub must trust anyway. */
function anchorsOf(
  outcome: UpdateCredentialsOutcome | undefined,
  base: readonly Certificate[],
  keystore: Keystore,
): Certificate[] {
  const found = (outcome?.replacements ?? []).flatMap((one) => {
    const usage = one.cell.keyUsage === KEY_USAGE.digitalSignature ? "DS" : "KA";
    const certificate = keystore.certificate(one.existingSubjectUniqueId, usage);
    return certificate && equalBytes(certificate.subjectKeyIdentifier, one.existingSubjectKeyId)
      ? [certificate]
      : [];
  });
  const others = base.filter(
    ({ role, keyUsage }) => !found.some((one) => one.role === role && one.keyUsage === keyUsage),
  );
  return [...found, ...others];
}

/** The authority that no other of the path has issued; none where no cell could be replaced for want of a root. */
function rootOf(
  path: readonly Uint8Array[],
  outcome: UpdateCredentialsOutcome | undefined,
): Certificate | undefined {
  const statuses = (outcome?.replacements ?? []).map(({ status }) => status);
  if (statuses.length > 0 && statuses.every((status) => status === STATUS_CODE.noTrustAnchor))
    return undefined;
  const authorities = path.map((der) => readCertificate(der));
  return authorities.find(
    (one) => !authorities.some((other) => other !== one && other.subject === one.issuer),
  );
}

/** With the protections that the recorded Command has. */
function protectedAs(
  message: SecuredMessage,
  signer: SoftwareSigner | undefined,
  { keystore, agreement }: Parties,
): Uint8Array {
  const { accessControlBroker } = keystore;
  if (accessControlBroker === undefined)
    throw new HanwayError("config/invalid", "no Access Control Broker is in it", { field: "keystore" });
  return protect(message, {
    signature: message.signature === null ? null : (signer ?? null),
    mac: message.mac === null ? null : { keys: agreement, accessControlBroker },
  });
}
