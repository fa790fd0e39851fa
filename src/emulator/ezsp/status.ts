import { type Codec, changed, u8, u32 } from "./codec.ts";

/**
 * Statuses by their SLStatus value (32 bits, EZSP 14 and later), the form that the emulator uses inside. Up to EZSP 13
 * the wire carries an EmberStatus of one octet instead.
 */
export const Status = {
  OK: 0x00,
  FAIL: 0x01,
  INVALID_STATE: 0x02,
  BUSY: 0x04,
  NOT_AVAILABLE: 0x0e,
  NOT_SUPPORTED: 0x0f,
  NETWORK_UP: 0x15,
  NETWORK_DOWN: 0x16,
  NOT_JOINED: 0x17,
  ALLOCATION_FAILED: 0x19,
  FULL: 0x1c,
  INVALID_PARAMETER: 0x21,
  INVALID_TYPE: 0x26,
  INVALID_INDEX: 0x27,
  NOT_FOUND: 0x2d,
  MESSAGE_TOO_LONG: 0x38,
  MAC_INDIRECT_TIMEOUT: 0x41,
  DELIVERY_FAILED: 0x0c02,
  MAX_MESSAGE_LIMIT_REACHED: 0x0c03,
  APS_ENCRYPTION_ERROR: 0x0c0a,
  SECURITY_STATE_NOT_SET: 0x0c0b,
  TOO_SOON_FOR_SWITCH_KEY: 0x0c0c,
  CHANNEL_CHANGED: 0x0c17,
  NETWORK_OPENED: 0x0c18,
  NETWORK_CLOSED: 0x0c19,
} as const;

/** EzspStatus, one octet: what the serial protocol itself answers. */
export const EzspStatus = {
  SUCCESS: 0x00,
  VERSION_NOT_SET: 0x30,
  INVALID_FRAME_ID: 0x31,
  OUT_OF_MEMORY: 0x35,
  INVALID_VALUE: 0x36,
  INVALID_ID: 0x37,
  INVALID_CALL: 0x38,
} as const;

/** EmberStatus octet and the SLStatus that replaced it (UG100, appendix of EZSP 14). One to one. */
const EMBER: readonly (readonly [ember: number, status: number])[] = [
  [0x00, Status.OK],
  [0x01, Status.FAIL],
  [0x02, Status.INVALID_PARAMETER],
  [0x18, Status.ALLOCATION_FAILED],
  [0x42, Status.MAC_INDIRECT_TIMEOUT],
  [0x66, Status.DELIVERY_FAILED],
  [0x70, Status.INVALID_STATE],
  [0x72, Status.MAX_MESSAGE_LIMIT_REACHED],
  [0x74, Status.MESSAGE_TOO_LONG],
  [0x90, Status.NETWORK_UP],
  [0x91, Status.NETWORK_DOWN],
  [0x93, Status.NOT_JOINED],
  [0x9b, Status.CHANNEL_CHANGED],
  [0x9c, Status.NETWORK_OPENED],
  [0x9d, Status.NETWORK_CLOSED],
  [0xa1, Status.BUSY],
  [0xa6, Status.APS_ENCRYPTION_ERROR],
  [0xa8, Status.SECURITY_STATE_NOT_SET],
  [0xb1, Status.INVALID_INDEX],
  [0xb4, Status.FULL],
  [0xb5, Status.NOT_AVAILABLE],
  [0xb6, Status.NOT_FOUND],
  [0xb8, Status.TOO_SOON_FOR_SWITCH_KEY],
];

const toEmber = new Map(EMBER.map(([ember, status]) => [status, ember]));
const fromEmber = new Map(EMBER);

/** Carries EmberStatus octets that have no SLStatus in the table, so that decoding loses nothing. */
const UNMAPPED = 0x1_0000;
const ERR_FATAL = 0x01;

const emberStatus: Codec<number> = {
  read: (reader, _version, field) => {
    const ember = reader.u8(field);
    return fromEmber.get(ember) ?? UNMAPPED + ember;
  },
  write: (writer, value) => {
    writer.u8(value >= UNMAPPED ? value - UNMAPPED : (toEmber.get(value) ?? ERR_FATAL));
  },
};

/** EmberStatus octet up to EZSP 13, SLStatus of four octets from 14. */
export const status: Codec<number> = changed(14, emberStatus, u32);
/** SLStatus of four octets in every version: the security manager's commands. */
export const slStatus: Codec<number> = u32;
/** EzspStatus: one octet up to 13, four from 14, the same numbers. */
export const ezspStatus: Codec<number> = changed(14, u8, u32);
/** startScan answers with an SLStatus since EZSP 9, before with an EmberStatus. */
export const scanStatus: Codec<number> = changed(9, emberStatus, u32);
