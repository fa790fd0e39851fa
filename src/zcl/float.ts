import { equalBytes } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import type { ZclValue } from "./value.ts";

/**
 * A floating point number of 2, 4 or 8 octets (ZCL 2.6.2), least significant octet first. The usual
 * "not a number" is NaN; one with other bits stays octets, because a number could not give them back.
 */
export function readFloat(octets: Uint8Array): number | Uint8Array {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const value =
    octets.length === 2
      ? fromSemi(view.getUint16(0, true))
      : octets.length === 4
        ? view.getFloat32(0, true)
        : view.getFloat64(0, true);
  return Number.isNaN(value) && !equalBytes(octets, nan(octets.length)) ? octets : value;
}

/** The octets of {@link readFloat}. Throws `encode/value` where the number has more precision than fits. */
export function writeFloat(value: ZclValue | undefined, size: number, field: string): Uint8Array {
  if (value instanceof Uint8Array && value.length === size) return value;
  if (typeof value !== "number")
    throw new HanwayError("encode/value", `a number or ${size} octets wanted`, { field });
  if (Number.isNaN(value)) return nan(size);
  const octets = new Uint8Array(size);
  const view = new DataView(octets.buffer);
  if (size === 2) view.setUint16(0, toSemi(value), true);
  else if (size === 4) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  if (Object.is(readFloat(octets), value)) return octets;
  throw new HanwayError("encode/value", `the number has no exact form of ${size} octets`, { field });
}

/** Quiet NaN: exponent all ones, top bit of the fraction set. */
function nan(size: number): Uint8Array {
  if (size === 2) return Uint8Array.of(0x00, 0x7e);
  if (size === 4) return Uint8Array.of(0, 0, 0xc0, 0x7f);
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0xf8, 0x7f);
}

/** 1 sign bit, 5 exponent bits with bias 15, 10 fraction bits. */
function fromSemi(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function toSemi(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude === Number.POSITIVE_INFINITY) return sign | 0x7c00;
  const exponent = magnitude === 0 ? -15 : Math.floor(Math.log2(magnitude));
  if (exponent > 15) return sign | 0x7c00;
  if (exponent < -14) return sign | Math.trunc(magnitude * 2 ** 24);
  return sign | ((exponent + 15) << 10) | Math.trunc((magnitude / 2 ** exponent - 1) * 1024);
}
