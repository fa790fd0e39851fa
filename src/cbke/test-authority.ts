import { ByteWriter, fromHex } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { Eui64, eui64ToBytes } from "../base/eui64.ts";
import { type Random, SeededRandom } from "../base/random.ts";
import { aesMmo } from "./aes-mmo.ts";
import type { TrustedIssuer } from "./check-certificate.ts";
import { IMPLICIT_KEY_USAGE } from "./implicit-certificate.ts";
import { type KeyPair, keyPair, randomScalar, scalarToBytes, toScalar } from "./scalar.ts";
import type { Credential } from "./software-engine.ts";
import { type Suite, type SuiteBit, suiteOf } from "./suite.ts";

/** What goes into a certificate besides subject and key; what is left out takes a value that partners accept. */
export interface CertificateContents {
  /** Suite 2, 8 octets; random where left out. */
  readonly serialNumber?: Uint8Array;
  /** Suite 2, Unix time in seconds; 2020-01-01 where left out. */
  readonly validFrom?: number;
  /** Suite 2, seconds after `validFrom`; without end where left out. */
  readonly validSeconds?: number;
  /** Suite 2; key agreement and signature where left out. */
  readonly keyUsage?: number;
  /** Suite 1, the second field of the profile data. */
  readonly manufacturerCode?: number;
}

/** A certificate authority for emulated devices and tests. Devices in the field trust none of this kind. */
export class TestAuthority {
  readonly issuer: Eui64;
  readonly suite: SuiteBit;
  readonly #pair: KeyPair;
  readonly #random: Random;

  /** Draws the authority's key from `random`: the same seed gives the same authority. */
  constructor(suite: SuiteBit, issuer: Eui64, random: Random) {
    const { curve } = suiteOf(suite);
    this.suite = suite;
    this.issuer = issuer;
    this.#random = random;
    this.#pair = keyPair(curve, randomScalar(curve, random));
  }

  /** What a device must hold to take this authority's certificates. */
  trusted(): TrustedIssuer {
    const { curve } = suiteOf(this.suite);
    return {
      suite: this.suite,
      issuer: this.issuer,
      publicKey: curve.encodePoint(this.#pair.publicKey),
    };
  }

  /** Issues a certificate and completes the device's private key (SEC 4 3.4, 3.6). */
  issue(subject: Eui64, contents: CertificateContents = {}): Credential {
    const suite = suiteOf(this.suite);
    const { curve } = suite;
    const request = keyPair(curve, randomScalar(curve, this.#random));
    const added = keyPair(curve, randomScalar(curve, this.#random));
    const point = curve.add(request.publicKey, added.publicKey);
    if (point === undefined) throw new HanwayError("crypto/key", "random keys cancel out");
    const certificate = this.#assemble(suite, subject, curve.encodePoint(point), contents);
    const e = toScalar(aesMmo(certificate));
    const reconstruction = e * added.privateKey + this.#pair.privateKey;
    const privateKey = (e * request.privateKey + reconstruction) % curve.order;
    return { suite: this.suite, certificate, privateKey: scalarToBytes(curve, privateKey) };
  }

  #assemble(suite: Suite, subject: Eui64, point: Uint8Array, contents: CertificateContents): Uint8Array {
    const writer = new ByteWriter(suite.certificateOctets);
    if (suite.bit === 0x0001) {
      return writer
        .bytes(point)
        .bytes(eui64ToBytes(subject))
        .bytes(eui64ToBytes(this.issuer))
        .u16be(0x0109)
        .u16be(contents.manufacturerCode ?? 0)
        .bytes(new Uint8Array(6))
        .done();
    }
    const validFrom = contents.validFrom ?? 1_577_836_800;
    return writer
      .u8(0)
      .bytes(contents.serialNumber ?? this.#random.bytes(8))
      .u8(0x0d)
      .u8(0x08)
      .bytes(eui64ToBytes(this.issuer))
      .bytes(fromHex(validFrom.toString(16).padStart(10, "0")))
      .u32be(contents.validSeconds ?? 0xffff_ffff)
      .bytes(eui64ToBytes(subject))
      .u8(contents.keyUsage ?? IMPLICIT_KEY_USAGE.keyAgreement | IMPLICIT_KEY_USAGE.digitalSignature)
      .bytes(point)
      .done();
  }
}

/**
 * The project's own test authorities, one for each suite, from one seed: whoever knows the seed can issue
 * certificates that the others take. Suite 2 comes first.
 */
export function testAuthorities(seed: number): TestAuthority[] {
  return TEST_ISSUERS.map(
    ([suite, issuer]) => new TestAuthority(suite, issuer, new SeededRandom(seed + suite)),
  );
}

/** "hanway" and the number of the suite. */
const TEST_ISSUERS: readonly (readonly [SuiteBit, Eui64])[] = [
  [0x0002, Eui64("68616e7761790002")],
  [0x0001, Eui64("68616e7761790001")],
];
