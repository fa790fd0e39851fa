import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HanwayError } from "../../src/base/error.ts";
import { fromJson, toJson } from "../../src/gbcs/json.ts";

const leaf = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
  fc.uint8Array({ maxLength: 20 }),
);
const name = fc.string().filter((text) => !["hex", "int", "number"].includes(text));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie("tree")),
    fc.dictionary(name, tie("tree"), { noNullPrototype: true }),
  ),
}));

describe("JSON form of decoded messages", () => {
  it("gives every value back through text", () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(fromJson(JSON.parse(JSON.stringify(toJson(value))))).toEqual(value);
      }),
    );
  });

  it("writes octets as hex, whole numbers above 53 bits as int, the rest plainly", () => {
    expect(toJson({ a: Uint8Array.of(1, 255), b: 2n ** 64n, c: [1, "x", null], d: undefined })).toEqual({
      a: { hex: "01ff" },
      b: { int: "18446744073709551616" },
      c: [1, "x", null],
    });
  });

  it.each([[{ a: { hex: "0" } }], [{ a: { int: "1.5" } }], [{ a: { number: "many" } }]])(
    "refuses %j by naming the field",
    (json) => {
      expect(() => fromJson(json)).toThrow(expect.objectContaining({ code: "decode/value", field: "a" }));
    },
  );

  it("refuses nesting without end", () => {
    const deep = JSON.parse(`${"[".repeat(5000)}${"]".repeat(5000)}`);
    expect(() => fromJson(deep)).toThrow(HanwayError);
  });
});
