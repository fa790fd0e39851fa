import { type KoblitzCurve, SECT163K1, SECT283K1 } from "./curve.ts";

/** A Key Establishment suite as its bit in the attribute KeyEstablishmentSuite and in the request. */
export type SuiteBit = 0x0001 | 0x0002;

/** Sizes and curve of a Key Establishment suite; hash and MAC are those of Zigbee in both. */
export interface Suite {
  readonly bit: SuiteBit;
  readonly curve: KoblitzCurve;
  readonly certificateOctets: number;
  /** Bits of a point's x-coordinate that enter ECMQV: half the order's, rounded up. */
  readonly associateBits: number;
}

/** ECMQV on sect163k1 with certificates of 48 octets. */
export const SUITE_1: Suite = { bit: 0x0001, curve: SECT163K1, certificateOctets: 48, associateBits: 82 };
/** ECMQV on sect283k1 with certificates of 74 octets. */
export const SUITE_2: Suite = { bit: 0x0002, curve: SECT283K1, certificateOctets: 74, associateBits: 141 };

export const SUITES: readonly Suite[] = [SUITE_1, SUITE_2];

export function suiteOf(bit: SuiteBit): Suite {
  return bit === SUITE_1.bit ? SUITE_1 : SUITE_2;
}

/** The suite of exactly this bit, or undefined. */
export function suiteByBit(bit: number): Suite | undefined {
  return SUITES.find((suite) => suite.bit === bit);
}
