import type { KeyObject } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { Execution, Executor } from "../base/routing.ts";
import type { Downlink, Uplink } from "../base/uplink.ts";
import { KEY_USAGE } from "../gbcs/asn1/index.ts";
import { protectionFacts } from "../gbcs/catalogue/index.ts";
import {
  type AccessRequest,
  dateTimeFromUnix,
  decodeDlms,
  encodeDateTime,
  encodeDlms,
} from "../gbcs/dlms/index.ts";
import type { SecuredMessage } from "../gbcs/envelope/envelope.ts";
import { type Verification, verifyMessage } from "../gbcs/security/verify.ts";
import type { DeviceLog } from "../han/device-log/device-log.ts";
import { AlertAllowance } from "./alert-allowance.ts";
import type { ChfAlerts, ChfKeys } from "./alerts.ts";
import type { CredentialUpdates } from "./credential-updates.ts";
import type { JoinWindows } from "./join-windows.ts";
import { type ChfLogs, CODE } from "./logs.ts";
import type { ChfReads, ChfSettings, HanControl } from "./ports.ts";
import { CONSEQUENCES, type Refused, refusalOf } from "./refusals.ts";
import { isReplayProtected, maySend, replacementMode, sendingRole } from "./replacement-mode.ts";
import type { ChfRepository } from "./repository.ts";
import { responseMessage } from "./response.ts";
import { type Attempt, checkTargets, type DlmsUseCase, responseTo } from "./use-case.ts";
import { addDevice, removeDevice, restoreDeviceLog } from "./use-cases/change-device-log.ts";
import { credentialDetails, readCredentialsCommand } from "./use-cases/credentials.ts";
import { identityUseCases } from "./use-cases/identity.ts";
import { readActiveDevices, readDeviceLogs } from "./use-cases/read-device-log.ts";
import { readEventLog, readSecurityLog } from "./use-cases/read-logs.ts";
import { readUpdate } from "./use-cases/update-credentials.ts";

export interface ChfPorts {
  readonly keys: ChfKeys;
  readonly repository: ChfRepository;
  readonly deviceLog: DeviceLog;
  readonly logs: ChfLogs;
  readonly alerts: ChfAlerts;
  readonly updates: CredentialUpdates;
  readonly windows: JoinWindows;
  readonly han: HanControl;
  readonly uplink: Uplink;
  readonly clock: Clock;
  readonly reads: ChfReads;
  readonly settings: ChfSettings;
  readonly log: Log;
  /** Resolves when the network is up for the first time, or never will be. */
  readonly networkUp: Promise<void>;
}

const CS02A = 0x0008;
/** Processing option break-on-error, above the low 24 bits of the Originator Counter. */
const BREAK_ON_ERROR = 0x2000_0000;

/** An authentic Command, read and ready. */
interface Ready {
  readonly prepare: () => Promise<Finish>;
}

/** Executes, once the ports have been asked: the Response's content, and what is written with it. */
type Finish = () => {
  readonly content: Uint8Array;
  readonly protection: "mac" | "signature";
  /** Whether it tells the time of execution. */
  readonly dated?: true;
  readonly success: boolean;
  readonly writes: readonly (() => void)[];
};

/**
 * The Communications Hub Function: executes the Commands addressed to it (GBCS 6 and 20; gbcs-messages 4, 8). A Command
 * that fails a check is not answered and changes nothing but the security log; one that passes is answered whatever
 * comes of it, and its counter, its effects, the log entry and the Response become durable together.
 */
export class ChfExecutor implements Executor {
  readonly #ports: ChfPorts;
  readonly #useCases = new Map<number, DlmsUseCase>();
  readonly #allowance: AlertAllowance;

  constructor(ports: ChfPorts) {
    this.#ports = ports;
    this.#allowance = new AlertAllowance(ports.clock, ports.settings.refusalAlertsPerHour);
    const { clock, keys, reads } = ports;
    const useCases = [
      addDevice(ports),
      removeDevice(ports),
      restoreDeviceLog(ports),
      readActiveDevices(reads.deviceLog),
      readDeviceLogs(reads.deviceLog, clock),
      readEventLog(reads.logs),
      readSecurityLog(reads.logs),
      ...identityUseCases(keys.self, reads.identity),
    ];
    for (const useCase of useCases) {
      for (const messageCode of useCase.messageCodes) this.#useCases.set(messageCode, useCase);
    }
  }

