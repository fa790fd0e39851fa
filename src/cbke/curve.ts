import { fromHex } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { BinaryField, type FieldElement } from "./binary-field.ts";
import { ladder } from "./ladder.ts";

/** An affine point; the point at infinity is `undefined` wherever it can occur. */
export interface Point {
  readonly x: FieldElement;
  readonly y: FieldElement;
}

/** Why octets are not a usable point: not compressed form, x too large, no such point, outside the prime-order group. */
export type PointFault = "form" | "range" | "off-curve" | "small-order";

/** A Koblitz curve y^2 + xy = x^3 + ax^2 + 1 over GF(2^m) with its group of prime order (SEC 2 section 3). */
export class KoblitzCurve {
  readonly name: string;
  readonly field: BinaryField;
  readonly a: 0 | 1;
  readonly order: bigint;
  readonly orderBits: number;
  /** 2 where a = 1, 4 where a = 0. */
  readonly cofactor: 2 | 4;
  readonly generator: Point;
  /** Octets of a compressed point. */
  readonly pointOctets: number;
  /** Octets of a private key; the field's octets, which is what the certificate sets use. */
  readonly scalarOctets: number;

  constructor(name: string, field: BinaryField, a: 0 | 1, order: string, x: string, y: string) {
    this.name = name;
    this.field = field;
    this.a = a;
    this.order = BigInt(`0x${order}`);
    this.orderBits = this.order.toString(2).length;
    this.cofactor = a === 1 ? 2 : 4;
    this.generator = { x: this.#element(x), y: this.#element(y) };
    this.pointOctets = field.octets + 1;
    this.scalarOctets = field.octets;
  }

  #element(hex: string): FieldElement {
    const element = this.field.fromBytes(fromHex(hex));
    if (element === undefined) throw new HanwayError("internal", "curve constant out of range");
    return element;
  }

  /** y^2 + xy = x^3 + ax^2 + 1. */
  isOnCurve({ x, y }: Point): boolean {
    const { field } = this;
    const left = field.multiply(field.add(x, y), y);
    const xx = field.square(x);
    const right = field.add(field.multiply(xx, x), field.one());
    if (this.a === 1) field.add(right, xx, right);
    return field.equal(left, right);
  }

  /**
   * Whether the point is in the group of prime order, by halving instead of a multiplication by the order: a
   * point is twice another where trace(x) = trace(a); with cofactor 4 its half must be a double as well
   * (Knudsen 1999). The point must be on the curve.
   */
  isInPrimeOrderGroup({ x, y }: Point): boolean {
    const { field } = this;
    if (field.isZero(x) || field.trace(x) !== this.a) return false;
    if (this.cofactor === 2) return true;
    const slope = field.halfTrace(x);
    const halfX = field.add(field.multiply(field.add(slope, field.one()), x), y);
    return field.trace(halfX) === this.a;
  }

  negate(p: Point): Point {
    return { x: p.x, y: this.field.add(p.x, p.y) };
  }

  add(p: Point | undefined, q: Point | undefined): Point | undefined {
    if (p === undefined) return q;
    if (q === undefined) return p;
    const { field } = this;
    const dx = field.add(p.x, q.x);
    if (field.isZero(dx)) return field.equal(p.y, q.y) ? this.double(p) : undefined;
    const slope = field.multiply(field.add(p.y, q.y), field.invert(dx));
    const x = field.add(field.add(field.square(slope), slope), dx);
    this.#addA(x);
    const y = field.multiply(slope, field.add(p.x, x));
    field.add(y, x, y);
    field.add(y, p.y, y);
    return { x, y };
  }

  double(p: Point | undefined): Point | undefined {
    const { field } = this;
    if (p === undefined || field.isZero(p.x)) return undefined;
    const slope = field.add(p.x, field.multiply(p.y, field.invert(p.x)));
    const x = field.add(field.square(slope), slope);
    this.#addA(x);
    const y = field.multiply(field.add(slope, field.one()), x);
    field.add(y, field.square(p.x), y);
    return { x, y };
  }

  #addA(x: FieldElement): void {
    x[0] = (x[0] ?? 0) ^ this.a;
  }

  /** h·P for the cofactor h; infinity for points of small order. */
  multiplyByCofactor(p: Point): Point | undefined {
    const doubled = this.double(p);
    return this.cofactor === 2 ? doubled : this.double(doubled);
  }

  /**
   * k·P for a secret k in 0 to n-1 and P in the group of prime order. A multiple of the order is added so that
   * the ladder always takes the same number of steps.
   */
  multiplySecret(k: bigint, p: Point): Point | undefined {
    const once = k + this.order;
    const padded = once >> BigInt(this.orderBits) === 0n ? once + this.order : once;
    const result = ladder(this.field, padded, p);
    this.field.wipe();
    return result;
  }

  /** k·P for a public k, in as many steps as k has bits. */
  multiplyPublic(k: bigint, p: Point): Point | undefined {
    return k === 0n ? undefined : ladder(this.field, k, p);
  }

  /** 02 or 03, then x (SEC 1 2.3.3); the last bit of the first octet is the lowest bit of y/x. */
  encodePoint({ x, y }: Point): Uint8Array {
    const { field } = this;
    const out = new Uint8Array(this.pointOctets);
    out[0] = 2 | field.bit(field.multiply(y, field.invert(x)), 0);
    out.set(field.toBytes(x), 1);
    return out;
  }

  /** Reads a compressed point (SEC 1 2.3.4) of the group of prime order, or says what is wrong with it. */
  decodePoint(bytes: Uint8Array): Point | PointFault {
    const { field } = this;
    const [form] = bytes;
    if (bytes.length !== this.pointOctets || (form !== 2 && form !== 3)) return "form";
    const x = field.fromBytes(bytes.subarray(1));
    if (x === undefined) return "range";
    if (field.isZero(x)) return "small-order";
    const beta = field.add(x, field.invert(field.square(x)));
    this.#addA(beta);
    if (field.trace(beta) !== 0) return "off-curve";
    const z = field.halfTrace(beta);
    if (field.bit(z, 0) !== (form & 1)) z[0] = (z[0] ?? 0) ^ 1;
    const point = { x, y: field.multiply(x, z) };
    return this.isInPrimeOrderGroup(point) ? point : "small-order";
  }
}

/** K-163. */
export const SECT163K1 = new KoblitzCurve(
  "sect163k1",
  new BinaryField(163, [7, 6, 3, 0], [0, 157]),
  1,
  "04000000000000000000020108a2e0cc0d99f8a5ef",
  "02fe13c0537bbc11acaa07d793de4e6d5e5c94eee8",
  "0289070fb05d38ff58321f2e800536d538ccdaa3d9",
);

/** K-283. */
export const SECT283K1 = new KoblitzCurve(
  "sect283k1",
  new BinaryField(283, [12, 7, 5, 0], [0, 271]),
  0,
  "01ffffffffffffffffffffffffffffffffffe9ae2ed07577265dff7f94451e061e163c61",
  "0503213f78ca44883f1a3b8162f188e553cd265f23c1567a16876913b0c2ac2458492836",
  "01ccda380f1c9e318d90f95d07e5426fe87e45c0e8184698e45962364e34116177dd2259",
);
