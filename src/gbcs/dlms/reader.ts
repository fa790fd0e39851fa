import { type ErrorCode, HanwayError } from "../../base/error.ts";

/**
 * Reads the octets of A-XDR from front to back, and knows where it is for the sake of errors: every failure is a
 * HanwayError `decode/*` with the offset and the path of the field.
 *
 * The path is kept as indexes and turned into words only when something is wrong: that keeps a good message cheap.
 */
export class AxdrReader {
  at = 0;
  /** What the path of an error starts with. */
  field: string;
  protected readonly end: number;
  protected readonly view: DataView;
  /** Index of the element being read, for each level of arrays and structures entered. */
  protected readonly path: number[] = [];
  protected depth = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, field: string) {
    this.#bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
    this.field = field;
  }

  fail(code: ErrorCode, detail: string, offset = this.at): never {
    const path = this.path.slice(0, this.depth).map((index) => `[${index}]`);
    throw new HanwayError(code, detail, { field: this.field + path.join(""), offset });
  }

  /** Claims `count` octets and gives the offset of the first. */
  protected claim(count: number): number {
    const at = this.at;
    if (count > this.end - at) {
      this.fail("decode/truncated", `${count} octets wanted, ${this.end - at} left`);
    }
    this.at = at + count;
    return at;
  }

  u8(): number {
    return this.view.getUint8(this.claim(1));
  }
  i8(): number {
    return this.view.getInt8(this.claim(1));
  }
  u16(): number {
    return this.view.getUint16(this.claim(2));
  }
  u32(): number {
    return this.view.getUint32(this.claim(4));
  }

  /** A view of the next `count` octets. */
  octets(count: number): Uint8Array {
    const at = this.claim(count);
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, count);
  }

  /** An A-XDR length: one octet below 80, else 8n and n octets, as few as will do. */
  length(): number {
    const at = this.at;
    const first = this.u8();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) this.fail("decode/length", `length of ${count} octets`, at);
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.u8();
    if (length < 0x80 || length < 256 ** (count - 1))
      this.fail("decode/length", "length not in its shortest form", at);
    return length;
  }

  /** A count of things that take at least `least` octets each. */
  count(least: number): number {
    const at = this.at;
    const count = this.length();
    if (count * least > this.end - this.at) {
      this.fail("decode/truncated", `${count} elements in ${this.end - this.at} octets`, at);
    }
    return count;
  }

  finish(): void {
    if (this.at !== this.end) this.fail("decode/trailing", `${this.end - this.at} octets too many`);
  }
}
