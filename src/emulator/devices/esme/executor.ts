import type { Clock } from "../../../base/clock.ts";
import { HanwayError } from "../../../base/error.ts";
import { isAsn1, REMOTE_PARTY_ROLE } from "../../../gbcs/asn1/index.ts";
import { roleMayOriginate } from "../../../gbcs/authority.ts";
import { dlmsFields } from "../../../gbcs/catalogue/build.ts";
import {
  messageProtection,
  protectionFacts,
  type UseCase,
  useCaseByMessageCode,
} from "../../../gbcs/catalogue/index.ts";
import { readCertificate } from "../../../gbcs/certificate/certificate.ts";
import { dateTimeFromUnix, decodeDlms, encodeDateTime, encodeDlms } from "../../../gbcs/dlms/index.ts";
import { payloadSeal } from "../../../gbcs/encrypt.ts";
import type { SecuredMessage, Supplementary } from "../../../gbcs/envelope/envelope.ts";
import { protectAs } from "../../../gbcs/security/protect.ts";
import { type Verification, verifyMessage } from "../../../gbcs/security/verify.ts";
import type { CosemObjects } from "../../cosem/objects.ts";
import { cosemName } from "../../cosem/table.ts";
import type { Activations } from "./activation.ts";
import { METER_CODE, type MeterAlerts } from "./alerts.ts";
import { provideCredentials, provideDeviceCertificate } from "./credentials.ts";
import type { JoinLog } from "./join-log.ts";
import type { MeterKeys } from "./keys.ts";
import type { MeterLog } from "./logs.ts";
import { readProtected, type Sealing } from "./protected-reads.ts";

export interface ExecutorParts {
  readonly keys: MeterKeys;
  readonly clock: Clock;
  readonly objects: CosemObjects;
  readonly activations: Activations;
  readonly alerts: MeterAlerts;
  readonly securityLog: MeterLog;
  readonly joins: JoinLog;
}

interface Answer {
  readonly content: Uint8Array;
  /** Of the variant messages, whose Command decides. */
  readonly protection?: "mac" | "signature";
  readonly supplementary?: Supplementary;
}

type Refused = Exclude<Verification["outcome"], "verified" | "malformed"> | "malformed";

const TOP_UP = 0x0007;
const ASN1_EXECUTED: ReadonlySet<number> = new Set([0x0008, 0x011b, 0x000c, 0x000d, 0x000f, 0x0013]);
const CLASS_PROTECTION = 30;
const BREAK_ON_ERROR = 0x2000_0000;
/** Use cases whose Responses carry the time (gbcs-messages 2.2), beside all that can be future-dated. */
const TIMED = new Set([
  "ECS17a",
  "ECS17b",
  "ECS17c",
  "ECS17d",
  "ECS17e",
  "ECS18a",
  "ECS18b",
  "ECS19",
  "ECS23",
  "ECS23b",
  "CS01a",
]);

/** What a refusal leads to: an entry in the Security Log, and for some a critical alert (gbcs-alerts 3, 4). */
const CONSEQUENCES: Readonly<Record<Refused, { readonly log?: number; readonly alert?: true }>> = {
  "wrong-target": {},
  malformed: { log: METER_CODE.contentIntegrity, alert: true },
  "unknown-message-code": { log: METER_CODE.authenticationFailed },
  "wrong-party": { log: METER_CODE.noAuthority, alert: true },
  "missing-mac": { log: METER_CODE.trustedSourceAuthentication, alert: true },
  "missing-signature": { log: METER_CODE.trustedSourceAuthentication, alert: true },
  "wrong-mac": { log: METER_CODE.trustedSourceAuthentication, alert: true },
  "no-mac-key": { log: METER_CODE.unauthorisedCommunication, alert: true },
  "wrong-signature": { log: METER_CODE.trustedSourceAuthentication, alert: true },
  "no-signature-key": { log: METER_CODE.unauthorisedCommunication, alert: true },
  replayed: { log: METER_CODE.authenticationFailed },
};

