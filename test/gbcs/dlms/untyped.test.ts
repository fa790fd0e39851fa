import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HanwayError } from "../../../src/base/error.ts";
import { DATA_TAGS, encodeDlms } from "../../../src/gbcs/dlms/index.ts";
import { anyApdu } from "./arbitrary.ts";

/** A copy in which the n-th property, counted through the whole tree, is something else. */
function spoiled(value: unknown, n: number, by: unknown): unknown {
  let left = n;
  const copy = (part: unknown): unknown => {
    if (left-- === 0) return by;
    if (Array.isArray(part)) return part.map(copy);
    if (typeof part !== "object" || part === null || part instanceof Uint8Array) return part;
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, copy(inner)]));
  };
  return copy(value);
}

describe("DLMS trees that come from JSON", () => {
  const junk = fc.oneof(
    fc.constantFrom<unknown>(null, undefined, "", "text", -1, 0.5, 1e9, Number.NaN, {}, [], [null], true, 5n),
    fc.constantFrom(...Object.keys(DATA_TAGS)),
    fc.constant(new Uint8Array(3)),
    fc.constant({ type: "structure" }),
    fc.constant({ type: "compact-array", element: { type: "structure" }, value: [{}] }),
  );
  it("encode, or are refused with a coded error naming the field, whatever is wrong with them", () => {
    fc.assert(
      fc.property(anyApdu, fc.nat(60), junk, (apdu, n, by) => {
        const tree = spoiled(apdu, n, by) as typeof apdu;
        try {
          expect(encodeDlms(tree)).toBeInstanceOf(Uint8Array);
        } catch (error) {
          if (!(error instanceof HanwayError)) throw error;
          expect(error.code).toBe("encode/value");
          expect(error.field).toBeTruthy();
        }
      }),
      { numRuns: 3000 },
    );
  });
});
