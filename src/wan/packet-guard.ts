import { HanwayError } from "../base/error.ts";

/**
 * MQTT control packets that a broker may send to a client which neither publishes nor subscribes with QoS 2, by the upper
 * half of their first octet, with the fewest octets that follow the fixed header.
 */
const EXPECTED: ReadonlyMap<number, number> = new Map([
  [2, 2], // CONNACK
  [3, 2], // PUBLISH
  [4, 2], // PUBACK
  [9, 3], // SUBACK
  [13, 0], // PINGRESP
  [14, 0], // DISCONNECT
]);
const PUBLISH = 3;
/** The bits of a PUBLISH's first octet that say QoS 2. */
const QOS_2 = 0x04;
/** A remaining length has at most four octets of seven bits (MQTT 5, 1.5.5). */
const MAX_LENGTH_OCTETS = 4;

/**
 * Stands before the MQTT parser: refuses packets that no broker has to send to the hub, and cuts every PUBLISH whose
 * remaining length is beyond the limit down to it.
 *
 * A broker of MQTT 3.1.1 cannot be told a largest packet. Without a limit one hostile packet of 256 MB fills the memory;
 * hanging up on it would bring it back at every reconnect. Cut, it still carries its topic and packet id, so it is
 * answered as too large and acknowledged, and costs no more memory than any other.
 */
export class PacketGuard {
  readonly #limit: number;
  #first = -1;
  #length = 0;
  #lengthOctets = 0;
  #pass = 0;
  #skip = 0;

  /** `limit` in octets of remaining length; at least 70,000, so that the longest topic and the packet id always fit. */
  constructor(limit: number) {
    this.#limit = Math.max(limit, 70_000);
  }

  /** The octets to hand on, as views of the chunk wherever nothing was cut. Throws `decode/…`. */
  take(chunk: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = [];
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#pass > 0) {
        const count = Math.min(this.#pass, chunk.length - at);
        this.#pass -= count;
        at += count;
      } else if (this.#skip > 0) {
        if (at > from) out.push(chunk.subarray(from, at));
        const count = Math.min(this.#skip, chunk.length - at);
        this.#skip -= count;
        at += count;
        from = at;
      } else {
        // Headers are held back until they are whole: a cut packet gets another one.
        if (at > from) out.push(chunk.subarray(from, at));
        const header = this.#header(chunk[at] ?? 0);
        at += 1;
        from = at;
        if (header !== undefined) out.push(header);
      }
    }
    if (at > from) out.push(chunk.subarray(from, at));
    return out;
  }

  /** One octet of the fixed header; returns the header to hand on once it is whole. */
  #header(octet: number): Uint8Array | undefined {
    if (this.#first < 0) {
      this.#first = octet;
      return undefined;
    }
    this.#length += (octet & 0x7f) * 2 ** (7 * this.#lengthOctets);
    this.#lengthOctets += 1;
    if (octet >= 0x80) {
      if (this.#lengthOctets < MAX_LENGTH_OCTETS) return undefined;
      throw new HanwayError("decode/length", "no MQTT packet", { field: "remainingLength" });
    }
    const length = this.#length;
    const first = this.#first;
    this.#check(first, length);
    this.#pass = Math.min(length, this.#limit);
    this.#skip = length - this.#pass;
    this.#first = -1;
    this.#length = 0;
    this.#lengthOctets = 0;
    return Uint8Array.of(first, ...remainingLength(this.#pass));
  }

  #check(first: number, length: number): void {
    const type = first >> 4;
    const least = EXPECTED.get(type);
    if (least === undefined || (type === PUBLISH && (first & QOS_2) !== 0)) {
      throw new HanwayError("decode/value", `type ${type} is not for the hub`, { field: "packet" });
    }
    if (length < least) throw new HanwayError("decode/length", `${length} octets`, { field: "packet" });
    if (length > this.#limit && type !== PUBLISH) {
      throw new HanwayError("decode/size", `${length} octets, ${this.#limit} allowed`, { field: "packet" });
    }
  }
}

function remainingLength(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...remainingLength(value >>> 7)];
}
