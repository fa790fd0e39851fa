import { HanwayError } from "./error.ts";

const HEX = /^(?:[0-9a-fA-F]{2})*$/;

/** Lower-case hex of the octets, without separators. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** Octets from hex of either case without separators. Throws `decode/value` on anything else. */
export function fromHex(text: string, field = "hex"): Uint8Array {
  if (!HEX.test(text))
    throw new HanwayError("decode/value", "an even number of hex digits is needed", { field });
  return new Uint8Array(Buffer.from(text, "hex"));
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Octet-wise equality; not constant-time, never for secrets (use `timingSafeEqual` there). */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/**
 * Reads fields off a message from front to back. Every read that would pass the end throws
 * `decode/truncated` with the field's name and the offset; nothing is copied but what `take` returns as a view.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  offset: number;
  readonly end: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.end - this.offset;
  }

  #advance(count: number, field: string): number {
    const at = this.offset;
    if (count > this.end - at) {
      throw new HanwayError("decode/truncated", `${count} octets wanted, ${this.end - at} left`, {
        field,
        offset: at,
      });
    }
    this.offset = at + count;
    return at;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#advance(1, field));
  }
  i8(field: string): number {
    return this.#view.getInt8(this.#advance(1, field));
  }
  u16le(field: string): number {
    return this.#view.getUint16(this.#advance(2, field), true);
  }
  u16be(field: string): number {
    return this.#view.getUint16(this.#advance(2, field), false);
  }
  i16be(field: string): number {
    return this.#view.getInt16(this.#advance(2, field), false);
  }
  u24le(field: string): number {
    const at = this.#advance(3, field);
    return this.#view.getUint16(at, true) + this.#view.getUint8(at + 2) * 0x10000;
  }
  u32le(field: string): number {
    return this.#view.getUint32(this.#advance(4, field), true);
  }
  u32be(field: string): number {
    return this.#view.getUint32(this.#advance(4, field), false);
  }
  i32be(field: string): number {
    return this.#view.getInt32(this.#advance(4, field), false);
  }
  u64le(field: string): bigint {
    return this.#view.getBigUint64(this.#advance(8, field), true);
  }
  u64be(field: string): bigint {
    return this.#view.getBigUint64(this.#advance(8, field), false);
  }
  /** An unsigned integer of 1 to 6 octets, least significant first. */
  uintLE(octets: number, field: string): number {
    let at = this.#advance(octets, field);
    let value = 0;
    let weight = 1;
    for (const end = at + octets; at < end; at++) {
      value += this.#view.getUint8(at) * weight;
      weight *= 0x100;
    }
    return value;
  }
  /** The next `count` octets as a view into the message, not a copy. */
  take(count: number, field: string): Uint8Array {
    const at = this.#advance(count, field);
    return this.bytes.subarray(at, at + count);
  }
  rest(): Uint8Array {
    const at = this.offset;
    this.offset = this.end;
    return this.bytes.subarray(at, this.end);
  }
  /** Throws `decode/trailing` unless everything has been read. */
  finish(field: string): void {
    if (this.offset !== this.end) {
      throw new HanwayError("decode/trailing", `${this.end - this.offset} octets too many`, {
        field,
        offset: this.offset,
      });
    }
  }
}

/** Builds a message from front to back in one growing buffer. Integers are masked by DataView: check ranges first. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  #grow(count: number): number {
    const at = this.#length;
    const need = at + count;
    if (need > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(need, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = need;
    return at;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }
  u16le(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
    return this;
  }
  u16be(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, false);
    return this;
  }
  u24le(value: number): this {
    const at = this.#grow(3);
    this.#view.setUint16(at, value & 0xffff, true);
    this.#view.setUint8(at + 2, value >>> 16);
    return this;
  }
  u32le(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
    return this;
  }
  u32be(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, false);
    return this;
  }
  u64le(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }
  u64be(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, false);
    return this;
  }
  /** An integer of 1 to 6 octets, least significant first; negative ones in two's complement. */
  uintLE(value: number, octets: number): this {
    let at = this.#grow(octets);
    let left = value < 0 ? value + 2 ** (octets * 8) : value;
    for (const end = at + octets; at < end; at++) {
      this.#view.setUint8(at, left % 0x100);
      left = Math.floor(left / 0x100);
    }
    return this;
  }
  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }
  /** Puts a length, known only now, in the place that was left for it. */
  setU16be(at: number, value: number): this {
    this.#view.setUint16(at, value);
    return this;
  }
  /** The message so far, as a view that later writes may outgrow: call it last. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
