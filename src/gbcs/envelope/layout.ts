/** Largest message that is read or built: MAC header to MAC, in octets. */
export const MAX_MESSAGE = 65_536;

/** Why octets are not a GBCS message; `reason` is the error code that the throwing readers use. */
export interface Refusal {
  readonly refused: "decode/truncated" | "decode/trailing" | "decode/length" | "decode/value" | "decode/size";
  readonly field: string;
  readonly offset: number;
}

/** Where the fields of one message lie (GBCS 7.2): offsets into the message, end exclusive. */
export interface Layout {
  /** Offset of the Grouping Header's tag `DF`: 0 without a MAC header. */
  readonly grouping: number;
  /** CRA flag: 1 Command, 2 Response, 3 Alert. */
  readonly cra: 1 | 2 | 3;
  /** Start of the Date-Time's 12 octets, 0 where it is empty. */
  readonly dateTime: number;
  readonly otherInfo: number;
  readonly otherInfoEnd: number;
  readonly content: number;
  readonly contentEnd: number;
  /** How the signature field looks: no field at all, the null signature `00`, or 64 octets. */
  readonly signature: "absent" | "null" | "present";
  /** End of the signature field: what the MAC covers ends here. The MAC, if any, is the 12 octets that follow. */
  readonly signatureEnd: number;
  readonly hasMac: boolean;
}

/** Message code, Supplementary Remote Party ID and counter, and a certificate of at most 4,096 octets. */
const MAX_OTHER_INFORMATION = 18 + 4096;

/** Octets of the MAC at the end of a message with a MAC header. */
export const MAC_LENGTH = 12;
/** Octets of a signature, r and s of 32 octets each. */
export const SIGNATURE_LENGTH = 64;

/** `DD`, then five empty octet strings and the key-info flag. */
const MAC_HEADER_START = 7;
/** Security control 0x11 and invocation counter 0. */
const SECURITY_HEADER = 5;
/** Offset of the counter, originator, target and Date-Time from the tag `DF`. */
export const COUNTER_AT = 3;
export const ORIGINATOR_AT = 12;
export const TARGET_AT = 21;
const DATE_TIME_AT = 29;
/** Octets of a COSEM date-time. */
export const DATE_TIME_LENGTH = 12;

function refusal(refused: Refusal["refused"], field: string, offset: number): Refusal {
  return { refused, field, offset };
}

/**
 * A definite length (BER, A-XDR) of at most 65,535 in its shortest form at `at`, packed as `value * 8 + octets used`,
 * or a negative number: -1 truncated, -2 not the shortest form, -3 too large or indefinite. Nothing is allocated.
 */
export function packedLength(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1;
  const first = bytes[at] ?? 0;
  if (first < 0x80) return first * 8 + 1;
  if (first === 0x81) {
    if (at + 2 > end) return -1;
    const value = bytes[at + 1] ?? 0;
    return value < 0x80 ? -2 : value * 8 + 2;
  }
  if (first === 0x82) {
    if (at + 3 > end) return -1;
    const value = ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    return value < 0x100 ? -2 : value * 8 + 3;
  }
  return -3;
}

function lengthRefusal(packed: number, field: string, offset: number): Refusal {
  if (packed === -1) return refusal("decode/truncated", field, offset);
  return refusal(packed === -2 ? "decode/length" : "decode/size", field, offset);
}

/** The MAC header (GBCS 7.2.8): the offset of the Grouping Header, or a refusal. The length must reach the end. */
function readMacHeader(bytes: Uint8Array): number | Refusal {
  for (let at = 1; at < MAC_HEADER_START; at++) {
    if (at >= bytes.length) return refusal("decode/truncated", "macHeader", at);
    if (bytes[at] !== 0) return refusal("decode/value", "macHeader", at);
  }
  const packed = packedLength(bytes, MAC_HEADER_START, bytes.length);
  if (packed < 0) return lengthRefusal(packed, "macHeader.length", MAC_HEADER_START);
  const start = MAC_HEADER_START + (packed & 7);
  const end = start + (packed >> 3);
  if (end > bytes.length) return refusal("decode/truncated", "macHeader.length", MAC_HEADER_START);
  if (end < bytes.length) return refusal("decode/trailing", "macHeader.length", end);
  if (end - start < SECURITY_HEADER + MAC_LENGTH) {
    return refusal("decode/length", "macHeader.length", MAC_HEADER_START);
  }
  if (bytes[start] !== 0x11) return refusal("decode/value", "macHeader.securityControl", start);
  for (let at = start + 1; at < start + SECURITY_HEADER; at++) {
    if (bytes[at] !== 0) return refusal("decode/value", "macHeader.invocationCounter", at);
  }
  return start + SECURITY_HEADER;
}

/**
 * Finds every field of a whole message (GBCS 7.2) and checks tags, lengths and that nothing is left over; the octets of
 * the fields themselves are not looked at. Never throws: a refusal names the field and its offset.
 */
