import { HanwayError } from "../../base/error.ts";
import type { DlmsApdu } from "./apdu.ts";
import { decodeData } from "./apdu.ts";
import { type Data, DEFAULT_DLMS_LIMITS, type DlmsLimits } from "./data.ts";

/**
 * COSEM data protection (class 30, GBCS 8.5): the attributes that an ESME only gives away encrypted. The answer of
 * get_protected_attributes, and the body of the billing alert, hold an array of one set of protection parameters
 * followed by an octet-string: security control 31, invocation counter 0, ciphertext, tag of 12 octets.
 */
export interface ProtectionParameters {
  /** 9 octets: 04, then the 8 of the counter that goes into the key. */
  readonly transactionId: Uint8Array;
  /** EUI-64 of who encrypts, most significant octet first. */
  readonly originator: Uint8Array;
  /** EUI-64 of whom it is encrypted for. */
  readonly recipient: Uint8Array;
}

export interface ProtectedData extends ProtectionParameters {
  /** Where the octet-string is, as `data[0][1]` or `body[3]`. */
  readonly field: string;
  readonly securityControl: number;
  readonly invocationCounter: number;
  /** Ciphertext, then the tag of 12 octets. */
  readonly sealed: Uint8Array;
}

/** Protected data with what it holds: the attributes in the order in which they were asked for. */
export interface OpenedData extends ProtectedData {
  readonly attributes: readonly Data[];
}

const SECURITY_CONTROL = 0x31;
const HEADER_OCTETS = 5;
const TAG_OCTETS = 12;
const AUTHENTICATED_ENCRYPTION = 2;
const AGREED_KEY = 2;
/** C(0e, 2s): static unified agreement. */
const KEY_SCHEME = 2;

/**
 * Every ciphertext of an APDU with its parameters, in order. Octets are views into the tree.
 * Throws `decode/length` or `decode/value` where parameters are followed by octets that cannot be a ciphertext.
 */
export function findProtected(apdu: DlmsApdu): ProtectedData[] {
  if (apdu.type === "data-notification") return findIn(apdu.body, "body");
  if (apdu.type === "access-request") return [];
  return apdu.data.flatMap((data, i) => findIn(data, `data[${i}]`));
}

/** The parameters by which a Command asks for protected attributes, one for each class 30 item in order. */
export function findProtectionRequests(apdu: DlmsApdu): ProtectionParameters[] {
  if (apdu.type !== "access-request") return [];
  const found: ProtectionParameters[] = [];
  for (const data of apdu.data) {
    const last = data.type === "structure" ? data.value.at(-1) : undefined;
    const parameters = last && readParameters(last);
    if (parameters) found.push(parameters);
  }
  return found;
}

/**
 * Opens every ciphertext of an APDU for which `decrypt` knows the plaintext. Throws as {@link findProtected} and
 * {@link decodeProtected} do.
 */
export function withDecrypted(
  apdu: DlmsApdu,
  decrypt: (data: ProtectedData) => Uint8Array | undefined,
): OpenedData[] {
  const opened: OpenedData[] = [];
  for (const data of findProtected(apdu)) {
    const plaintext = decrypt(data);
    if (plaintext) opened.push({ ...data, attributes: decodeProtected(plaintext, data.field) });
  }
  return opened;
}

/** The attributes in a plaintext, which is one structure of them. Throws HanwayError `decode/*`. */
export function decodeProtected(
  plaintext: Uint8Array,
  field = "protected",
  limits: DlmsLimits = DEFAULT_DLMS_LIMITS,
): readonly Data[] {
  const data = decodeData(plaintext, field, limits);
  if (data.type === "structure") return data.value;
  throw new HanwayError("decode/value", `${data.type} where a structure is wanted`, { field, offset: 0 });
}

/** The protection parameters as the array that requests, answers and alerts carry. */
export function protectionParameters(parameters: ProtectionParameters): Data {
  const { transactionId, originator, recipient } = parameters;
  return array(
    structure(
      { type: "enum", value: AUTHENTICATED_ENCRYPTION },
      structure(
        octets(transactionId),
        octets(originator),
        octets(recipient),
        octets(new Uint8Array(0)),
        structure(
          { type: "enum", value: AGREED_KEY },
          structure(octets(Uint8Array.of(KEY_SCHEME)), octets(new Uint8Array(0))),
        ),
      ),
    ),
  );
}

/** The answer of get_protected_attributes. `sealed` is the ciphertext, then the tag of 12 octets. */
export function protectedAnswer(parameters: ProtectionParameters, sealed: Uint8Array): Data {
  const value = new Uint8Array(HEADER_OCTETS + sealed.length);
  value[0] = SECURITY_CONTROL;
  value.set(sealed, HEADER_OCTETS);
  return structure(protectionParameters(parameters), octets(value));
}

function findIn(data: Data, field: string): ProtectedData[] {
  if (data.type !== "structure") return [];
  const found: ProtectedData[] = [];
  for (const [i, element] of data.value.entries()) {
    const previous = data.value[i - 1];
    if (element.type !== "octet-string" || !previous) continue;
    const parameters = readParameters(previous);
    if (parameters) found.push(readSealed(parameters, element.value, `${field}[${i}]`));
  }
  return found;
}

function readSealed(parameters: ProtectionParameters, value: Uint8Array, field: string): ProtectedData {
  if (value.length < HEADER_OCTETS + TAG_OCTETS)
    throw new HanwayError("decode/length", "too short for a header and a tag", { field });
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const securityControl = view.getUint8(0);
  if (securityControl !== SECURITY_CONTROL)
    throw new HanwayError("decode/value", "security control is not 31", { field, offset: 0 });
  return {
    ...parameters,
    field,
    securityControl,
    invocationCounter: view.getUint32(1),
    sealed: value.subarray(HEADER_OCTETS),
  };
}

/** Array of exactly one {enum 2, {transaction id, originator, recipient, other information, key information}}. */
function readParameters(data: Data): ProtectionParameters | undefined {
  const [entry, ...others] = data.type === "array" ? data.value : [];
  const [kind, options] = members(entry, 2);
  const [transactionId, originator, recipient, other, key] = members(options, 5);
  if (others.length > 0 || kind?.type !== "enum" || kind.value !== AUTHENTICATED_ENCRYPTION) return undefined;
  if (!isOctets(transactionId, 9) || !isOctets(originator, 8) || !isOctets(recipient, 8)) return undefined;
  if (other?.type !== "octet-string" || key?.type !== "structure") return undefined;
  return { transactionId: transactionId.value, originator: originator.value, recipient: recipient.value };
}

function members(data: Data | undefined, count: number): readonly (Data | undefined)[] {
  return data?.type === "structure" && data.value.length === count ? data.value : [];
}

function isOctets(
  data: Data | undefined,
  length: number,
): data is { type: "octet-string"; value: Uint8Array } {
  return data?.type === "octet-string" && data.value.length === length;
}

function array(...value: Data[]): Data {
  return { type: "array", value };
}
function structure(...value: Data[]): Data {
  return { type: "structure", value };
}
function octets(value: Uint8Array): Data {
  return { type: "octet-string", value };
}
