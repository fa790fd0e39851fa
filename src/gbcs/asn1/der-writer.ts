import { HanwayError } from "../../base/error.ts";
import { fieldPath, type LengthForm } from "./der-reader.ts";

/**
 * Builds a DER encoding from its last octet to its first, so that each length is known when it is written.
 * A value that its schema does not allow throws `encode/value` with the field path.
 */
export class DerWriter {
  #bytes = new Uint8Array(256);
  #start = 256;
  readonly #path: (string | number)[];
  #depth = 0;

  readonly #lengthForm: LengthForm;

  constructor(field: string, lengthForm: LengthForm) {
    this.#path = [field];
    this.#lengthForm = lengthForm;
  }

  enter(name: string | number): void {
    this.#path[++this.#depth] = name;
  }
  leave(): void {
    this.#depth--;
  }
  fail(detail: string): never {
    throw new HanwayError("encode/value", detail, { field: fieldPath(this.#path, this.#depth) });
  }

  /** Octets written so far: take it before the contents and hand it to {@link close}. */
  get size(): number {
    return this.#bytes.length - this.#start;
  }

  #grow(count: number): void {
    if (count <= this.#start) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.size + count));
    larger.set(this.#bytes.subarray(this.#start), larger.length - this.size);
    this.#start += larger.length - this.#bytes.length;
    this.#bytes = larger;
  }

  /** Puts one octet in front of what is written. */
  octet(value: number): void {
    this.#grow(1);
    this.#bytes[--this.#start] = value;
  }

  /** Puts octets, in their own order, in front of what is written. */
  octets(value: Uint8Array): void {
    this.#grow(value.length);
    this.#start -= value.length;
    this.#bytes.set(value, this.#start);
  }

  /** Puts identifier and length in front of everything written since `size` was `from`. */
  close(tag: number, from: number): void {
    let length = this.size - from;
    if (length < 0x80) {
      this.octet(length);
    } else {
      const least = this.#lengthForm === "two-octet" ? 2 : 1;
      let count = 0;
      for (; length > 0 || count < least; length >>>= 8, count++) this.octet(length & 0xff);
      this.octet(0x80 | count);
    }
    this.octet(tag);
  }

  done(): Uint8Array {
    return this.#bytes.slice(this.#start);
  }
}
