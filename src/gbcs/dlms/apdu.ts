import { ByteWriter } from "../../base/bytes.ts";
import { type Data, DEFAULT_DLMS_LIMITS, type DlmsLimits } from "./data.ts";
import { AxdrDecoder } from "./decoder.ts";
import { listOf, objectOf, octetsOf, refuse, writeData, writeLength } from "./encoder.ts";

/**
 * The three DLMS APDUs of GBCS: Access-Request in Commands, Access-Response in Responses, Data-Notification in
 * Alerts. `invokeId` is the whole long-invoke-id-and-priority; GBCS sets it to 20 and the low 24 bits of the
 * Originator Counter. `dateTime` is empty or 12 octets; GBCS leaves it empty.
 */
export type DlmsApdu = AccessRequest | AccessResponse | DataNotification;

export interface AccessRequest {
  readonly type: "access-request";
  readonly invokeId: number;
  readonly dateTime: Uint8Array;
  readonly specifications: readonly AccessSpecification[];
  /** One for each specification: what is set, or the parameter of a method; null-data for a get. */
  readonly data: readonly Data[];
}

export interface AccessResponse {
  readonly type: "access-response";
  readonly invokeId: number;
  readonly dateTime: Uint8Array;
  /** The request's specifications, where the server repeats them. GBCS devices do not. */
  readonly specifications?: readonly AccessSpecification[];
  /** One for each result: what a get or a method returned; null-data else. */
  readonly data: readonly Data[];
  readonly results: readonly AccessResult[];
}

export interface DataNotification {
  readonly type: "data-notification";
  readonly invokeId: number;
  readonly dateTime: Uint8Array;
  readonly body: Data;
}

export type AccessOperation = "get" | "set" | "action";

export interface AccessSpecification {
  readonly operation: AccessOperation;
  readonly classId: number;
  /** Logical name, 6 octets. */
  readonly obis: Uint8Array;
  /** Attribute number (get, set) or method number (action). */
  readonly index: number;
  /** Selective access, on a get or a set. */
  readonly selection?: { readonly selector: number; readonly parameters: Data };
}

export interface AccessResult {
  readonly operation: AccessOperation;
  /** data-access-result or action-result; see {@link accessResultName}. */
  readonly result: number;
}

export const ACCESS_REQUEST_TAG = 0xd9;
export const ACCESS_RESPONSE_TAG = 0xda;
export const DATA_NOTIFICATION_TAG = 0x0f;

const OPERATIONS: readonly AccessOperation[] = ["get", "set", "action"];
const NO_OCTETS = new Uint8Array(0);

/**
 * Decodes a whole GBCS content. Octet leaves are views into `content`. Throws HanwayError `decode/*` with the
 * offset within `content` and the field, such as `data[2][0]`, for everything that is not exactly one APDU.
 */
export function decodeDlms(content: Uint8Array, limits: DlmsLimits = DEFAULT_DLMS_LIMITS): DlmsApdu {
  const decoder = new AxdrDecoder(content, "tag", limits);
  const tag = decoder.u8();
  if (tag !== ACCESS_REQUEST_TAG && tag !== ACCESS_RESPONSE_TAG && tag !== DATA_NOTIFICATION_TAG)
    return decoder.fail("decode/value", "not the tag of an APDU that GBCS uses", 0);
  decoder.field = "invokeId";
  const invokeId = decoder.u32();
  decoder.field = "dateTime";
  const dateTime = decodeDateTime(decoder);
  const apdu =
    tag === ACCESS_REQUEST_TAG
      ? decodeRequest(decoder, invokeId, dateTime)
      : tag === ACCESS_RESPONSE_TAG
        ? decodeResponse(decoder, invokeId, dateTime)
        : decodeNotification(decoder, invokeId, dateTime);
  decoder.field = "content";
  decoder.finish();
  return apdu;
}

/** Decodes octets that are exactly one Data, as after decryption. Errors as {@link decodeDlms}. */
export function decodeData(
  octets: Uint8Array,
  field = "data",
  limits: DlmsLimits = DEFAULT_DLMS_LIMITS,
): Data {
  const decoder = new AxdrDecoder(octets, field, limits);
  const data = decoder.data();
  decoder.finish();
  return data;
}

