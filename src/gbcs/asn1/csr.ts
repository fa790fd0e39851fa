import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import { entityIdentifier, keyUsage } from "./common.ts";
import { explicit, implicit, seq, seqOf, setOfOne, withDefault } from "./constructed.ts";
import { bitString, boolean, int, octets, opaque } from "./primitives.ts";
import { decodeDer, encodeDer, type Schema } from "./schema.ts";
import { oid } from "./strings.ts";

const OID = {
  ecPublicKey: "1.2.840.10045.2.1",
  prime256v1: "1.2.840.10045.3.1.7",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  extensionRequest: "1.2.840.113549.1.9.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  hardwareModuleName: "1.3.6.1.5.5.7.8.4",
} as const;

/** What a device asks to be certified (CS02c). */
export interface CertificationRequest {
  /** The uncompressed P-256 point, 65 octets. */
  readonly publicKey: Uint8Array;
  /** Mask as in `KEY_USAGE`. */
  readonly keyUsage: number;
  /** hwType of the hardwareModuleName: the manufacturer's object identifier of the model. */
  readonly hardwareType: string;
  readonly deviceId: Eui64;
}

const extension = seq({ id: oid, critical: withDefault(boolean, false), value: octets(1, 256) });

const certificationRequestInfo = seq({
  version: int(0, 0),
  subject: seq({}),
  subjectPublicKeyInfo: seq({
    algorithm: seq({ id: oid, curve: oid }),
    publicKey: bitString(65),
  }),
  attributes: implicit(0, seqOf(seq({ id: oid, values: setOfOne(seqOf(extension, 2, 8)) }), 1, 1)),
});

const certificationRequest = seq({
  info: opaque(0x30, 2048),
  signatureAlgorithm: seq({ id: oid }),
  signature: bitString(72),
});

const hardwareModuleName = seq({ type: oid, serialNumber: entityIdentifier });
const subjectAltName = seq({
  otherName: implicit(0, seq({ id: oid, value: explicit(0, hardwareModuleName) })),
});

/**
 * Reads a PKCS#10 CertificationRequest of the GBCS device profile: empty subject, P-256 key, one extensionRequest
 * with key usage and hardwareModuleName. `info` is what the DER ECDSA `signature` (SHA-256) is made over; checking
 * it is left to the caller. Throws `decode/*` with the field path.
 */
export function decodeCertificationRequest(der: Uint8Array): {
  readonly request: CertificationRequest;
  readonly info: Uint8Array;
  readonly signature: Uint8Array;
} {
  const outer = decodeDer(certificationRequest, der, "certificationRequest");
  requireOid(outer.signatureAlgorithm.id, OID.ecdsaWithSha256, "signatureAlgorithm");
  requireWholeOctets(outer.signature.unused, "signature");
  const info = decodeDer(certificationRequestInfo, outer.info, "certificationRequestInfo");
  const { algorithm, publicKey } = info.subjectPublicKeyInfo;
  requireOid(algorithm.id, OID.ecPublicKey, "algorithm");
  requireOid(algorithm.curve, OID.prime256v1, "curve");
  requireWholeOctets(publicKey.unused, "publicKey");
  if (publicKey.octets.length !== 65 || publicKey.octets[0] !== 4) {
    throw new HanwayError("decode/value", "not an uncompressed P-256 point", { field: "publicKey" });
  }
  const [attribute] = info.attributes;
  requireOid(attribute?.id, OID.extensionRequest, "attributes");
  const extensions = attribute?.values[0] ?? [];
  const { otherName } = decodeExtension(extensions, OID.subjectAltName, subjectAltName, "subjectAltName");
  requireOid(otherName.id, OID.hardwareModuleName, "subjectAltName.otherName");
  return {
    request: {
      publicKey: publicKey.octets,
      keyUsage: decodeExtension(extensions, OID.keyUsage, keyUsage, "keyUsage"),
      hardwareType: otherName.value.type,
      deviceId: otherName.value.serialNumber,
    },
    info: outer.info,
    signature: outer.signature.octets,
  };
}

/** The CertificationRequestInfo, which the device signs with the new private key. */
export function encodeCertificationRequestInfo(request: CertificationRequest): Uint8Array {
  const otherName = {
    id: OID.hardwareModuleName,
    value: { type: request.hardwareType, serialNumber: request.deviceId },
  };
  return encodeDer(certificationRequestInfo, {
    version: 0,
    subject: {},
    subjectPublicKeyInfo: {
      algorithm: { id: OID.ecPublicKey, curve: OID.prime256v1 },
      publicKey: { octets: request.publicKey, unused: 0 },
    },
    attributes: [
      {
        id: OID.extensionRequest,
        values: [
          [
            { id: OID.keyUsage, critical: true, value: encodeDer(keyUsage, request.keyUsage) },
            { id: OID.subjectAltName, critical: true, value: encodeDer(subjectAltName, { otherName }) },
          ],
        ],
      },
    ],
  });
}

/** Puts the DER ECDSA signature (SHA-256) behind the CertificationRequestInfo it was made over. */
export function encodeCertificationRequest(info: Uint8Array, signature: Uint8Array): Uint8Array {
  return encodeDer(certificationRequest, {
    info,
    signatureAlgorithm: { id: OID.ecdsaWithSha256 },
    signature: { octets: signature, unused: 0 },
  });
}

function decodeExtension<T>(
  extensions: readonly { readonly id: string; readonly value: Uint8Array }[],
  id: string,
  schema: Schema<T>,
  field: string,
): T {
  const [found, second] = extensions.filter((entry) => entry.id === id);
  if (found === undefined || second !== undefined) {
    throw new HanwayError("decode/value", "the extension must be there once", { field });
  }
  return decodeDer(schema, found.value, field);
}

function requireOid(found: string | undefined, wanted: string, field: string): void {
  if (found !== wanted)
    throw new HanwayError("decode/value", `object identifier ${wanted} wanted`, { field });
}

function requireWholeOctets(unused: number, field: string): void {
  if (unused !== 0) throw new HanwayError("decode/value", "whole octets wanted", { field });
}
