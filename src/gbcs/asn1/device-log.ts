import {
  alertCode,
  certificate,
  deviceLogEntries,
  deviceLogEntry,
  deviceType,
  entityIdentifier,
} from "./common.ts";
import { optional, seq, seqOf } from "./constructed.ts";
import { int } from "./primitives.ts";
import type { Value } from "./schema.ts";
import { generalizedTime } from "./time.ts";

export const JOIN_METHOD = { methodAInitiator: 0, methodAResponder: 1, methodB: 2, methodC: 3 } as const;

/** CS03A1, CS03A2, CS03B, CS03C Join Device: Command. A certificate comes with method C only. */
export const joinCommand = seq({
  method: int(0, 3),
  otherDeviceId: entityIdentifier,
  otherDeviceType: deviceType,
  otherDeviceCertificate: optional(certificate),
});
export type JoinCommand = Value<typeof joinCommand>;

export const JOIN_RESULT = {
  success: 0,
  invalidMessageCodeForJoinMethodAndRole: 1,
  invalidJoinMethodAndRole: 2,
  incompatibleWithExistingEntry: 3,
  deviceLogFull: 4,
  writeFailure: 5,
  keyAgreementNoResources: 6,
  keyAgreementUnknownIssuer: 7,
  keyAgreementUnsupportedSuite: 8,
  keyAgreementBadMessage: 9,
  keyAgreementBadKeyConfirm: 10,
  invalidOrMissingCertificate: 11,
  noPartnerLinkKeyReceived: 12,
  noCbkeResponse: 13,
} as const;
/** CS03: Response, one of {@link JOIN_RESULT}. */
export const joinResponse = int(0, 13);

export const UNJOIN_RESULT = { success: 0, otherDeviceNotInDeviceLog: 1, otherFailure: 2 } as const;
/** CS04AC, CS04B Unjoin Device: Response; the Command is the other device's Entity Identifier alone. */
export const unjoinResponse = int(0, 2);

export const READ_DEVICE_LOG_RESULT = { success: 0, readFailure: 1 } as const;
/** CS07 Read Device Join Details: Response; the Command is NULL. */
export const readDeviceLogResponse = seq({
  result: int(0, 1),
  entries: optional(deviceLogEntries),
});
export type ReadDeviceLogResponse = Value<typeof readDeviceLogResponse>;

/** GCS59 GPF Device Log Restore: Command. */
export const restoreGpfLogCommand = seq({ entries: deviceLogEntries });
/** GCS59: Response, each entry with its {@link JOIN_RESULT}. */
export const restoreGpfLogResponse = seq({
  outcomes: seqOf(seq({ entry: deviceLogEntry, result: joinResponse }), 0, 64),
});
export type RestoreGpfLogResponse = Value<typeof restoreGpfLogResponse>;

/** GCS62 Backup GPF Device Log: Alert 8071. */
export const backupGpfLogAlert = seq({
  alertCode: alertCode(0x8071),
  backupTime: generalizedTime,
  entries: deviceLogEntries,
});
export type BackupGpfLogAlert = Value<typeof backupGpfLogAlert>;
