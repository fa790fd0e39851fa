import { type Eui64, eui64FromBytes, eui64ToBytes } from "../../base/eui64.ts";
import { mapped, seq, seqOf, withDefault } from "./constructed.ts";
import type { DerWriter } from "./der-writer.ts";
import { bigInt, enumerated, int, intOneOf, namedBits, octets, opaque } from "./primitives.ts";
import type { Value } from "./schema.ts";

/** Entity Identifier: OCTET STRING of 8 octets, most significant first. */
export const entityIdentifier = mapped(
  octets(8),
  (bytes) => eui64FromBytes(bytes),
  (value: Eui64, writer) => eui64Octets(value, writer),
);

function eui64Octets(value: Eui64, writer: DerWriter): Uint8Array {
  if (typeof value !== "string" || !/^[0-9a-f]{16}$/.test(value)) writer.fail("not an EUI-64");
  return eui64ToBytes(value);
}

/** An originator counter or a floor of one: INTEGER of up to 64 bits. */
export const seqNumber = bigInt(0n, 0xffff_ffff_ffff_ffffn);

/** Subject Key Identifier of a certificate in the smart metering PKI. */
export const keyIdentifier = octets(8);

/** An X.509 certificate, kept as its DER encoding; the certificate reader judges what is inside. */
export const certificate = opaque(0x30, 4096);

/** An alert code as DER messages carry it, an INTEGER that is one of these. */
export const alertCode = intOneOf;

/** Version of a firmware image as the manufacturer and OTA header give it. */
export const firmwareVersion = octets(4);

/** Kinds of device in a Device Log entry. A type that is not listed is still carried. */
export const DEVICE_TYPE = {
  gsme: 0,
  esme: 1,
  communicationsHubFunction: 2,
  gasProxyFunction: 3,
  hanConnectedAuxiliaryLoadControlSwitch: 4,
  prepaymentInterfaceDevice: 5,
  type2: 6,
} as const;
export const deviceType = int(0, 255);

/** Roles of remote parties. A role that is not listed is still carried: CS02a answers it with status `other`. */
export const REMOTE_PARTY_ROLE = {
  root: 0,
  recovery: 1,
  supplier: 2,
  networkOperator: 3,
  accessControlBroker: 4,
  transitionalCoS: 5,
  wanProvider: 6,
  issuingAuthority: 7,
  loadController: 8,
  other: 127,
} as const;
export const remotePartyRole = int(0, 255);

/** Key usage as a mask, named bit n of RFC 5280 4.2.1.3 being `1 << n`. */
export const KEY_USAGE = {
  digitalSignature: 1 << 0,
  keyAgreement: 1 << 4,
  keyCertSign: 1 << 5,
} as const;
export const keyUsage = namedBits(9);

/** What a cell's key serves: management of the device, or the authority to top up. */
export const CELL_USAGE = { management: 0, prePaymentTopUp: 1 } as const;
export const cellUsage = int(0, 1);

/** A trust anchor cell of a device. */
export const trustAnchorCell = seq({
  role: remotePartyRole,
  keyUsage,
  cellUsage: withDefault(cellUsage, CELL_USAGE.management),
});
export type TrustAnchorCell = Value<typeof trustAnchorCell>;

/** Outcomes per cell or role; the numbers are those of TAMP (RFC 5934). */
export const STATUS_CODE = {
  success: 0,
  badCertificate: 5,
  noTrustAnchor: 10,
  insufficientMemory: 17,
  contingencyPublicKeyDecrypt: 22,
  trustAnchorNotFound: 25,
  resourcesBusy: 30,
  other: 127,
} as const;
export const statusCode = enumerated(0, 127);

/** An entry of a Device Log as GBCS messages carry it. */
export const deviceLogEntry = seq({ deviceId: entityIdentifier, deviceType });
export type DeviceLogEntry = Value<typeof deviceLogEntry>;

/** Device Logs of GBCS devices hold far fewer; the bound keeps a hostile list small. */
export const deviceLogEntries = seqOf(deviceLogEntry, 0, 64);

/** The name that a table such as {@link STATUS_CODE} gives a number, for display. */
export function nameOf(table: Readonly<Record<string, number>>, value: number): string | undefined {
  return Object.keys(table).find((name) => table[name] === value);
}
