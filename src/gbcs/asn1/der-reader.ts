import { type ErrorCode, HanwayError } from "../../base/error.ts";

/** Deeper nesting than any GBCS payload or certificate has (the deepest is about 8). */
const MAX_DEPTH = 32;
/** Length octets after the first: enough for 16 MiB, far above any message. */
const MAX_LENGTH_OCTETS = 3;

/**
 * How a length of 128 to 255 is written: `shortest` is DER (`81 xx`), `two-octet` is the form of the published
 * GBCS test messages (`82 00 xx`). All other lengths have one form.
 */
export type LengthForm = "shortest" | "two-octet";

/**
 * Walks the elements of a DER encoding (X.690 clause 10) from front to back and knows which field it is in.
 * It takes single-octet identifiers and definite, minimal lengths only. Every error is a {@link HanwayError}
 * with the offset from the start of `bytes` and the dotted field path.
 */
export class DerReader {
  readonly bytes: Uint8Array;
  at = 0;
  /** Where the enclosing element's contents end. */
  end: number;
  /** The form of lengths 128 to 255 that is accepted; undefined: the first one met decides for the rest. */
  #lengthForm: LengthForm | undefined;
  readonly #path: (string | number)[];
  #depth = 0;

  constructor(bytes: Uint8Array, field: string, lengthForm: LengthForm | undefined) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.#path = [field];
    this.#lengthForm = lengthForm;
  }

  /** Names the field (or the index in a SEQUENCE OF) that is read until the matching {@link leave}. */
  enter(name: string | number): void {
    this.#depth++;
    if (this.#depth >= MAX_DEPTH) this.fail("decode/depth", `more than ${MAX_DEPTH} levels`);
    this.#path[this.#depth] = name;
  }
  leave(): void {
    this.#depth--;
  }

  fail(code: ErrorCode, detail: string, offset = this.at): never {
    throw new HanwayError(code, detail, {
      field: fieldPath(this.#path, this.#depth),
      offset,
    });
  }

  /** The octet at `offset`, which the caller has bounded by a length already read. */
  octet(offset: number): number {
    return this.bytes[offset] ?? 0;
  }

  /** The identifier octet of the next element, or -1 at the end of the enclosing one. */
  peek(): number {
    return this.at < this.end ? this.octet(this.at) : -1;
  }

  /** Reads identifier and length of the next element, which must carry `tag`; returns where its contents end. */
  open(tag: number): number {
    const found = this.peek();
    if (found === -1) this.fail("decode/truncated", `element ${hexOctet(tag)} is missing`);
    if (found !== tag) this.fail("decode/value", `tag ${hexOctet(tag)} wanted, ${hexOctet(found)} found`);
    return this.openAny();
  }

  /** As {@link openAny} with the shortest form of every length, whatever the message around it uses. */
  openForeign(): number {
    const form = this.#lengthForm;
    this.#lengthForm = "shortest";
    const end = this.openAny();
    this.#lengthForm = form;
    return end;
  }

  /** As {@link open}, whatever the identifier. */
  openAny(): number {
    const start = this.at;
    const tag = this.peek();
    if (tag === -1) this.fail("decode/truncated", "element is missing");
    if ((tag & 0x1f) === 0x1f) this.fail("decode/value", "identifier of more than one octet");
    this.at++;
    const length = this.#length();
    const end = this.at + length;
    if (end > this.end) {
      this.fail("decode/truncated", `${length} octets of contents, ${this.end - this.at} left`, start);
    }
    return end;
  }

  #length(): number {
    const start = this.at;
    if (start >= this.end) this.fail("decode/truncated", "length is missing");
    const first = this.octet(start);
    this.at++;
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0) this.fail("decode/length", "indefinite length", start);
    if (count > MAX_LENGTH_OCTETS) this.fail("decode/size", `length of ${count} octets`, start);
    if (this.at + count > this.end) this.fail("decode/truncated", "length is cut off", start);
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.octet(this.at + i);
    this.#checkLengthForm(length, count, start);
    this.at += count;
    return length;
  }

  #checkLengthForm(length: number, count: number, start: number): void {
    if (length > 0x7f && length < 0x100 && count < 3) {
      const form = count === 1 ? "shortest" : "two-octet";
      this.#lengthForm ??= form;
      if (form === this.#lengthForm) return;
    } else if (length >= 2 ** (8 * (count - 1)) && length > 0x7f) {
      return;
    }
    this.fail("decode/length", "length is not in its shortest form", start);
  }

  /** The contents up to `end` as a view into the message. */
  takeTo(end: number): Uint8Array {
    const from = this.at;
    this.at = end;
    return this.bytes.subarray(from, end);
  }

  /** Runs `read` with the contents up to `end` as the enclosing element and requires that it reads them all. */
  within<T>(end: number, read: () => T): T {
    const outer = this.end;
    this.end = end;
    const value = read();
    this.expectEnd();
    this.end = outer;
    return value;
  }

  expectEnd(): void {
    if (this.at !== this.end) this.fail("decode/trailing", `${this.end - this.at} octets too many`);
  }
}

/** `a.b[2].c` from the names entered so far. */
export function fieldPath(path: readonly (string | number)[], depth: number): string {
  return path
    .slice(0, depth + 1)
    .map((name, i) => (typeof name === "number" ? `[${name}]` : i === 0 ? name : `.${name}`))
    .join("");
}

export function hexOctet(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}
