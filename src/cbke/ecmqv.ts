import type { Point } from "./curve.ts";
import { type KeyPair, toScalar } from "./scalar.ts";
import type { Suite } from "./suite.ts";

/**
 * The shared secret of full ECMQV (SEC 1 6.2 with cofactor): x of h·s·(QE + avf(QE)·Q), as octets of the field.
 * The long-lived private key meets the curve only inside s, masked by the fresh ephemeral key. Undefined where the
 * result is infinity, which points of the prime-order group do not give. The caller wipes the secret.
 */
export function sharedSecret(
  suite: Suite,
  own: { readonly privateKey: bigint; readonly ephemeral: KeyPair },
  partner: { readonly publicKey: Point; readonly ephemeral: Point },
): Uint8Array | undefined {
  const { curve } = suite;
  const ownValue = associateValue(suite, own.ephemeral.publicKey);
  const s = (own.ephemeral.privateKey + ownValue * own.privateKey) % curve.order;
  const weighted = curve.multiplyPublic(associateValue(suite, partner.ephemeral), partner.publicKey);
  const base = curve.add(partner.ephemeral, weighted);
  const cleared = base === undefined ? undefined : curve.multiplyByCofactor(base);
  const secret = cleared === undefined ? undefined : curve.multiplySecret(s, cleared);
  if (secret === undefined) return undefined;
  const octets = curve.field.toBytes(secret.x);
  secret.x.fill(0);
  secret.y.fill(0);
  return octets;
}

/** avf(P) = (x(P) mod 2^f) + 2^f. */
function associateValue(suite: Suite, p: Point): bigint {
  const top = 1n << BigInt(suite.associateBits);
  return (toScalar(suite.curve.field.toBytes(p.x)) & (top - 1n)) | top;
}
