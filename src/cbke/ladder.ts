import type { BinaryField, FieldElement } from "./binary-field.ts";

interface AffinePoint {
  readonly x: FieldElement;
  readonly y: FieldElement;
}

/** x-coordinate as X/Z; Z = 0 is the point at infinity. */
interface Projective {
  readonly x: FieldElement;
  readonly z: FieldElement;
}

/**
 * k·P on y^2 + xy = x^3 + ax^2 + 1 for k above 0 and x(P) not 0: Montgomery ladder on x-coordinates and recovery
 * of y (López, Dahab 1999). One step for each bit of k after the first, each with the same field operations.
 */
export function ladder(field: BinaryField, k: bigint, p: AffinePoint): AffinePoint | undefined {
  const low: Projective = { x: p.x.slice(), z: field.one() };
  const high: Projective = { x: field.zero(), z: field.square(p.x) };
  field.add(field.square(high.z), field.one(), high.x);
  const work = { s: field.zero(), t: field.zero() };
  const bits = k.toString(2);
  let swapped = 0;
  for (let i = 1; i < bits.length; i++) {
    const bit = bits.charCodeAt(i) & 1;
    swap(low, high, swapped ^ bit);
    swapped = bit;
    addAndDouble(field, p.x, low, high, work);
  }
  swap(low, high, swapped);
  const result = recover(field, p, low, high);
  for (const scratch of [low.x, low.z, high.x, high.z, work.s, work.t]) scratch.fill(0);
  return result;
}

/** high becomes low + high, low becomes 2·low; the difference of the two is always P. */
function addAndDouble(
  field: BinaryField,
  x: FieldElement,
  low: Projective,
  high: Projective,
  { s, t }: { readonly s: FieldElement; readonly t: FieldElement },
): void {
  field.multiply(low.x, high.z, s);
  field.multiply(high.x, low.z, t);
  field.add(s, t, high.z);
  field.square(high.z, high.z);
  field.multiply(s, t, s);
  field.multiply(x, high.z, high.x);
  field.add(high.x, s, high.x);

  field.add(low.x, low.z, s);
  field.multiply(low.x, low.z, low.z);
  field.square(low.z, low.z);
  field.square(s, s);
  field.square(s, low.x);
}

/** Exchanges the two without a branch where `bit` is 1. */
function swap(a: Projective, b: Projective, bit: number): void {
  swapWords(a.x, b.x, -bit);
  swapWords(a.z, b.z, -bit);
}

function swapWords(a: FieldElement, b: FieldElement, mask: number): void {
  for (let i = 0; i < a.length; i++) {
    const difference = ((a[i] ?? 0) ^ (b[i] ?? 0)) & mask;
    a[i] = (a[i] ?? 0) ^ difference;
    b[i] = (b[i] ?? 0) ^ difference;
  }
}

/** k·P from x(k·P), x((k+1)·P) and P. */
function recover(
  field: BinaryField,
  p: AffinePoint,
  low: Projective,
  high: Projective,
): AffinePoint | undefined {
  if (field.isZero(low.z)) return undefined;
  if (field.isZero(high.z)) return { x: p.x.slice(), y: field.add(p.x, p.y) };
  const bothZ = field.multiply(low.z, high.z);
  const inverse = field.invert(field.multiply(p.x, bothZ));
  const x = field.multiply(low.x, field.multiply(inverse, field.multiply(p.x, high.z)));
  const first = field.add(low.x, field.multiply(p.x, low.z));
  const second = field.add(high.x, field.multiply(p.x, high.z));
  const sum = field.multiply(first, second);
  field.add(sum, field.multiply(field.add(field.square(p.x), p.y), bothZ), sum);
  const y = field.multiply(field.multiply(field.add(p.x, x), sum), inverse);
  field.add(y, p.y, y);
  return { x, y };
}
