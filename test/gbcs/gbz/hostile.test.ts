import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { decodeGbz, encodeGbz, type Gbz } from "../../../src/gbcs/gbz/index.ts";
import { arbitraryDamage } from "../../zcl/arbitrary.ts";
import { CONTENTS } from "./contents.ts";

/** Values that give the very same octets, or a refusal with a field and an offset within them; nothing in between. */
function expectHonest(octets: Uint8Array, kind: Gbz["kind"], messageCode?: number): "decoded" | "refused" {
  let gbz: Gbz;
  try {
    gbz = decodeGbz(octets, kind, messageCode);
  } catch (error) {
    if (!(error instanceof HanwayError)) throw error;
    expect(error.code).toMatch(/^decode\//);
    expect(error.field).toBeTruthy();
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThanOrEqual(octets.length);
    return "refused";
  }
  expect(toHex(encodeGbz(gbz))).toBe(toHex(octets));
  return "decoded";
}

const kinds: fc.Arbitrary<Gbz["kind"]> = fc.constantFrom("command", "response", "alert");

describe("GBZ decoder on octets from anybody", () => {
  test("truncation at every octet is refused, save in an alert body that has no layout", () => {
    for (const [name, code, octets, kind] of CONTENTS) {
      for (let length = 0; length < octets.length; length++) {
        const outcome = expectHonest(octets.subarray(0, length), kind, code);
        if (name !== "an alert body without a layout") expect(outcome, `${name} ${length}`).toBe("refused");
      }
    }
  });

  test("every single bit flipped", () => {
    for (const [, code, octets, kind] of CONTENTS) {
      for (let bit = 0; bit < octets.length * 8; bit++) {
        const flipped = Uint8Array.from(octets);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expectHonest(flipped, kind, code);
      }
    }
  });

  test("damaged in several places", () => {
    for (const [, code, octets, kind] of CONTENTS) {
      fc.assert(
        fc.property(arbitraryDamage(octets), (damaged) => {
          expectHonest(damaged, kind, code);
        }),
        { numRuns: 100 },
      );
    }
  });

  test("any octets behind the profile id", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), kinds, (tail, kind) => {
        expectHonest(Uint8Array.of(1, 9, ...tail), kind);
      }),
      { numRuns: 500 },
    );
  });

  test("64 KB of zeros, of FF and of nested arrays", () => {
    for (const filling of [[0x00], [0xff], [0x48, 0x01, 0x00]]) {
      const octets = Uint8Array.from({ length: 65536 }, (_, i) => filling[i % filling.length] ?? 0);
      octets.set([1, 9, 1, 1, 7, 2, 0xff, 0xf8, 0x18, 0, 1, 0, 0, 0, 0x48]);
      for (const kind of ["command", "response", "alert"] as const) expectHonest(octets, kind);
    }
  });
});