/**
 * Executes the Commands of remote parties as an ESME does (GBCS 6): form, target, role, MAC, signature, counter, and
 * then the items in order. What fails a check is not answered and changes nothing but the Security Log.
 */
export class MeterExecutor {
  readonly #parts: ExecutorParts;
  /** Last counter accepted, by role and, for top-ups, apart. */
  readonly #counters = new Map<string, bigint>();
  #sealing: Sealing | undefined;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
    for (const code of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]) {
      parts.objects.method(cosemName(CLASS_PROTECTION, `0-0:43.2.${code}.255`, 1), (argument) => {
        if (this.#sealing === undefined) throw new HanwayError("internal", "outside a Command");
        return readProtected(parts.objects, argument, this.#sealing);
      });
    }
  }

  /** The Response, or undefined where there is none. */
  execute(message: Uint8Array): Uint8Array | undefined {
    const verification = this.#verify(message);
    if (verification.outcome === "malformed") return this.#refuse("malformed");
    if (verification.outcome !== "verified") return this.#refuse(this.#named(verification));
    const { envelope } = verification;
    const useCase = useCaseOf(envelope.messageCode);
    if (useCase === undefined) return this.#refuse("unknown-message-code");
    let answer: Answer | undefined;
    try {
      answer = this.#answer(envelope, useCase);
    } catch (error) {
      if (!(error instanceof HanwayError) || !error.code.startsWith("decode/")) throw error;
    }
    return answer === undefined ? this.#refuse("malformed") : this.#respond(envelope, useCase, answer);
  }

  #verify(message: Uint8Array): Verification {
    const { keys } = this.#parts;
    return verifyMessage(message, {
      keys: keys.agreement,
      signatureKeyOf: (party) => keys.signatureKeyOf(party),
      accessControlBroker: keys.accessControlBroker,
      factsOf: (code) => (useCaseOf(code) === undefined ? undefined : protectionFacts(code)),
      self: keys.self,
      mayOriginate: ({ kind, messageCode, originator }) => {
        const role = keys.roleOf(originator);
        const useCase = useCaseOf(messageCode);
        if (kind !== "COMMAND" || role === undefined || useCase === undefined) return false;
        // The tables name no role for top-ups; they come from the supplier.
        if (messageCode === TOP_UP) return role === REMOTE_PARTY_ROLE.supplier;
        return roleMayOriginate(useCase, role);
      },
      lastCounter: (envelope) => this.#counters.get(this.#counterOf(envelope) ?? ""),
    });
  }

  /** A party that the meter does not know at all is another matter than one without the right. */
  #named(verification: Exclude<Verification, { outcome: "verified" | "malformed" }>): Refused {
    const stranger = this.#parts.keys.roleOf(verification.envelope.originator) === undefined;
    return verification.outcome === "wrong-party" && stranger ? "no-signature-key" : verification.outcome;
  }

  /** Under which name the counter of a Command is kept; undefined where it is not protected against replay. */
  #counterOf({ messageCode, originator }: SecuredMessage): string | undefined {
    if (useCaseOf(messageCode)?.replayProtected !== true) return undefined;
    const role = this.#parts.keys.roleOf(originator);
    return messageCode === TOP_UP ? `${role} top-up` : String(role);
  }

  #answer(envelope: SecuredMessage, useCase: UseCase): Answer | undefined {
    if (isAsn1(envelope.messageCode, "command")) {
      const answer = this.#asn1(envelope);
      this.#accept(envelope);
      return answer;
    }
    const request = decodeDlms(envelope.content);
    const invokeId = BREAK_ON_ERROR + Number(BigInt.asUintN(24, envelope.counter));
    if (request.type !== "access-request" || request.invokeId !== invokeId) return undefined;
    if (dlmsFields(useCase, request) === undefined) return undefined;
    const { objects, activations, keys } = this.#parts;
    const supplementary = this.#supplementary(envelope);
    const header = { ...envelope, originator: keys.self, target: envelope.originator, supplementary };
    this.#sealing = {
      command: envelope,
      seal: payloadSeal(header, keys.agreement, partyKey(envelope.supplementary)),
    };
    activations.command = envelope;
    this.#accept(envelope);
    const content = encodeDlms(objects.execute(request));
    return supplementary === null ? { content } : { content, supplementary };
  }

  #accept(envelope: SecuredMessage): void {
    const name = this.#counterOf(envelope);
    if (name !== undefined) this.#counters.set(name, envelope.counter);
  }

  /** Echoed; with a counter of the meter's own where the answer may be encrypted for a party that it does not know. */
  #supplementary({ supplementary }: SecuredMessage): Supplementary | null {
    if (supplementary === null) return null;
    const { remoteParty, remotePartyCounter, certificate } = supplementary;
    return {
      remoteParty,
      ...(remotePartyCounter === undefined ? {} : { remotePartyCounter }),
      ...(certificate === undefined ? {} : { originatorCounter: this.#parts.alerts.nextCounter() }),
    };
  }

  #asn1(envelope: SecuredMessage): Answer | undefined {
    const { keys, joins, securityLog } = this.#parts;
    const { messageCode, content } = envelope;
    switch (messageCode) {
      case 0x0008:
      case 0x011b:
        return provideCredentials(content, keys, (role) => this.#counters.get(String(role)) ?? 0n);
      case 0x000c:
        return { content: provideDeviceCertificate(content, keys) };
      case 0x000d: {
        const joined = joins.join(content);
        securityLog.write(joined.success ? METER_CODE.joined : METER_CODE.joinFailed);
        return joined;
      }
      case 0x000f: {
        const left = joins.unjoin(content);
        securityLog.write(left.success ? METER_CODE.unjoined : METER_CODE.unjoinFailed);
        return left;
      }
      case 0x0013:
        return { content: joins.read(content) };
      default:
        return undefined;
    }
  }

  #respond(command: SecuredMessage, useCase: UseCase, answer: Answer): Uint8Array {
    const { keys, clock } = this.#parts;
    const timed = TIMED.has(useCase.code) || useCase.futureDatable === true;
    const supplementary = answer.supplementary ?? this.#supplementary(command);
    const response: SecuredMessage = {
      kind: "RESPONSE",
      counter: command.counter,
      originator: keys.self,
      target: command.originator,
      dateTime: timed ? encodeDateTime(dateTimeFromUnix(clock.now())) : null,
      messageCode: command.messageCode,
      supplementary,
      content: answer.content,
      signature: null,
      mac: null,
    };
    const required = messageProtection(command.messageCode, "RESPONSE");
    const protection = answer.protection ?? (required === "mac" ? "mac" : "signature");
    const mac = { keys: keys.agreement, accessControlBroker: keys.accessControlBroker };
    return protectAs(response, protection, { signature: keys.signer, mac });
  }

  #refuse(refused: Refused): undefined {
    const { log, alert } = CONSEQUENCES[refused];
    if (log === undefined) return undefined;
    this.#parts.securityLog.write(log);
    if (alert) this.#parts.alerts.critical(log);
    return undefined;
  }
}

/** What the meter executes; undefined for everything else. */
function useCaseOf(messageCode: number): UseCase | undefined {
  const useCase = useCaseByMessageCode(messageCode, "ESME");
  if (useCase?.kind !== "command") return undefined;
  return useCase.format === "DLMS" || ASN1_EXECUTED.has(messageCode) ? useCase : undefined;
}

/** The Key Agreement key of a party in whose name the broker asks. Throws `decode/*` for a certificate of another. */
function partyKey(supplementary: Supplementary | null) {
  if (supplementary?.certificate === undefined) return undefined;
  const certificate = readCertificate(supplementary.certificate);
  if (certificate.eui64 !== supplementary.remoteParty)
    throw new HanwayError("decode/value", "the certificate of another party", { field: "otherInformation" });
  return certificate.publicKey;
}
