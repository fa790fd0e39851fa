/**
 * Textbook binary-curve arithmetic on bigints, written apart from the product as a second opinion: shift-and-add
 * multiplication, inversion by the extended Euclidean algorithm, affine double-and-add.
 */
export interface BigPoint {
  readonly x: bigint;
  readonly y: bigint;
}

function degree(a: bigint): number {
  return a === 0n ? -1 : a.toString(2).length - 1;
}

export class BigField {
  readonly degree: number;
  readonly modulus: bigint;

  constructor(m: number, exponents: readonly number[]) {
    this.degree = m;
    this.modulus = exponents.reduce((sum, e) => sum | (1n << BigInt(e)), 1n << BigInt(m));
  }

  reduce(value: bigint): bigint {
    let rest = value;
    for (let d = degree(rest); d >= this.degree; d = degree(rest))
      rest ^= this.modulus << BigInt(d - this.degree);
    return rest;
  }

  multiply(a: bigint, b: bigint): bigint {
    let product = 0n;
    for (let bits = b, shifted = a; bits > 0n; bits >>= 1n, shifted <<= 1n) if (bits & 1n) product ^= shifted;
    return this.reduce(product);
  }

  invert(a: bigint): bigint {
    let [u, v, g, h] = [a, this.modulus, 1n, 0n];
    while (u !== 1n) {
      let shift = degree(u) - degree(v);
      if (shift < 0) {
        [u, v, g, h] = [v, u, h, g];
        shift = -shift;
      }
      u ^= v << BigInt(shift);
      g ^= h << BigInt(shift);
    }
    return this.reduce(g);
  }
}

export function addBig(
  field: BigField,
  a: bigint,
  p: BigPoint | undefined,
  q: BigPoint | undefined,
): BigPoint | undefined {
  if (p === undefined) return q;
  if (q === undefined) return p;
  const same = p.x === q.x;
  if (same && (p.y !== q.y || p.x === 0n)) return undefined;
  const slope = same
    ? p.x ^ field.multiply(p.y, field.invert(p.x))
    : field.multiply(p.y ^ q.y, field.invert(p.x ^ q.x));
  const x = field.multiply(slope, slope) ^ slope ^ a ^ (same ? 0n : p.x ^ q.x);
  return { x, y: field.multiply(slope, p.x ^ x) ^ x ^ p.y };
}

export function multiplyBig(field: BigField, a: bigint, k: bigint, p: BigPoint): BigPoint | undefined {
  let sum: BigPoint | undefined;
  for (let bits = k, power: BigPoint | undefined = p; bits > 0n; bits >>= 1n) {
    if (bits & 1n) sum = addBig(field, a, sum, power);
    power = addBig(field, a, power, power);
  }
  return sum;
}
