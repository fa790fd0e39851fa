import { createECDH, getCurves } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import type { FieldElement } from "../../src/cbke/binary-field.ts";
import { type KoblitzCurve, type Point, SECT163K1, SECT283K1 } from "../../src/cbke/curve.ts";
import { scalarToBytes, toScalar } from "../../src/cbke/scalar.ts";
import { addBig, BigField, type BigPoint, multiplyBig } from "./bigint-curve.ts";

const CURVES: readonly [string, KoblitzCurve, BigField][] = [
  ["sect163k1", SECT163K1, new BigField(163, [7, 6, 3, 0])],
  ["sect283k1", SECT283K1, new BigField(283, [12, 7, 5, 0])],
];

describe.each(CURVES)("%s", (name, curve, big) => {
  const { field, order, generator: g } = curve;
  const number = (a: FieldElement) => toScalar(field.toBytes(a));
  const element = (value: bigint): FieldElement =>
    field.fromBytes(scalarToBytes(curve, value)) ?? expect.fail("out of range");
  const bigPoint = (p: Point | undefined): BigPoint | undefined => p && { x: number(p.x), y: number(p.y) };
  const elements = fc.bigInt(0n, (1n << BigInt(field.degree)) - 1n);
  const scalars = fc.oneof(
    fc.bigInt(1n, order - 1n),
    fc.constantFrom(1n, 2n, 3n, order - 3n, order - 2n, order - 1n),
  );
  const a = BigInt(curve.a);
  const bigG = { x: number(g.x), y: number(g.y) };

  it("field: product, square, inverse and conversions agree with the bigint field", () => {
    fc.assert(
      fc.property(elements, elements, (u, v) => {
        expect(number(field.multiply(element(u), element(v)))).toBe(big.multiply(u, v));
        expect(number(field.square(element(u)))).toBe(big.multiply(u, u));
        if (u !== 0n) expect(number(field.invert(element(u)))).toBe(big.invert(u));
      }),
    );
    expect(field.isZero(field.invert(field.zero()))).toBe(true);
    const all = element((1n << BigInt(field.degree)) - 1n);
    expect(number(field.multiply(all, all))).toBe(big.multiply(number(all), number(all)));
  });

  it("field: results may go into an operand", () => {
    const u = element(bigG.x);
    const v = element(bigG.y);
    const product = field.multiply(u, v);
    field.multiply(u, v, v);
    expect(v).toEqual(product);
    const square = field.square(u);
    field.square(u, u);
    expect(u).toEqual(square);
  });

  it("field: the trace bits are those of the definition, and the half-trace solves z^2 + z = c", () => {
    for (let i = 0; i < field.degree; i++) {
      const power = element(1n << BigInt(i));
      const sum = power.slice();
      for (let k = 1; k < field.degree; k++) field.add(sum, field.square(power, power), sum);
      expect([i, number(sum)]).toEqual([i, BigInt(field.trace(element(1n << BigInt(i))))]);
    }
    fc.assert(
      fc.property(elements, (value) => {
        const c = element(value);
        if (field.trace(c) === 1) c[0] = (c[0] ?? 0) ^ 1;
        const z = field.halfTrace(c);
        expect(field.add(field.square(z), z)).toEqual(c);
      }),
      { numRuns: 20 },
    );
  });

  it("the generator is on the curve and has the stated order", () => {
    expect(curve.isOnCurve(g)).toBe(true);
    expect(curve.multiplyPublic(order, g)).toBeUndefined();
    expect(curve.multiplyPublic(order - 1n, g)).toEqual(curve.negate(g));
    expect(curve.multiplySecret(0n, g)).toBeUndefined();
  });

  it("multiplication: fixed-length and short ladder agree with double-and-add on bigints", () => {
    fc.assert(
      fc.property(scalars, fc.bigInt(1n, 1n << 142n), (k, short) => {
        expect(bigPoint(curve.multiplySecret(k, g))).toEqual(multiplyBig(big, a, k, bigG));
        expect(bigPoint(curve.multiplyPublic(short, g))).toEqual(multiplyBig(big, a, short, bigG));
      }),
      { numRuns: 6 },
    );
  });

  it("multiplication: small scalars and those around the order", () => {
    let sum: BigPoint | undefined;
    for (let k = 1n; k < 20n; k++) {
      sum = addBig(big, a, sum, bigG);
      expect(bigPoint(curve.multiplyPublic(k, g))).toEqual(sum);
      expect(bigPoint(curve.multiplySecret(k, g))).toEqual(sum);
      expect(bigPoint(curve.multiplyPublic(order + k, g))).toEqual(sum);
      const minus = curve.multiplySecret(order - k, g);
      expect(bigPoint(minus && curve.negate(minus))).toEqual(sum);
    }
  });

  it("addition follows the group law, its special cases included", () => {
    const double = curve.double(g) ?? expect.fail("infinity");
    expect(curve.add(g, g)).toEqual(double);
    expect(curve.add(g, curve.negate(g))).toBeUndefined();
    expect(curve.add(undefined, g)).toEqual(g);
    expect(curve.add(g, undefined)).toEqual(g);
    expect(bigPoint(curve.add(double, g))).toEqual(addBig(big, a, bigPoint(double), bigG));
    expect(curve.multiplyByCofactor(g)).toEqual(curve.multiplyPublic(BigInt(curve.cofactor), g));
  });

  it("compression: every point comes back from its octets", () => {
    fc.assert(
      fc.property(scalars, (k) => {
        const p = curve.multiplySecret(k, g) ?? expect.fail("infinity");
        const octets = curve.encodePoint(p);
        expect(octets).toHaveLength(curve.pointOctets);
        expect(curve.decodePoint(octets)).toEqual(p);
        const mirrored = octets.slice();
        mirrored[0] = 5 - (octets[0] ?? 0);
        expect(curve.decodePoint(mirrored)).toEqual(curve.negate(p));
      }),
      { numRuns: 30 },
    );
  });

  it("compression: form, length and range are checked", () => {
    const octets = curve.encodePoint(g);
    for (const form of [0, 1, 4, 6, 0x42]) {
      const wrong = octets.slice();
      wrong[0] = form;
      expect(curve.decodePoint(wrong)).toBe("form");
    }
    expect(curve.decodePoint(octets.subarray(1))).toBe("form");
    expect(curve.decodePoint(new Uint8Array(curve.pointOctets + 1).fill(2))).toBe("form");
    expect(curve.decodePoint(new Uint8Array())).toBe("form");
    const large = octets.slice();
    large[1] = (large[1] ?? 0) | 0x80;
    expect(curve.decodePoint(large)).toBe("range");
  });

  it("compression: half of all x have no point, a half or quarter of the points the right order", () => {
    const faults = new Map<string, number>();
    const compressed = new Uint8Array(curve.pointOctets);
    for (let i = 1; i <= 200; i++) {
      compressed.set([2, ...scalarToBytes(curve, big.multiply(bigG.x ^ BigInt(i), bigG.y))]);
      const point = curve.decodePoint(compressed);
      const outcome = typeof point === "string" ? point : "good";
      faults.set(outcome, (faults.get(outcome) ?? 0) + 1);
      if (outcome === "good" && i < 30 && typeof point !== "string") {
        expect(curve.isOnCurve(point)).toBe(true);
        expect(curve.multiplyPublic(order, point)).toBeUndefined();
      }
    }
    expect([...faults.keys()].sort()).toEqual(["good", "off-curve", "small-order"]);
    expect(faults.get("off-curve")).toBeGreaterThan(60);
  });

  it("small order: the points of order 2 and 4, and sums with them, are outside the prime-order group", () => {
    const two: Point = { x: field.zero(), y: field.one() };
    expect(curve.isOnCurve(two)).toBe(true);
    expect(curve.double(two)).toBeUndefined();
    expect(curve.isInPrimeOrderGroup(two)).toBe(false);
    expect(curve.decodePoint(new Uint8Array([2, ...new Uint8Array(curve.scalarOctets)]))).toBe("small-order");
    const small: Point[] = [two];
    if (curve.cofactor === 4) {
      const four: Point = { x: field.one(), y: field.zero() };
      expect(curve.double(four)).toEqual(two);
      expect(curve.decodePoint(curve.encodePoint(four))).toBe("small-order");
      small.push(four, curve.negate(four));
    }
    for (const s of small) {
      const sum = curve.add(g, s) ?? expect.fail("infinity");
      expect(curve.isOnCurve(sum)).toBe(true);
      expect(curve.isInPrimeOrderGroup(sum)).toBe(false);
      expect(curve.decodePoint(curve.encodePoint(sum))).toBe("small-order");
      expect(curve.multiplyByCofactor(sum)).toEqual(curve.multiplyByCofactor(g));
    }
  });

  it("agrees with OpenSSL on keys, compression and x(k·P), where OpenSSL has the curve", () => {
    if (!getCurves().includes(name)) return console.info(`OpenSSL has no ${name}: not compared`);
    const ecdh = createECDH(name);
    const other = createECDH(name);
    for (let i = 0; i < 25; i++) {
      ecdh.generateKeys();
      other.generateKeys();
      const k = toScalar(ecdh.getPrivateKey());
      const own = curve.multiplySecret(k, g) ?? expect.fail("infinity");
      expect(toHex(curve.encodePoint(own))).toBe(ecdh.getPublicKey("hex", "compressed"));
      const theirs = curve.decodePoint(new Uint8Array(other.getPublicKey(null, "compressed")));
      if (typeof theirs === "string") expect.fail(theirs);
      const shared = curve.multiplySecret(k, theirs) ?? expect.fail("infinity");
      expect(toHex(field.toBytes(shared.x))).toBe(
        ecdh.computeSecret(other.getPublicKey("hex"), "hex", "hex"),
      );
    }
  });
});
