import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HanwayError } from "../../../src/base/error.ts";
import { decodeGbz, encodeGbz } from "../../../src/gbcs/gbz/index.ts";
import { CONTENTS } from "./contents.ts";

const JUNK: unknown[] = [
  undefined,
  null,
  true,
  -1,
  1.5,
  2 ** 53,
  7n,
  "x",
  "",
  [],
  {},
  [null],
  new Uint8Array(3),
];

/** Every path in a tree. */
function paths(node: unknown, path: string[] = []): string[][] {
  if (typeof node !== "object" || node === null || node instanceof Uint8Array) return [path];
  return [path, ...Object.entries(node).flatMap(([name, child]) => paths(child, [...path, name]))];
}

describe("GBZ encoder on values from a file that anybody has edited", () => {
  test("whatever one value is replaced by, it encodes or is refused with a coded error", () => {
    for (const [name, code, octets, kind] of CONTENTS) {
      for (const path of paths(decodeGbz(octets, kind, code)).slice(1)) {
        fc.assert(
          fc.property(fc.constantFrom(...JUNK), (junk) => {
            const gbz = structuredClone(decodeGbz(octets, kind, code));
            let holder: object = gbz;
            for (const step of path.slice(0, -1)) holder = Object(Reflect.get(holder, step));
            Reflect.set(holder, path.at(-1) ?? "", junk);
            try {
              encodeGbz(gbz);
            } catch (error) {
              expect(error, `${name} ${path.join(".")} ${String(junk)}`).toBeInstanceOf(HanwayError);
              expect(error).toHaveProperty("code", "encode/value");
            }
          }),
          { numRuns: 40 },
        );
      }
    }
  });
});
