import {
  type CompactArray,
  DATA_TAGS,
  type Data,
  DEFAULT_DLMS_LIMITS,
  type DlmsLimits,
  type NullData,
  TYPES_BY_TAG,
  type TypeDescription,
} from "./data.ts";
import { AxdrReader } from "./reader.ts";

const NULL: NullData = Object.freeze({ type: "null" });
const DONT_CARE: NullData = Object.freeze({ type: "dont-care" });
const FALSE = Object.freeze({ type: "boolean", value: false } as const);
const TRUE = Object.freeze({ type: "boolean", value: true } as const);
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads A-XDR data. Lengths must be minimal, and a count is believed only as far as octets are left to fill it, so
 * nothing is ever allocated on a sender's word. Throws `decode/*` with offset and field path.
 */
export class AxdrDecoder extends AxdrReader {
  readonly #limits: DlmsLimits;
  #nodes = 0;

  constructor(bytes: Uint8Array, field: string, limits: DlmsLimits = DEFAULT_DLMS_LIMITS) {
    super(bytes, field);
    this.#limits = limits;
  }

  data(): Data {
    const at = this.at;
    const tag = this.u8();
    switch (tag) {
      case 1:
        return { type: "array", value: this.#elements() };
      case 2:
        return { type: "structure", value: this.#elements() };
      case 19:
        return this.#compactArray();
      default:
        return this.#simple(tag, at);
    }
  }

  #enter(at: number): number {
    const depth = this.depth;
    if (depth >= this.#limits.maxDepth) this.fail("decode/depth", `more than ${depth} levels`, at);
    this.depth = depth + 1;
    return depth;
  }

  #elements(): Data[] {
    return this.list(this.count(1));
  }

  /** `count` Data in a row. */
  list(count: number): Data[] {
    const depth = this.#enter(this.at);
    const path = this.path;
    const elements: Data[] = [];
    for (let i = 0; i < count; i++) {
      path[depth] = i;
      elements.push(this.data());
    }
    this.depth = depth;
    return elements;
  }

  #simple(tag: number, at: number): Data {
    switch (tag) {
      case 0:
        return NULL;
      case 3:
        return boolean(this.u8());
      case 4: {
        const bits = this.length();
        return { type: "bit-string", bits, value: this.octets(Math.ceil(bits / 8)) };
      }
      case 5:
        return { type: "i32", value: this.view.getInt32(this.claim(4)) };
      case 6:
        return { type: "u32", value: this.u32() };
      case 9:
        return { type: "octet-string", value: this.octets(this.length()) };
      case 10:
        return { type: "visible-string", value: latin1(this.octets(this.length())) };
      case 12:
        return { type: "utf8-string", value: this.#utf8() };
      case 15:
        return { type: "i8", value: this.i8() };
      case 16:
        return { type: "i16", value: this.view.getInt16(this.claim(2)) };
      case 17:
        return { type: "u8", value: this.u8() };
      case 18:
        return { type: "u16", value: this.u16() };
      case 22:
        return { type: "enum", value: this.u8() };
      default:
        return this.#rare(tag, at);
    }
  }

  /** The types that the published use cases do not use. */
  #rare(tag: number, at: number): Data {
    switch (tag) {
      case 13:
        return { type: "bcd", value: this.u8() };
      case 20:
        return { type: "i64", value: this.view.getBigInt64(this.claim(8)) };
      case 21:
        return { type: "u64", value: this.view.getBigUint64(this.claim(8)) };
      case 23:
        return this.#float("float32", 4);
      case 24:
        return this.#float("float64", 8);
      case 25:
        return { type: "date-time", value: this.octets(12) };
      case 26:
        return { type: "date", value: this.octets(5) };
      case 27:
        return { type: "time", value: this.octets(4) };
      case 28:
        return { type: "delta-i8", value: this.i8() };
      case 29:
        return { type: "delta-i16", value: this.view.getInt16(this.claim(2)) };
      case 30:
        return { type: "delta-i32", value: this.view.getInt32(this.claim(4)) };
      case 31:
        return { type: "delta-u8", value: this.u8() };
      case 32:
        return { type: "delta-u16", value: this.u16() };
      case 33:
        return { type: "delta-u32", value: this.u32() };
      case 255:
        return DONT_CARE;
      default:
        return this.fail("decode/value", `${tag} is not the tag of a type`, at);
    }
  }

