import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equalBytes, fromHex, toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { decodeDlms, encodeDlms } from "../../../src/gbcs/dlms/index.ts";
import { anyApdu } from "./arbitrary.ts";

/** What decoding came to: the octets that the tree encodes to, or the coded error. Any other exception fails. */
function outcome(octets: Uint8Array): Uint8Array | HanwayError {
  try {
    return encodeDlms(decodeDlms(octets));
  } catch (error) {
    if (!(error instanceof HanwayError)) throw error;
    return error;
  }
}

function expectCodedOrIdentical(octets: Uint8Array): void {
  const result = outcome(octets);
  if (result instanceof HanwayError) {
    expect(result.code).toMatch(/^decode\//);
    expect(result.offset).toBeTypeOf("number");
    expect(result.field).toBeTruthy();
  } else expect(toHex(result)).toBe(toHex(octets));
}

describe("DLMS codec (GBCS 7.3, DLMS UA access service)", () => {
  it("encodes what it decodes, and decodes what it encodes, for every type and shape", () => {
    fc.assert(
      fc.property(anyApdu, (apdu) => {
        const octets = encodeDlms(apdu);
        const again = decodeDlms(octets);
        expect(equalBytes(encodeDlms(again), octets)).toBe(true);
        expect(again).toEqual(apdu);
      }),
      { numRuns: 400 },
    );
  });

  it("refuses a message cut off anywhere, naming the offset and the field", () => {
    fc.assert(
      fc.property(anyApdu, (apdu) => {
        const octets = encodeDlms(apdu);
        for (let length = 0; length < octets.length; length++) {
          const result = outcome(octets.subarray(0, length));
          expect(result).toBeInstanceOf(HanwayError);
          expect(result).toMatchObject({ field: expect.any(String), offset: expect.any(Number) });
        }
      }),
      { numRuns: 60 },
    );
  });

  it("takes a message with flipped bits as what it now says, or refuses it with a coded error", () => {
    fc.assert(
      fc.property(anyApdu, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (apdu, flips) => {
        const octets = encodeDlms(apdu).slice();
        for (const flip of flips) {
          const at = (flip >>> 3) % octets.length;
          octets[at] = (octets[at] ?? 0) ^ (1 << (flip & 7));
        }
        expectCodedOrIdentical(octets);
      }),
      { numRuns: 1000 },
    );
  });

  it("takes any octets behind each tag as what they say, or refuses them with a coded error", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("d92000000000", "da200000000000", "0f2000000000"),
        fc.uint8Array({ maxLength: 300 }),
        (start, rest) => expectCodedOrIdentical(Uint8Array.from([...fromHex(start), ...rest])),
      ),
      { numRuns: 2000 },
    );
  });

  it("refuses octets behind the end", () => {
    fc.assert(
      fc.property(anyApdu, fc.uint8Array({ minLength: 1, maxLength: 9 }), (apdu, tail) => {
        const octets = Uint8Array.from([...encodeDlms(apdu), ...tail]);
        expect(() => decodeDlms(octets)).toThrow(HanwayError);
      }),
      { numRuns: 100 },
    );
  });

  it("works on a view into a larger buffer and gives leaves that are views into it", () => {
    const whole = Buffer.from(`ffff0f20000001000902abcdffff`, "hex");
    const apdu = decodeDlms(whole.subarray(2, 12));
    if (apdu.type !== "data-notification" || apdu.body.type !== "octet-string") throw new Error("unexpected");
    expect(toHex(apdu.body.value)).toBe("abcd");
    expect(apdu.body.value.buffer).toBe(whole.buffer);
    expect(Buffer.isBuffer(apdu.body.value)).toBe(false);
  });
});