/** The octets of one Data. Throws `encode/value` naming the field that does not fit. */
export function encodeData(data: Data, field = "data"): Uint8Array {
  const out = new ByteWriter(256);
  writeData(out, data, field);
  return out.done();
}

/** The octets of an APDU, from its values alone. Throws `encode/value` naming the field that does not fit. */
export function encodeDlms(apdu: DlmsApdu): Uint8Array {
  const out = new ByteWriter(256);
  objectOf(apdu, "apdu");
  switch (apdu.type) {
    case "access-request":
      writeHead(out, ACCESS_REQUEST_TAG, apdu);
      writeSpecifications(out, apdu.specifications);
      sameCount(listOf(apdu.data, "data").length, apdu.specifications.length);
      writeDataList(out, apdu.data);
      break;
    case "access-response":
      writeHead(out, ACCESS_RESPONSE_TAG, apdu);
      out.u8(apdu.specifications ? 1 : 0);
      if (apdu.specifications) writeSpecifications(out, apdu.specifications);
      sameCount(listOf(apdu.data, "data").length, listOf(apdu.results, "results").length);
      writeDataList(out, apdu.data);
      writeResults(out, apdu.results);
      break;
    case "data-notification":
      writeHead(out, DATA_NOTIFICATION_TAG, apdu);
      writeData(out, apdu.body, "body");
      break;
    default:
      refuse("type", "not an APDU");
  }
  return out.done();
}

function decodeDateTime(decoder: AxdrDecoder): Uint8Array {
  const at = decoder.at;
  const length = decoder.length();
  if (length === 0) return NO_OCTETS;
  if (length !== 12) decoder.fail("decode/length", `${length} octets; a date-time has 12 or none`, at);
  return decoder.octets(12);
}

function decodeRequest(decoder: AxdrDecoder, invokeId: number, dateTime: Uint8Array): AccessRequest {
  const specifications = decodeSpecifications(decoder);
  const data = decodeDataList(decoder, specifications.length);
  return { type: "access-request", invokeId, dateTime, specifications, data };
}

function decodeResponse(decoder: AxdrDecoder, invokeId: number, dateTime: Uint8Array): AccessResponse {
  decoder.field = "specifications";
  const at = decoder.at;
  const present = decoder.u8();
  if (present > 1) decoder.fail("decode/value", `${present} says neither absent nor present`, at);
  const specifications = present === 1 ? decodeSpecifications(decoder) : undefined;
  const data = decodeDataList(decoder, specifications?.length);
  const results = decodeResults(decoder, data.length);
  return specifications === undefined
    ? { type: "access-response", invokeId, dateTime, data, results }
    : { type: "access-response", invokeId, dateTime, specifications, data, results };
}

function decodeNotification(decoder: AxdrDecoder, invokeId: number, dateTime: Uint8Array): DataNotification {
  decoder.field = "body";
  return { type: "data-notification", invokeId, dateTime, body: decoder.data() };
}

function decodeSpecifications(decoder: AxdrDecoder): AccessSpecification[] {
  decoder.field = "specifications";
  const count = decoder.count(10);
  const specifications: AccessSpecification[] = [];
  for (let i = 0; i < count; i++) specifications.push(decodeSpecification(decoder, i));
  return specifications;
}

/** access-request-specification: 1 get, 2 set, 3 action, 4 get-with-selection, 5 set-with-selection. */
function decodeSpecification(decoder: AxdrDecoder, i: number): AccessSpecification {
  const at = decoder.at;
  const choice = decoder.u8();
  const operation = OPERATIONS[choice > 3 ? choice - 4 : choice - 1];
  if (operation === undefined || choice > 5) {
    decoder.field = `specifications[${i}]`;
    return decoder.fail("decode/value", `${choice} is no kind of access`, at);
  }
  const classId = decoder.u16();
  const obis = decoder.octets(6);
  const index = decoder.i8();
  if (choice < 4) return { operation, classId, obis, index };
  decoder.field = `specifications[${i}].selection`;
  const selector = decoder.u8();
  const parameters = decoder.data();
  decoder.field = "specifications";
  return { operation, classId, obis, index, selection: { selector, parameters } };
}

