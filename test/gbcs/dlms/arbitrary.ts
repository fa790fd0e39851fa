import fc from "fast-check";
import {
  type AccessOperation,
  type AccessSpecification,
  type Data,
  type DlmsApdu,
  FIXED_OCTETS,
  INTEGER_RANGES,
  type SimpleType,
  type TypeDescription,
} from "../../../src/gbcs/dlms/index.ts";

const octets = (length: fc.SizeForArbitrary | number, max = 40) =>
  fc.uint8Array(typeof length === "number" ? { minLength: length, maxLength: length } : { maxLength: max });

function integers(): fc.Arbitrary<Data>[] {
  const types = Object.keys(INTEGER_RANGES) as (keyof typeof INTEGER_RANGES)[];
  return types.map((type) => {
    const [min, max] = INTEGER_RANGES[type];
    return fc.integer({ min, max }).map((value): Data => ({ type, value }));
  });
}

const booleans = fc.integer({ min: 0, max: 255 }).map((octet): Data => {
  if (octet === 0 || octet === 255) return { type: "boolean", value: octet !== 0 };
  return { type: "boolean", value: true, octet };
});

const bitStrings = fc
  .integer({ min: 0, max: 300 })
  .chain((bits) => octets(Math.ceil(bits / 8)).map((value): Data => ({ type: "bit-string", bits, value })));

function fixedOctets(): fc.Arbitrary<Data>[] {
  const types = Object.keys(FIXED_OCTETS) as (keyof typeof FIXED_OCTETS)[];
  return types.map((type) => octets(FIXED_OCTETS[type]).map((value): Data => ({ type, value })));
}

const notANumber: Data = { type: "float32", value: Number.NaN, octets: Uint8Array.of(0x7f, 0x80, 0, 1) };

const simple: fc.Arbitrary<Data> = fc.oneof(
  fc.constant<Data>({ type: "null" }),
  fc.constant<Data>({ type: "dont-care" }),
  ...integers(),
  booleans,
  bitStrings,
  ...fixedOctets(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): Data => ({ type: "i64", value })),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value): Data => ({ type: "u64", value })),
  fc.float({ noNaN: true }).map((value): Data => ({ type: "float32", value })),
  fc.double({ noNaN: true }).map((value): Data => ({ type: "float64", value })),
  fc.constant(notANumber),
  fc.uint8Array({ maxLength: 200 }).map((value): Data => ({ type: "octet-string", value })),
  fc.string({ unit: "binary", maxLength: 60 }).map((value): Data => ({ type: "utf8-string", value })),
  octets("small").map((value): Data => ({ type: "visible-string", value: String.fromCharCode(...value) })),
);

/** A value of each kind that has a width of its own, with its description, for compact arrays. */
const described: fc.Arbitrary<TypeDescription> = fc.letrec<{ type: TypeDescription; leaf: TypeDescription }>(
  (tie) => ({
    leaf: fc
      .constantFrom<SimpleType>("u8", "u16", "u32", "i8", "i32", "octet-string", "boolean", "u64", "enum")
      .map((type): TypeDescription => ({ type })),
    type: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      tie("leaf"),
      fc
        .tuple(fc.integer({ min: 1, max: 4 }), tie("type"))
        .map(([count, element]): TypeDescription => ({ type: "array", count, element })),
      fc
        .array(tie("type"), { minLength: 1, maxLength: 4 })
        .map((elements): TypeDescription => ({ type: "structure", elements })),
    ),
  }),
).type;

function valueFor(description: TypeDescription): fc.Arbitrary<Data> {
  if (description.type === "array") {
    const { count, element } = description;
    return fc
      .array(valueFor(element), { minLength: count, maxLength: count })
      .map((value): Data => ({ type: "array", value }));
  }
  if (description.type === "structure") {
    return fc
      .tuple(...description.elements.map(valueFor))
      .map((value): Data => ({ type: "structure", value }));
  }
  return simple.filter((data) => data.type === description.type);
}

const compactArrays: fc.Arbitrary<Data> = described.chain((element) =>
  fc
    .array(valueFor(element), { maxLength: 5 })
    .map((value): Data => ({ type: "compact-array", element, value })),
);

export const anyData: fc.Arbitrary<Data> = fc.letrec<{ data: Data }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 6, arbitrary: simple },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.constantFrom<"array" | "structure">("array", "structure"),
          fc.array(tie("data"), { maxLength: 5 }),
        )
        .map(([type, value]): Data => ({ type, value })),
    },
    { weight: 1, arbitrary: compactArrays },
  ),
})).data;

const operations = fc.constantFrom<AccessOperation>("get", "set", "action");

const specification: fc.Arbitrary<AccessSpecification> = fc
  .record({
    operation: operations,
    classId: fc.integer({ min: 0, max: 0xffff }),
    obis: octets(6),
    index: fc.integer({ min: -128, max: 127 }),
    selection: fc.option(fc.record({ selector: fc.integer({ min: 0, max: 255 }), parameters: anyData })),
  })
  .map(({ selection, ...rest }) =>
    selection === null || rest.operation === "action" ? rest : { ...rest, selection },
  );

const head = {
  invokeId: fc.integer({ min: 0, max: 0xffff_ffff }),
  dateTime: fc.oneof(octets(0), octets(12)),
};

export const anyApdu: fc.Arbitrary<DlmsApdu> = fc.oneof(
  fc.record({ ...head, items: fc.array(fc.tuple(specification, anyData), { maxLength: 5 }) }).map(
    ({ items, ...rest }): DlmsApdu => ({
      type: "access-request",
      ...rest,
      specifications: items.map(([item]) => item),
      data: items.map(([, data]) => data),
    }),
  ),
  fc
    .record({
      ...head,
      repeated: fc.boolean(),
      items: fc.array(fc.tuple(specification, anyData, operations, fc.integer({ min: 0, max: 255 })), {
        maxLength: 5,
      }),
    })
    .map(({ items, repeated, ...rest }): DlmsApdu => {
      const answer = {
        type: "access-response" as const,
        ...rest,
        data: items.map(([, data]) => data),
        results: items.map(([, , operation, result]) => ({ operation, result })),
      };
      return repeated ? { ...answer, specifications: items.map(([item]) => item) } : answer;
    }),
  fc.record({ ...head, body: anyData }).map((rest): DlmsApdu => ({ type: "data-notification", ...rest })),
);