  #float(type: "float32" | "float64", count: 4 | 8): Data {
    const at = this.claim(count);
    const value = count === 4 ? this.view.getFloat32(at) : this.view.getFloat64(at);
    if (!Number.isNaN(value)) return { type, value };
    this.at = at;
    return { type, value, octets: this.octets(count) };
  }

  #utf8(): string {
    const at = this.at;
    const octets = this.octets(this.length());
    try {
      return UTF8.decode(octets);
    } catch {
      return this.fail("decode/value", "not UTF-8", at);
    }
  }

  #compactArray(): CompactArray {
    const depth = this.#enter(this.at);
    this.path[depth] = 0;
    const element = this.#description();
    const length = this.length();
    if (length > this.end - this.at) {
      this.fail("decode/truncated", `${length} octets wanted, ${this.end - this.at} left`);
    }
    const end = this.at + length;
    const elements: Data[] = [];
    while (this.at < end) {
      const at = this.at;
      this.path[depth] = elements.length;
      elements.push(this.#packed(element));
      if (this.at === at) this.fail("decode/value", "elements of no octets", at);
    }
    if (this.at > end) this.fail("decode/length", "the last element passes the end of the array", end);
    this.depth = depth;
    return { type: "compact-array", element, value: elements };
  }

  #description(): TypeDescription {
    const at = this.at;
    const tag = this.u8();
    const type = TYPES_BY_TAG[tag];
    if (type === undefined || type === "compact-array") {
      return this.fail("decode/value", `${tag} is not the tag of a described type`, at);
    }
    if (type !== "array" && type !== "structure") return { type };
    const depth = this.#enter(at);
    this.path[depth] = 0;
    const description = type === "array" ? this.#arrayDescription() : this.#structureDescription(depth);
    this.depth = depth;
    return description;
  }

  #arrayDescription(): TypeDescription {
    const at = this.at;
    const count = this.u16();
    const element = this.#description();
    // 65,535 elements out of no octets are nobody's data: they would only cost memory.
    if (isEmpty(element)) this.fail("decode/value", "an array of elements of no octets", at);
    return { type: "array", count, element };
  }

  #structureDescription(depth: number): TypeDescription {
    const count = this.count(1);
    const elements: TypeDescription[] = [];
    for (let i = 0; i < count; i++) {
      this.path[depth] = i;
      elements.push(this.#description());
    }
    return { type: "structure", elements };
  }

  /** One packed element. Its types carry no tags, so a short message could describe a huge tree: nodes are counted. */
  #packed(description: TypeDescription): Data {
    if (++this.#nodes > this.#limits.maxNodes) {
      this.fail("decode/size", `more than ${this.#limits.maxNodes} values`);
    }
    if (description.type === "structure") {
      const elements: Data[] = [];
      for (const element of description.elements) elements.push(this.#packed(element));
      return { type: "structure", value: elements };
    }
    if (description.type === "array") {
      if (description.count > this.end - this.at)
        this.fail("decode/truncated", `${description.count} elements in ${this.end - this.at} octets`);
      const elements: Data[] = [];
      for (let i = 0; i < description.count; i++) elements.push(this.#packed(description.element));
      return { type: "array", value: elements };
    }
    return this.#simple(DATA_TAGS[description.type], this.at);
  }
}

/** Whether values of a description take no octets when packed. */
function isEmpty(description: TypeDescription): boolean {
  if (description.type === "structure") return description.elements.every(isEmpty);
  if (description.type === "array") return description.count === 0 || isEmpty(description.element);
  return description.type === "null" || description.type === "dont-care";
}

function boolean(octet: number): Data {
  if (octet === 0) return FALSE;
  return octet === 0xff ? TRUE : { type: "boolean", value: true, octet };
}

function latin1(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("latin1");
}
