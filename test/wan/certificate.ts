import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length;
  const octets =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...octets), content]);
}

const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
const ECDSA_SHA256 = () => sequence(oid("2a8648ce3d040302"));
const COMMON_NAME = "550403";
const SUBJECT_ALT_NAME = "551d11";
const BASIC_CONSTRAINTS = "551d13";

function name(text: string): Buffer {
  return sequence(der(0x31, sequence(oid(COMMON_NAME), der(0x0c, Buffer.from(text)))));
}

const pem = (label: string, bytes: Uint8Array) =>
  `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString("base64")}\n-----END ${label}-----\n`;

export interface TestCertificate {
  readonly name: string;
  /** PEM texts. */
  readonly key: string;
  readonly certificate: string;
  readonly privateKey: KeyObject;
}

/** ASN.1 UTCTime, `yymmddhhmmssZ`. */
const utcTime = (text: string) => der(0x17, Buffer.from(text));

/**
 * A fresh P-256 key and a certificate of it for 127.0.0.1, signed by `issuer` or by itself, which makes it an authority.
 * Valid from 2020 to 2049 where nothing else is said.
 */
export function issue(
  subject: string,
  issuer?: TestCertificate,
  [from, to] = ["200101000000Z", "491231235959Z"],
): TestCertificate {
  const keys: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
  });
  const alternative = sequence(der(0x87, Uint8Array.of(127, 0, 0, 1)));
  const authority = issuer === undefined ? [der(0x01, Uint8Array.of(0xff))] : [];
  const extensions = sequence(
    sequence(oid(SUBJECT_ALT_NAME), der(0x04, alternative)),
    sequence(oid(BASIC_CONSTRAINTS), der(0x04, sequence(...authority))),
  );
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Uint8Array.of(2))),
    der(0x02, Buffer.concat([Uint8Array.of(1), randomBytes(8)])),
    ECDSA_SHA256(),
    name(issuer?.name ?? subject),
    sequence(utcTime(from), utcTime(to)),
    name(subject),
    keys.publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions),
  );
  const signature = sign("sha256", toBeSigned, issuer?.privateKey ?? keys.privateKey);
  const certificate = sequence(toBeSigned, ECDSA_SHA256(), der(0x03, Uint8Array.of(0), signature));
  return {
    name: subject,
    privateKey: keys.privateKey,
    key: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificate: pem("CERTIFICATE", certificate),
  };
}

/** A certificate that signs itself. */
export function selfSigned(): TestCertificate {
  return issue("hanway test broker");
}
