import { alertCode, entityIdentifier, firmwareVersion, seqNumber } from "./common.ts";
import { choice, optional, seq } from "./constructed.ts";
import { int, nullValue, octets } from "./primitives.ts";
import type { Value } from "./schema.ts";
import { generalizedTime } from "./time.ts";

/** CS06 Activate Firmware: Command. `originatorCounter` repeats the header's. */
export const activateFirmwareCommand = seq({
  imageHash: octets(32),
  originatorCounter: seqNumber,
  executionTime: optional(generalizedTime),
});
export type ActivateFirmwareCommand = Value<typeof activateFirmwareCommand>;

export const ACTIVATE_FIRMWARE_RESULT = {
  success: 0,
  noImageHeld: 1,
  hashMismatch: 2,
  activationFailure: 3,
} as const;
const activateFirmwareOutcome = seq({ result: int(0, 3), firmwareVersion });

/** CS06: Response; a future-dated or cancelling Command is accepted with NULL. */
export const activateFirmwareResponse = choice({ accepted: nullValue, outcome: activateFirmwareOutcome });
export type ActivateFirmwareResponse = Value<typeof activateFirmwareResponse>;

/** Alert 00CA: the outcome of a future-dated CS06. */
export const activateFirmwareAlert = seq({
  alertCode: alertCode(0x8f66, 0x8f67),
  time: generalizedTime,
  originatorCounter: seqNumber,
  outcome: activateFirmwareOutcome,
});
export type ActivateFirmwareAlert = Value<typeof activateFirmwareAlert>;

export const FIRMWARE_TRANSFER_RESULT = {
  success: 0,
  imageDiscarded: 1,
  hardwareVersionMismatch: 2,
  fileTransferFailure: 3,
} as const;
/** CCS08 Firmware Transfer Alert: 8F8A on success, 8F89 on failure. */
export const firmwareTransferAlert = seq({
  alertCode: alertCode(0x8f89, 0x8f8a),
  time: generalizedTime,
  deviceId: entityIdentifier,
  firmwareVersion,
  result: int(0, 3),
});
export type FirmwareTransferAlert = Value<typeof firmwareTransferAlert>;

/** CS08 Read PPMID/HCALCS Firmware Version: Response; the Command is NULL. */
export const readFirmwareVersionResponse = seq({ firmwareVersion, result: int(0, 1) });
/** CS09 PPMID/HCALCS Firmware Activation Alert 8F8B. */
export const firmwareVersionAlert = seq({
  alertCode: alertCode(0x8f8b),
  time: generalizedTime,
  firmwareVersion,
  result: int(0, 1),
});
