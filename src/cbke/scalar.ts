import { toHex } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import type { Random } from "../base/random.ts";
import type { KoblitzCurve, Point } from "./curve.ts";

/** A private key and its point. JavaScript cannot wipe a bigint: hold it no longer than needed. */
export interface KeyPair {
  readonly privateKey: bigint;
  readonly publicKey: Point;
}

/** Big-endian octets as a number. */
export function toScalar(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/** A number as big-endian octets of the curve's scalar length. */
export function scalarToBytes(curve: KoblitzCurve, value: bigint): Uint8Array {
  const hex = value.toString(16).padStart(curve.scalarOctets * 2, "0");
  return new Uint8Array(Buffer.from(hex, "hex"));
}

/** A random number in 1 to n-1, by drawing again while it is outside. */
export function randomScalar(curve: KoblitzCurve, random: Random): bigint {
  const octets = Math.ceil(curve.orderBits / 8);
  const mask = (1n << BigInt(curve.orderBits)) - 1n;
  for (let tries = 0; tries < 1000; tries++) {
    const bytes = random.bytes(octets);
    const value = toScalar(bytes) & mask;
    bytes.fill(0);
    if (value > 0n && value < curve.order) return value;
  }
  throw new HanwayError("crypto/key", "the random source gives no usable number");
}

/** The pair of a private key in 1 to n-1. */
export function keyPair(curve: KoblitzCurve, privateKey: bigint): KeyPair {
  const publicKey = curve.multiplySecret(privateKey, curve.generator);
  if (privateKey <= 0n || privateKey >= curve.order || publicKey === undefined) {
    throw new HanwayError("crypto/key", "private key out of range", { field: "privateKey" });
  }
  return { privateKey, publicKey };
}