  async execute(command: Downlink): Promise<Execution> {
    const verification = this.#verify(command.payload);
    const refused = refusalOf(verification, (party) => this.#ports.keys.anchors.roleOf(party) !== undefined);
    if (verification.outcome !== "verified" || refused !== undefined) {
      return this.#refuse(command, refused ?? "not-authentic");
    }
    const { envelope } = verification;
    // Of now: while the ports are asked, the party may lose its cell.
    const role = this.#countedRole(envelope);
    const ready = this.#read(envelope);
    if (typeof ready === "string") return this.#refuse(command, ready);
    const { content, protection, dated, success, writes } = (await ready.prepare())();
    const dateTime = dated ? encodeDateTime(dateTimeFromUnix(this.#ports.clock.now())) : null;
    const payload = responseMessage(envelope, content, protection, dateTime, this.#ports.keys);
    if (payload === undefined) {
      this.#ports.log.error({ messageCode: envelope.messageCode }, "no key to protect the Response with");
      return this.#refuse(command, "not-authentic");
    }
    return {
      writes: () => {
        if (role !== undefined) this.#ports.repository.setCounter(role, envelope.counter);
        for (const write of writes) write();
        const code = success ? CODE.hanCommandDone : CODE.hanCommandNotDone;
        this.#ports.logs.event(code, Uint8Array.of(envelope.messageCode >> 8, envelope.messageCode & 0xff));
      },
      answers: [{ device: envelope.target, lane: "response", payload }],
    };
  }

  #verify(message: Uint8Array): Verification {
    const { self, agreement, anchors } = this.#ports.keys;
    return verifyMessage(message, {
      keys: agreement,
      signatureKeyOf: (party, messageCode) => this.#signatureKey(party, messageCode),
      accessControlBroker: anchors.accessControlBroker,
      factsOf: (code) => (this.#executes(code) ? protectionFacts(code) : undefined),
      self,
      mayOriginate: ({ kind, messageCode, originator }) =>
        kind === "COMMAND" && maySend(anchors, messageCode, originator),
      lastCounter: (envelope) => this.#lastCounter(envelope),
    });
  }

  #executes(messageCode: number): boolean {
    return (
      messageCode === CS02A || replacementMode(messageCode) !== undefined || this.#useCases.has(messageCode)
    );
  }

  /** CS02b names the cell that authorises it; a party may be in cells of several roles. */
  #signatureKey(party: Eui64, messageCode: number): KeyObject | undefined {
    const { anchors } = this.#ports.keys;
    const mode = replacementMode(messageCode);
    if (mode === undefined) return anchors.signatureKey(party);
    const certificate = anchors.cell(mode.authoriser, KEY_USAGE.digitalSignature)?.certificate;
    return certificate?.eui64 === party ? certificate.publicKey : undefined;
  }

  #lastCounter(envelope: SecuredMessage): bigint | undefined {
    const role = this.#countedRole(envelope);
    return role === undefined ? undefined : this.#ports.repository.counter(role);
  }

  /** The role whose counter a Command is taken by; undefined where it may be repeated. */
  #countedRole({ messageCode, originator }: SecuredMessage): number | undefined {
    if (!isReplayProtected(messageCode)) return undefined;
    return sendingRole(this.#ports.keys.anchors, messageCode, originator);
  }

  #read(envelope: SecuredMessage): Ready | Refused {
    try {
      if (envelope.messageCode === CS02A) return this.#readCredentials(envelope);
      if (replacementMode(envelope.messageCode) !== undefined) return this.#readUpdate(envelope);
      return this.#readDlms(envelope);
    } catch (error) {
      if (!(error instanceof HanwayError) || !error.code.startsWith("decode/")) throw error;
      return "malformed";
    }
  }

  #readDlms(envelope: SecuredMessage): Ready | Refused {
    const useCase = this.#useCases.get(envelope.messageCode);
    if (useCase === undefined) return "unsupported";
    const request = accessRequest(envelope);
    checkTargets(useCase, request);
    const attempt: Attempt = useCase.begin(request);
    return {
      prepare: async () => {
        // What waited in the inbox while the hub was down is there before the radio is.
        if (attempt.prepare !== undefined) await this.#ports.networkUp;
        const ports = (await attempt.prepare?.()) ?? [];
        return () => {
          const { outcomes, writes } = attempt.execute(ports);
          const content = encodeDlms(responseTo(request, outcomes));
          return {
            content,
            protection: "mac",
            success: outcomes.every(({ result }) => result === 0),
            writes,
          };
        };
      },
    };
  }

  #readCredentials(envelope: SecuredMessage): Ready | Refused {
    const { keys, repository } = this.#ports;
    const command = readCredentialsCommand(envelope.content, envelope.originator, keys.anchors);
    if (command === undefined) return "no-authority";
    const { roles, protection } = command;
    const given = envelope.mac !== null ? "mac" : "signature";
    if (given !== protection) return "not-authentic";
    const counterOf = (role: number) => repository.counter(role) ?? 0n;
    return {
      prepare: async () => () => ({
        content: credentialDetails(roles, keys.anchors, counterOf),
        protection,
        success: true,
        writes: [],
      }),
    };
  }

  #readUpdate(envelope: SecuredMessage): Ready | Refused {
    const { updates, settings } = this.#ports;
    const update = readUpdate(envelope, settings.brokerSigns);
    if (typeof update === "string") return update;
    return {
      prepare: async () => () => ({
        ...updates.finish(update, envelope.content),
        protection: "signature",
        dated: true,
      }),
    };
  }

  #refuse(command: Downlink, refused: Refused): Execution {
    const { reason, log, alert } = CONSEQUENCES[refused];
    this.#ports.log.warn({ id: command.id, refused }, "a Command to the hub was refused");
    return {
      failed: reason,
      writes: () => {
        if (log !== undefined) this.#ports.logs.security(log);
        if (alert !== undefined && this.#allowance.take()) this.#ports.alerts.critical(alert);
      },
      answers: [],
    };
  }
}

function accessRequest({ content, counter }: SecuredMessage): AccessRequest {
  const apdu = decodeDlms(content);
  const invokeId = BREAK_ON_ERROR + Number(BigInt.asUintN(24, counter));
  if (apdu.type !== "access-request" || apdu.invokeId !== invokeId)
    throw new HanwayError("decode/value", "not the request of this counter", { field: "content", offset: 0 });
  return apdu;
}
