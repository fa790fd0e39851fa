import {
  alertCode,
  CELL_USAGE,
  cellUsage,
  certificate,
  entityIdentifier,
  keyIdentifier,
  keyUsage,
  remotePartyRole,
  seqNumber,
  statusCode,
  trustAnchorCell,
} from "./common.ts";
import { choice, implicit, optional, seq, seqOf, withDefault } from "./constructed.ts";
import { int, nullValue, octets, opaque } from "./primitives.ts";
import type { Value } from "./schema.ts";
import { generalizedTime } from "./time.ts";

/** Lists of cells and roles: a device has about a dozen cells. */
const MAX_CELLS = 32;

/** CS02a, CS02f Provide Security Credential Details: Command. */
export const provideCredentialsCommand = seq({
  authorisingCell: trustAnchorCell,
  rolesRequired: seqOf(remotePartyRole, 0, MAX_CELLS),
});
export type ProvideCredentialsCommand = Value<typeof provideCredentialsCommand>;

/** CS02a, CS02f: Response; counter and cells are there for a role with status `success`. */
export const provideCredentialsResponse = seqOf(
  seq({
    role: remotePartyRole,
    status: statusCode,
    currentSeqNumber: optional(seqNumber),
    cells: optional(
      seqOf(
        seq({
          keyUsage,
          cellUsage: withDefault(cellUsage, CELL_USAGE.management),
          subjectUniqueId: entityIdentifier,
          subjectKeyId: keyIdentifier,
        }),
        0,
        MAX_CELLS,
      ),
    ),
  }),
  0,
  MAX_CELLS,
);
export type ProvideCredentialsResponse = Value<typeof provideCredentialsResponse>;

/** Who replaces whose credentials in CS02b and CS02g. */
export const CREDENTIALS_REPLACEMENT_MODE = {
  rootBySupplier: 0,
  rootByWanProvider: 1,
  supplierBySupplier: 2,
  networkOperatorByNetworkOperator: 3,
  accessControlBrokerByAccessControlBroker: 4,
  wanProviderByWanProvider: 5,
  transCoSByTransCoS: 6,
  supplierByTransCoS: 7,
  anyExceptAbnormalRootByRecovery: 8,
  anyByContingency: 9,
  loadControllerByLoadController: 10,
  loadControllerBySupplier: 11,
} as const;
const replacementMode = int(0, 11);

/** The mode that a CS02b or CS02g message code stands for, or undefined for any other code. */
export function replacementModeOf(messageCode: number): number | undefined {
  if (messageCode >= 0x0100 && messageCode <= 0x0109) return messageCode - 0x0100;
  if (messageCode === 0x0125) return CREDENTIALS_REPLACEMENT_MODE.loadControllerByLoadController;
  if (messageCode === 0x0126) return CREDENTIALS_REPLACEMENT_MODE.loadControllerBySupplier;
  return undefined;
}

/** Counters with a use of their own; prepayment top-up (0) is the only one. */
export const SEQ_NUMBER_USAGE = { prepaymentTopUp: 0 } as const;
const specialistSeqNumbers = seqOf(seq({ usage: int(0, 0), seqNumber }), 0, MAX_CELLS);

const seqNumberChanges = seqOf(
  seq({
    role: remotePartyRole,
    floorSeqNumber: seqNumber,
    specialistFloorSeqNumbers: optional(specialistSeqNumbers),
  }),
  0,
  MAX_CELLS,
);

/** Whether validity periods count when the certification path is checked. */
export const TIME_BASED_CPV_CHECKS = { apply: 0, disapply: 1 } as const;

/** CS02b, CS02g Update Security Credentials: Command. `authorisingSeqNumber` repeats the header's counter. */
export const updateCredentialsCommand = seq({
  control: seq({
    mode: replacementMode,
    plaintextSymmetricKey: optional(implicit(0, octets(1, 64))),
    applyTimeBasedCpvChecks: optional(implicit(1, int(0, 1))),
    authorisingCell: optional(implicit(2, trustAnchorCell)),
    authorisingSeqNumber: implicit(3, seqNumber),
    newRemotePartyFloorSeqNumber: optional(implicit(4, seqNumber)),
    newRemotePartySpecialistFloorSeqNumbers: optional(implicit(5, specialistSeqNumbers)),
    otherRemotePartySeqNumberChanges: optional(implicit(6, seqNumberChanges)),
  }),
  replacements: seqOf(seq({ certificate, targetCell: trustAnchorCell }), 0, MAX_CELLS),
  certificationPath: seqOf(certificate, 0, MAX_CELLS),
  executionTime: optional(generalizedTime),
});
export type UpdateCredentialsCommand = Value<typeof updateCredentialsCommand>;

const updateCredentialsOutcome = seq({
  authorisingSeqNumber: seqNumber,
  mode: replacementMode,
  seqNumberChanges,
  replacements: seqOf(
    seq({
      cell: trustAnchorCell,
      status: statusCode,
      existingSubjectUniqueId: entityIdentifier,
      existingSubjectKeyId: keyIdentifier,
      replacingSubjectUniqueId: entityIdentifier,
      replacingSubjectKeyId: keyIdentifier,
    }),
    0,
    MAX_CELLS,
  ),
});
export type UpdateCredentialsOutcome = Value<typeof updateCredentialsOutcome>;

/** CS02b, CS02g: Response; a future-dated or cancelling Command is answered without an outcome. */
export const updateCredentialsResponse = seq({
  commandAccepted: nullValue,
  outcome: optional(updateCredentialsOutcome),
});
export type UpdateCredentialsResponse = Value<typeof updateCredentialsResponse>;

/** Alert 00CB (CS02b) and 0124 (CS02g): the outcome of a future-dated Command. */
export const updateCredentialsAlert = seq({
  alertCode: alertCode(0x8f66, 0x8f67),
  time: generalizedTime,
  outcome: updateCredentialsOutcome,
});
export type UpdateCredentialsAlert = Value<typeof updateCredentialsAlert>;

/** CS02c Issue Security Credentials and CS02e Provide Device Certificate: Command. */
export const keyUsageCommand = seq({ keyUsage });

export const ISSUE_CREDENTIALS_ERROR = { badKeyUsage: 1, keyPairGenerationFailed: 2, csrFailed: 3 } as const;

/** CS02c: Response; the request is kept as its DER encoding for {@link decodeCertificationRequest}. */
export const issueCredentialsResponse = choice({
  certificationRequest: opaque(0x30, 4096),
  error: int(1, 3),
});

export const UPDATE_DEVICE_CERTIFICATE_RESULT = {
  success: 0,
  invalidCertificate: 1,
  wrongDeviceIdentity: 2,
  badKeyUsage: 3,
  noCorrespondingKeyPairGenerated: 4,
  wrongPublicKey: 5,
  certificateStorageFailed: 6,
  privateKeyChangeFailed: 7,
} as const;
/** CS02d Update Device Certificate: Response. */
export const updateDeviceCertificateResponse = int(0, 7);

export const PROVIDE_DEVICE_CERTIFICATE_ERROR = {
  badKeyUsage: 1,
  noCertificateHeld: 2,
  certificateRetrievalFailed: 3,
} as const;
/** CS02e: Response. */
export const provideDeviceCertificateResponse = choice({ certificate, error: int(1, 3) });
