import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { type Data, decodeData, decodeDlms, encodeDlms } from "../../../src/gbcs/dlms/index.ts";

function failure(run: () => unknown): HanwayError {
  try {
    run();
  } catch (error) {
    if (error instanceof HanwayError) return error;
    throw error;
  }
  throw new Error("accepted");
}

/** A Data-Notification with this body. */
const notification = (body: Uint8Array) => Uint8Array.from([0x0f, 0x20, 0, 0, 0, 0, ...body]);

describe("DLMS octets that mean harm", () => {
  const lies: [what: string, hex: string, code: string, field: string, offset: number][] = [
    ["an empty content", "", "decode/truncated", "tag", 0],
    ["another tag", "c0", "decode/value", "tag", 0],
    ["a date-time of one octet", "d9200000010107", "decode/length", "dateTime", 5],
    [
      "a count of specifications beyond the end",
      "d920000001008401000000",
      "decode/truncated",
      "specifications",
      6,
    ],
    [
      "a kind of access that is none",
      "d9200000010001060001000000000000020100",
      "decode/value",
      "specifications[0]",
      7,
    ],
    [
      "more data than specifications",
      "d9200000010001010001000000000000020200",
      "decode/truncated",
      "data",
      17,
    ],
    ["a count of data that differs", "d920000001000101000100000000000002020000", "decode/value", "data", 17],
    ["fewer results than data", "da20000001000001000000", "decode/value", "results", 9],
    ["a result of no access", "da200000010000010001 0400", "decode/value", "results[0]", 10],
    [
      "a response that is neither with nor without specifications",
      "da200000010002",
      "decode/value",
      "specifications",
      6,
    ],
    ["an octet-string of 4 GB", "0f200000010009 84ffffffff 00", "decode/truncated", "body", 12],
    ["an array of 4 G elements", "0f200000010001 84ffffffff 00", "decode/truncated", "body", 7],
    ["a length in two octets that fits one", "0f200000010009 8101 00", "decode/length", "body", 7],
    ["a length with a leading zero", "0f200000010009 820080 00", "decode/length", "body", 7],
    ["an indefinite length", "0f200000010009 80 00", "decode/length", "body", 7],
    ["a length of five octets", "0f200000010009 850000000001 00", "decode/length", "body", 7],
    ["a tag that is no type", "0f2000000100 0201 07", "decode/value", "body[0]", 8],
    ["text that is not UTF-8", "0f2000000100 0202 00 0c02c328", "decode/value", "body[1]", 10],
    ["a compact array in a compact array", "0f2000000100 13 13", "decode/value", "body[0]", 7],
    [
      "a compact array whose last element is too long",
      "0f2000000100 0202 13 06 03 000000 09 0411223344",
      "decode/length",
      "body[0][0]",
      14,
    ],
    ["a compact array of nothing, with octets", "0f2000000100 13 00 01 00", "decode/value", "body[0]", 9],
    ["an octet behind the end", "0f2000000100 00 00", "decode/trailing", "content", 7],
  ];
  for (const [what, hex, code, field, offset] of lies) {
    it(`refuses ${what}, by code, field and offset`, () => {
      const error = failure(() => decodeDlms(fromHex(hex.replaceAll(" ", ""))));
      expect({ code: error.code, field: error.field, offset: error.offset }).toEqual({ code, field, offset });
    });
  }

  it("stops at the depth it is told", () => {
    const nested = (levels: number) => fromHex(`${"0201".repeat(levels)}00`);
    expect(decodeData(nested(24)).type).toBe("structure");
    expect(failure(() => decodeData(nested(25))).code).toBe("decode/depth");
    expect(failure(() => decodeData(nested(32_000))).code).toBe("decode/depth");
    expect(failure(() => decodeData(nested(3), "data", { maxDepth: 2, maxNodes: 9 })).code).toBe(
      "decode/depth",
    );
  });

  it("stops at deep type descriptions too", () => {
    const deep = fromHex(`13${"0201".repeat(30_000)}11 0100`.replaceAll(" ", ""));
    expect(failure(() => decodeData(deep)).code).toBe("decode/depth");
  });

  it("does not let a type description of a few octets grow into millions of values", () => {
    for (const [hex, code] of [
      ["13 0202 01ffff 00 11 0105", "decode/value"],
      ["13 0202 01ffff 01ffff 0200 11 0105", "decode/value"],
      ["13 01ffff 01ffff 11 0105", "decode/truncated"],
    ] as const)
      expect(failure(() => decodeData(fromHex(hex.replaceAll(" ", "")))).code).toBe(code);
    // 30,000 nulls and an octet, 30,000 times
    const wide = new Uint8Array(1 + 4 + 30_000 + 1 + 3 + 30_000);
    wide.set([0x13, 0x02, 0x82, 0x75, 0x31], 0);
    wide[5 + 30_000] = 0x11;
    wide.set([0x82, 0x75, 0x30], 6 + 30_000);
    expect(failure(() => decodeData(wide)).code).toBe("decode/size");
  });

  it("reads 64 KB of the smallest values", () => {
    const body = new Uint8Array(4 + 0xfff0);
    body.set([0x01, 0x82, 0xff, 0xf0]);
    const apdu = decodeDlms(notification(body.subarray(0, 4 + 0xfff0)));
    expect(apdu.type === "data-notification" && apdu.body.type === "array" && apdu.body.value.length).toBe(
      0xfff0,
    );
  });
});

describe("DLMS values that have no encoding", () => {
  const bad: [what: string, body: Data, field: string][] = [
    ["an integer out of range", { type: "u8", value: 256 }, "body"],
    ["half an integer", { type: "u16", value: 0.5 }, "body"],
    ["a long integer out of range", { type: "u64", value: -1n }, "body"],
    ["a double in a float32", { type: "float32", value: 0.1 }, "body"],
    ["a boolean whose octet says the opposite", { type: "boolean", value: false, octet: 1 }, "body"],
    ["bits that do not fill their octets", { type: "bit-string", bits: 9, value: Uint8Array.of(1) }, "body"],
    ["a date-time of 11 octets", { type: "date-time", value: new Uint8Array(11) }, "body"],
    ["text beyond Latin-1 in a visible-string", { type: "visible-string", value: "€" }, "body"],
    ["half a surrogate pair", { type: "utf8-string", value: "\ud800" }, "body"],
    [
      "an element of another type in a structure's compact array",
      {
        type: "structure",
        value: [{ type: "compact-array", element: { type: "u8" }, value: [{ type: "u16", value: 1 }] }],
      },
      "body[0][0]",
    ],
  ];
  for (const [what, body, field] of bad) {
    it(`refuses ${what}, naming the field`, () => {
      const apdu = { type: "data-notification", invokeId: 1, dateTime: new Uint8Array(0), body } as const;
      const error = failure(() => encodeDlms(apdu));
      expect({ code: error.code, field: error.field }).toEqual({ code: "encode/value", field });
    });
  }
});
