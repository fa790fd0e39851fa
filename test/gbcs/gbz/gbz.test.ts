import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { equalBytes, fromHex, toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { isConfidential } from "../../../src/gbcs/gbz/confidential.ts";
import {
  decodeGbz,
  encodeGbz,
  encryptedComponents,
  type Gbz,
  openComponent,
  type PlainComponent,
  sealComponent,
  sealComponents,
} from "../../../src/gbcs/gbz/index.ts";
import { open, seal } from "../../../src/gbcs/security/gcm.ts";
import { CONTENTS } from "./contents.ts";

function contentOf(name: string): Uint8Array {
  return CONTENTS.find((content) => content[0] === name)?.[2] ?? expect.unreachable(name);
}
function decoded(name: string): Gbz {
  const [, code, octets, kind] = CONTENTS.find((content) => content[0] === name) ?? expect.unreachable(name);
  return decodeGbz(octets, kind, code);
}
function failure(run: () => unknown): HanwayError {
  try {
    run();
  } catch (error) {
    if (error instanceof HanwayError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("GBCS 7.2.10 GBZ payloads", () => {
  test.each(CONTENTS)("%s: octets, values, the same octets", (_, code, octets, kind) => {
    const gbz = decodeGbz(octets, kind, code);
    expect(toHex(encodeGbz(gbz))).toBe(toHex(octets));
  });

  test("components of a Command", () => {
    expect(decoded("two reads of attributes")).toEqual({
      kind: "command",
      components: [
        {
          cluster: 0x0702,
          header: {
            frameType: "global",
            direction: "clientToServer",
            disableDefaultResponse: false,
            sequence: 0,
            command: 0,
          },
          name: "ReadAttributes",
          fields: { attributeIds: [0x0a00] },
        },
        {
          cluster: 0x0705,
          header: {
            frameType: "global",
            direction: "clientToServer",
            disableDefaultResponse: false,
            sequence: 1,
            command: 0,
          },
          name: "ReadAttributes",
          fields: { attributeIds: [1] },
        },
      ],
    });
  });

  test("From-Date-Time", () => {
    expect(decoded("From-Date-Time before the ZCL header")).toMatchObject({
      components: [{ fromDateTime: 0x1c374a80, name: "GetTopUpLog", fields: { numberOfRecords: 5 } }],
    });
  });

  test("the answer to a component that was not reached", () => {
    expect(decoded("a failed attribute, then a component that was not reached")).toMatchObject({
      components: [
        { fields: { records: [{ attributeId: 0x0a00, status: 0xc0 }] } },
        { name: "DefaultResponse", fields: { commandId: 0xff, status: 1 } },
      ],
    });
  });

  test("alerts by message code, and by alert code where that is not known", () => {
    for (const [name, body] of [
      [
        "future-dated Command took effect",
        {
          form: "futureDated",
          messageCode: 0x6b,
          counter: 1005n,
          cluster: 0x0700,
          frameControl: 9,
          command: 6,
        },
      ],
      ["firmware receipt", { form: "firmware", hash: new Uint8Array(32).fill(0x5a) }],
      ["meter integrity", { form: "cause", cause: 5 }],
      ["alert without a body", { form: "none" }],
    ] as const) {
      expect(decoded(name)).toMatchObject({ kind: "alert", body });
      expect(decodeGbz(contentOf(name), "alert")).toEqual(decoded(name));
    }
  });

  test("a command without a layout keeps its payload, an alert its body", () => {
    expect(decoded("an unknown command of a known cluster")).toMatchObject({
      components: [{ fields: { payload: fromHex("beef") } }],
    });
    expect(decoded("an alert body without a layout")).toMatchObject({
      body: { form: "octets", count: 3, octets: fromHex("0102") },
    });
  });
});

describe("GBCS 8.2.4 encrypted components", () => {
  const key = randomBytes(16);
  const device = fromHex("90b3d51f30010000");

  test("a sealed component travels, is found and opens to the same values", () => {
    const plain: PlainComponent = {
      cluster: 0x0702,
      header: {
        frameType: "cluster",
        direction: "serverToClient",
        disableDefaultResponse: true,
        sequence: 3,
        command: 7,
      },
      name: "GetSampledDataResponse",
      fields: {
        sampleId: 0,
        sampleStartTime: 1,
        sampleType: 0,
        sampleRequestInterval: 1800,
        numberOfSamples: 3,
        samples: [1, 2, 0xffffff],
      },
    };
    const sealed = sealComponent(plain, 2, (plaintext) => seal(key, device, plaintext));
    const gbz = decodeGbz(encodeGbz({ kind: "response", components: [sealed] }), "response");
    const [part, ...others] = encryptedComponents(gbz);
    expect(others).toEqual([]);
    expect(part).toMatchObject({ index: 0, field: "components[0]" });
    expect(part?.component.encrypted).toMatchObject({ frameCounter: 2, invocationCounter: 0 });
    const opened = part && openComponent(part.component, (octets) => open(key, device, octets));
    expect(opened).toEqual(plain);
  });

  test("which answers are encrypted, and their frame counters from 0", () => {
    const answer = (cluster: number, command = 1): PlainComponent => ({
      cluster,
      header: {
        frameType: "global",
        direction: "serverToClient",
        disableDefaultResponse: false,
        sequence: 0,
        command,
      },
      fields: command === 1 ? { records: [] } : { commandId: 0, status: 0x8b },
    });
    const READ_PREPAYMENT = 0x0075;
    const isSecret = (component: PlainComponent) => isConfidential(READ_PREPAYMENT, component);
    expect([answer(0x0700), answer(0x0705), answer(0x0705, 0x0b)].map(isSecret)).toEqual([
      false,
      true,
      false,
    ]);
    const sealed = sealComponents([answer(0x0705), answer(0x0700), answer(0x0705)], isSecret, (plaintext) =>
      seal(key, device, plaintext),
    );
    expect(sealed).toMatchObject([
      { encrypted: { frameCounter: 0 } },
      { fields: {} },
      { encrypted: { frameCounter: 1 } },
    ]);
  });

  test("a wrong key gives nothing", () => {
    const [part] = encryptedComponents(decoded("a clear and an encrypted component"));
    expect(part?.index).toBe(1);
    expect(part && openComponent(part.component, (octets) => open(key, device, octets))).toBeUndefined();
  });

  test("a plaintext that is no ZCL payload is refused with field and offset", () => {
    const [part] = encryptedComponents(decoded("a clear and an encrypted component"));
    const error = failure(
      () => part && openComponent(part.component, () => fromHex("0100 00 25 00".replaceAll(" ", ""))),
    );
    expect(error).toMatchObject({ code: "decode/truncated", offset: 4 });
  });
});

describe("GBZ payloads at fault", () => {
  const cases: [string, string, Partial<HanwayError>][] = [
    ["another profile", "0104 00", { code: "decode/value", field: "profile", offset: 0 }],
    [
      "a reserved control bit",
      "0109 01 05 0702 0003 00 00 00",
      { field: "components[0].control", offset: 3 },
    ],
    ["no last component", "0109 01 00 0702 0003 00 00 00", { field: "components[0].control", offset: 3 }],
    [
      "two last components",
      "0109 02 01 0702 0003 00 00 00 01 0702 0003 00 01 00",
      { field: "components[0].control", offset: 3 },
    ],
    [
      "a length beyond the end",
      "0109 01 01 0702 FFFF 00 00 00",
      { code: "decode/truncated", field: "components[0].length", offset: 8 },
    ],
    [
      "a length that ends within the header",
      "0109 01 01 0702 0002 00 00 00",
      { code: "decode/truncated", field: "components[0].command", offset: 10 },
    ],
    [
      "octets behind the last component",
      "0109 01 01 0702 0003 00 00 00 00",
      { code: "decode/trailing", offset: 11 },
    ],
    [
      "a ciphered length that lies",
      "0109 01 03 0702 0018 00 00 19 00 06 0012 31 00000000 000102030405060708090A0B",
      { code: "decode/length", field: "components[0].cipheredLength", offset: 13 },
    ],
    [
      "another security control",
      "0109 01 03 0702 0018 00 00 19 00 06 0011 11 00000000 000102030405060708090A0B",
      { code: "decode/value", field: "components[0].securityControl", offset: 15 },
    ],
    [
      "no room for the tag",
      "0109 01 03 0702 000C 00 00 19 00 06 0005 31 00000000",
      { code: "decode/truncated", field: "components[0].cipheredLength", offset: 15 },
    ],
    ["more components than octets", "0109 FF", { code: "decode/truncated", field: "components[0].control" }],
  ];
  test.each(cases)("%s", (_, text, expected) => {
    const octets = fromHex(text.replaceAll(" ", ""));
    expect(failure(() => decodeGbz(octets, "response"))).toMatchObject(expected);
  });

  test("values that do not fit are refused by name", () => {
    const gbz = decoded("two reads of attributes");
    if (gbz.kind === "alert") return expect.unreachable();
    const [first, second] = gbz.components;
    if (!first || !second) return expect.unreachable();
    const encodeWith = (change: object) => () =>
      encodeGbz({ kind: "command", components: [{ ...first, ...change }, second] });
    expect(failure(encodeWith({ cluster: 0x10000 }))).toMatchObject({ field: "components[0].cluster" });
    expect(failure(encodeWith({ name: "DefaultResponse" }))).toMatchObject({ field: "components[0].name" });
    expect(failure(encodeWith({ fromDateTime: -1 }))).toMatchObject({ field: "components[0].fromDateTime" });
    expect(failure(encodeWith({ fields: { attributeIds: [0x10000] } }))).toMatchObject({
      code: "encode/value",
      field: "components[0].ReadAttributes.attributeIds[0]",
    });
  });

  test("values stay what they are when the octets they were read from are overwritten only in octet leaves", () => {
    const octets = Uint8Array.from(contentOf("two reads of attributes"));
    const gbz = decodeGbz(octets, "command");
    const before = encodeGbz(gbz);
    octets.fill(0);
    expect(equalBytes(encodeGbz(gbz), before)).toBe(true);
  });
});