function decodeDataList(decoder: AxdrDecoder, expected: number | undefined): Data[] {
  decoder.field = "data";
  const at = decoder.at;
  const count = decoder.count(1);
  if (expected !== undefined && count !== expected)
    decoder.fail("decode/value", `${count} data for ${expected} specifications`, at);
  return decoder.list(count);
}

function decodeResults(decoder: AxdrDecoder, expected: number): AccessResult[] {
  decoder.field = "results";
  const at = decoder.at;
  const count = decoder.count(2);
  if (count !== expected) decoder.fail("decode/value", `${count} results for ${expected} data`, at);
  const results: AccessResult[] = [];
  for (let i = 0; i < count; i++) {
    const operation = OPERATIONS[decoder.u8() - 1];
    if (operation === undefined) {
      decoder.field = `results[${i}]`;
      return decoder.fail("decode/value", "no kind of access", decoder.at - 1);
    }
    results.push({ operation, result: decoder.u8() });
  }
  return results;
}

function writeHead(
  out: ByteWriter,
  tag: number,
  apdu: { readonly invokeId: number; readonly dateTime: Uint8Array },
): void {
  if (!Number.isInteger(apdu.invokeId) || apdu.invokeId < 0 || apdu.invokeId > 0xffff_ffff)
    refuse("invokeId", `${apdu.invokeId} is not within 32 bits`);
  if (octetsOf(apdu.dateTime, "dateTime").length !== 0 && apdu.dateTime.length !== 12)
    refuse("dateTime", "a date-time has 12 octets or none");
  out.u8(tag).u32be(apdu.invokeId).u8(apdu.dateTime.length).bytes(apdu.dateTime);
}

function writeSpecifications(out: ByteWriter, specifications: readonly AccessSpecification[]): void {
  writeLength(out, listOf(specifications, "specifications").length);
  for (const [i, specification] of specifications.entries())
    writeSpecification(out, specification, `specifications[${i}]`);
}

function writeSpecification(out: ByteWriter, specification: AccessSpecification, field: string): void {
  const { operation, classId, obis, index, selection } = objectOf(specification, field);
  const choice = OPERATIONS.indexOf(operation) + (selection ? 4 : 1);
  if (!OPERATIONS.includes(operation) || choice > 5) refuse(field, `no such access as ${operation}`);
  if (!Number.isInteger(classId) || classId < 0 || classId > 0xffff)
    refuse(`${field}.classId`, `${classId} is not within 16 bits`);
  octetsOf(obis, `${field}.obis`, 6);
  if (!Number.isInteger(index) || index < -128 || index > 127)
    refuse(`${field}.index`, `${index} is not within 8 bits`);
  out.u8(choice).u16be(classId).bytes(obis).u8(index);
  if (!selection) return;
  objectOf(selection, `${field}.selection`);
  if (!Number.isInteger(selection.selector) || selection.selector < 0 || selection.selector > 255)
    refuse(`${field}.selection.selector`, `${selection.selector} is not within 8 bits`);
  out.u8(selection.selector);
  writeData(out, selection.parameters, `${field}.selection`);
}

function writeDataList(out: ByteWriter, list: readonly Data[]): void {
  writeLength(out, list.length);
  for (const [i, data] of list.entries()) writeData(out, data, `data[${i}]`);
}

function writeResults(out: ByteWriter, results: readonly AccessResult[]): void {
  writeLength(out, results.length);
  for (const [i, one] of results.entries()) {
    const { operation, result } = objectOf(one, `results[${i}]`);
    const choice = OPERATIONS.indexOf(operation) + 1;
    if (choice === 0) refuse(`results[${i}]`, `no such access as ${operation}`);
    if (!Number.isInteger(result) || result < 0 || result > 255)
      refuse(`results[${i}]`, `${result} is not within 8 bits`);
    out.u8(choice).u8(result);
  }
}

function sameCount(data: number, others: number): void {
  if (data !== others) refuse("data", `${data} data where there are ${others} others`);
}
