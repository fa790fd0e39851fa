import { aesMmo } from "./aes-mmo.ts";
import type { Point } from "./curve.ts";
import { toScalar } from "./scalar.ts";
import type { Suite } from "./suite.ts";

/**
 * The public key that an implicit certificate stands for (SEC 4 3.5): H(certificate)·P + Q_CA, with the hash as a
 * 128-bit number. Undefined in the case of infinity, which no honest certificate meets.
 */
export function reconstructPublicKey(
  suite: Suite,
  certificate: Uint8Array,
  reconstructionPoint: Point,
  issuerKey: Point,
): Point | undefined {
  const { curve } = suite;
  return curve.add(curve.multiplyPublic(toScalar(aesMmo(certificate)), reconstructionPoint), issuerKey);
}
