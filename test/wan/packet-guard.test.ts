import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../src/base/bytes.ts";
import { HanwayError } from "../../src/base/error.ts";
import { PacketGuard } from "../../src/wan/packet-guard.ts";

const LIMIT = 70_000;

function packet(first: number, length: number): Uint8Array {
  const header = [first];
  let left = length;
  do {
    header.push((left & 0x7f) | (left >= 0x80 ? 0x80 : 0));
    left >>>= 7;
  } while (left > 0);
  const out = new Uint8Array(header.length + length).fill(length & 0xff);
  out.set(header);
  return out;
}

/** Feeds the octets in chunks that end at the places given. */
function through(bytes: Uint8Array, cuts: readonly number[]): Uint8Array {
  const limit = new PacketGuard(LIMIT);
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  const out = ends.map((end) => {
    const pieces = limit.take(bytes.subarray(from, end));
    from = end;
    return concatBytes(...pieces);
  });
  return concatBytes(...out);
}

const first = fc.constantFrom(0x20, 0x30, 0x32, 0x3b, 0x40, 0x90, 0xd0, 0xe0);
const cuts = fc.array(fc.nat(), { maxLength: 12 });

const codeOf = (bytes: Uint8Array) => {
  try {
    new PacketGuard(LIMIT).take(bytes);
    return "passed";
  } catch (error) {
    return error instanceof HanwayError ? error.code : "another exception";
  }
};

describe("packets from a broker", () => {
  it("expected packets up to the limit pass octet for octet, however they are cut", () => {
    const packets = fc.array(
      fc.tuple(
        first,
        fc.oneof(fc.integer({ min: 3, max: 300 }), fc.constantFrom(127, 128, 16_383, 16_384, LIMIT)),
      ),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    fc.assert(
      fc.property(packets, cuts, (packets, cuts) => {
        const bytes = concatBytes(...packets.map(([first, length]) => packet(first, length)));
        expect(Buffer.compare(through(bytes, cuts), bytes)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it("a PUBLISH beyond it is cut to it, and what follows stays whole", () => {
    fc.assert(
      fc.property(fc.integer({ min: LIMIT + 1, max: LIMIT + 200_000 }), cuts, (length, cuts) => {
        const next = packet(0x40, 2);
        const bytes = concatBytes(packet(0x32, length), next);
        const cut = concatBytes(packet(0x32, LIMIT).fill(length & 0xff, 4), next);
        expect(Buffer.compare(through(bytes, cuts), cut)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it("no other packet may be beyond it, and a length that never ends is refused", () => {
    expect(codeOf(Uint8Array.of(0x20, 0xff, 0xff, 0xff, 0x7f))).toBe("decode/size");
    expect(codeOf(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f))).toBe("passed");
    expect(codeOf(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff))).toBe("decode/length");
  });

  it.each([0x10, 0x34, 0x36, 0x50, 0x62, 0x70, 0x82, 0xa2, 0xb0, 0xc0, 0xf0, 0x00])(
    "type octet %i is nothing that a broker sends to the hub",
    (first) => {
      expect(codeOf(packet(first, 4))).toBe("decode/value");
    },
  );

  it.each([0x20, 0x32, 0x40, 0x90])("type octet %i with too few octets is refused", (first) => {
    expect(codeOf(packet(first, 1))).toBe("decode/length");
  });

  it("any octets pass, are cut or are refused by a HanwayError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, cuts) => {
        try {
          through(bytes, cuts);
        } catch (error) {
          expect(error).toBeInstanceOf(HanwayError);
        }
      }),
    );
  });
});
