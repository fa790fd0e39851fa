import { ByteReader, toHex } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { type Eui64, eui64FromBytes } from "../base/eui64.ts";
import type { Suite } from "./suite.ts";

/** Named bits of the key usage octet of a suite 2 certificate. */
export const IMPLICIT_KEY_USAGE = { keyAgreement: 0x08, digitalSignature: 0x80 } as const;

interface CommonFields {
  /** The whole certificate as received: it is what the hash is made over. */
  readonly octets: Uint8Array;
  readonly subject: Eui64;
  readonly issuer: Eui64;
  /** Compressed public reconstruction point, not yet checked. */
  readonly reconstructionPoint: Uint8Array;
}

/** 48 octets: reconstruction point 22, subject 8, issuer 8, profile attribute data 10. */
export interface Suite1Certificate extends CommonFields {
  readonly suite: 0x0001;
  /** Opens with the profile 0109 and a manufacturer code. */
  readonly profileData: Uint8Array;
}

/** 74 octets; every field big-endian. */
export interface Suite2Certificate extends CommonFields {
  readonly suite: 0x0002;
  /** 0 = implicit, without extensions. */
  readonly type: number;
  readonly serialNumber: Uint8Array;
  /** 0D = sect283k1. */
  readonly curve: number;
  /** 08 = AES-MMO. */
  readonly hash: number;
  /** Unix time in seconds. */
  readonly validFrom: number;
  /** Unix time in seconds; undefined: no end. */
  readonly validTo: number | undefined;
  /** Mask as in {@link IMPLICIT_KEY_USAGE}. */
  readonly keyUsage: number;
}

export type ImplicitCertificate = Suite1Certificate | Suite2Certificate;

const NO_END = 0xffff_ffff;

/** Splits a certificate into its fields. The only thing that can be wrong here is the length: `decode/length`. */
export function readImplicitCertificate(suite: Suite, octets: Uint8Array): ImplicitCertificate {
  if (octets.length !== suite.certificateOctets) {
    const detail = `${octets.length} octets, a certificate of this suite has ${suite.certificateOctets}`;
    throw new HanwayError("decode/length", detail, { field: "certificate" });
  }
  const reader = new ByteReader(octets);
  return suite.bit === 0x0001 ? readSuite1(reader) : readSuite2(reader);
}

function readSuite1(reader: ByteReader): Suite1Certificate {
  return {
    suite: 0x0001,
    octets: reader.bytes,
    reconstructionPoint: reader.take(22, "reconstructionPoint"),
    subject: eui64FromBytes(reader.take(8, "subject")),
    issuer: eui64FromBytes(reader.take(8, "issuer")),
    profileData: reader.take(10, "profileData"),
  };
}

function readSuite2(reader: ByteReader): Suite2Certificate {
  const head = {
    type: reader.u8("type"),
    serialNumber: reader.take(8, "serialNumber"),
    curve: reader.u8("curve"),
    hash: reader.u8("hash"),
    issuer: eui64FromBytes(reader.take(8, "issuer")),
  };
  const validFrom = Number.parseInt(toHex(reader.take(5, "validFrom")), 16);
  const duration = reader.u32be("validTo");
  return {
    suite: 0x0002,
    octets: reader.bytes,
    ...head,
    validFrom,
    validTo: duration === NO_END ? undefined : validFrom + duration,
    subject: eui64FromBytes(reader.take(8, "subject")),
    keyUsage: reader.u8("keyUsage"),
    reconstructionPoint: reader.take(37, "reconstructionPoint"),
  };
}