export function readLayout(bytes: Uint8Array): Layout | Refusal {
  if (bytes.length > MAX_MESSAGE) return refusal("decode/size", "message", MAX_MESSAGE);
  if (bytes.length === 0) return refusal("decode/truncated", "message", 0);
  const hasMac = bytes[0] === 0xdd;
  let grouping = 0;
  if (hasMac) {
    const start = readMacHeader(bytes);
    if (typeof start !== "number") return start;
    grouping = start;
  }
  const end = hasMac ? bytes.length - MAC_LENGTH : bytes.length;
  return readGrouping(bytes, grouping, end, hasMac);
}

function readGrouping(bytes: Uint8Array, grouping: number, end: number, hasMac: boolean): Layout | Refusal {
  const fixed = readFixedFields(bytes, grouping, end);
  if (fixed !== undefined) return fixed;
  const cra = bytes[grouping + 2];
  if (cra !== 1 && cra !== 2 && cra !== 3) return refusal("decode/value", "cra", grouping + 2);

  let at = grouping + DATE_TIME_AT;
  if (at >= end) return refusal("decode/truncated", "dateTime", at);
  const dateTimeLength = bytes[at] ?? 0;
  if (dateTimeLength !== 0 && dateTimeLength !== DATE_TIME_LENGTH)
    return refusal("decode/length", "dateTime", at);
  const dateTime = dateTimeLength === 0 ? 0 : at + 1;
  if (at + 1 + dateTimeLength > end) return refusal("decode/truncated", "dateTime", at);
  at += 1 + dateTimeLength;

  let packed = packedLength(bytes, at, end);
  if (packed < 0) return lengthRefusal(packed, "otherInformation", at);
  const otherInfo = at + (packed & 7);
  const otherInfoLength = packed >> 3;
  const otherInfoEnd = otherInfo + otherInfoLength;
  if (otherInfoEnd > end) return refusal("decode/truncated", "otherInformation", at);
  const certificate = otherInfoLength > 26;
  if (otherInfoLength > MAX_OTHER_INFORMATION) return refusal("decode/size", "otherInformation", at);
  if (!certificate && ![2, 10, 18, 26].includes(otherInfoLength)) {
    return refusal("decode/length", "otherInformation", at);
  }
  if ((certificate && cra !== 1) || (otherInfoLength === 26 && cra === 1)) {
    return refusal("decode/length", "otherInformation", at);
  }
  at = otherInfoEnd;

  packed = packedLength(bytes, at, end);
  if (packed < 0) return lengthRefusal(packed, "content", at);
  const content = at + (packed & 7);
  const contentEnd = content + (packed >> 3);
  if (contentEnd > end) return refusal("decode/truncated", "content", at);

  let signature: Layout["signature"] = "absent";
  let signatureEnd = contentEnd;
  if (contentEnd === end) {
    // Only a pre-command has no signature field: it is not yet signed and has no MAC.
    if (hasMac || cra !== 1) return refusal("decode/truncated", "signature", contentEnd);
  } else if (bytes[contentEnd] === 0) {
    signature = "null";
    signatureEnd = contentEnd + 1;
  } else if (bytes[contentEnd] === SIGNATURE_LENGTH) {
    signature = "present";
    signatureEnd = contentEnd + 1 + SIGNATURE_LENGTH;
    if (signatureEnd > end) return refusal("decode/truncated", "signature", contentEnd);
  } else return refusal("decode/length", "signature", contentEnd);
  if (signatureEnd !== end) return refusal("decode/trailing", "signature", signatureEnd);

  return {
    grouping,
    cra,
    dateTime,
    otherInfo,
    otherInfoEnd,
    content,
    contentEnd,
    signature,
    signatureEnd,
    hasMac,
  };
}

/** Tag, transaction id, originator and target; undefined when they are all in their place. */
function readFixedFields(bytes: Uint8Array, grouping: number, end: number): Refusal | undefined {
  if (grouping >= end) return refusal("decode/truncated", "groupingHeader", grouping);
  if (bytes[grouping] !== 0xdf) return refusal("decode/value", "groupingHeader", grouping);
  return readParties(bytes, grouping, end);
}

/**
 * The transaction id, originator and target that follow the tag at `tag`: they begin a Grouping Header and a General
 * Block Transfer block alike. Undefined when they are in their place.
 */
export function readParties(bytes: Uint8Array, tag: number, end: number): Refusal | undefined {
  const checks: readonly [number, number, string][] = [
    [1, 9, "transactionId"],
    [ORIGINATOR_AT - 1, 8, "originator"],
    [TARGET_AT - 1, 8, "target"],
  ];
  for (const [at, length, field] of checks) {
    if (tag + at >= end) return refusal("decode/truncated", field, tag + at);
    if (bytes[tag + at] !== length) return refusal("decode/length", field, tag + at);
    if (tag + at + 1 + length > end) return refusal("decode/truncated", field, tag + at);
  }
  return undefined;
}
