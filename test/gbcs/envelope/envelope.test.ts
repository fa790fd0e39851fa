import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { decodeEnvelope } from "../../../src/gbcs/envelope/decode.ts";
import { encodeEnvelope } from "../../../src/gbcs/envelope/encode.ts";
import type { Envelope, Supplementary } from "../../../src/gbcs/envelope/envelope.ts";
import { describeShared } from "../../shared-data.ts";
import { golden, goldenMessages } from "../golden/load.ts";

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const eui64 = octets(8).map((bytes) => Eui64(toHex(bytes)));
const counter = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const content = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(new Uint8Array(60_000)));
const party = { remoteParty: eui64, remotePartyCounter: counter };
const certificate = fc.uint8Array({ minLength: 9, maxLength: 500 });

function envelopes(): fc.Arbitrary<Envelope> {
  const common = {
    counter,
    originator: eui64,
    target: eui64,
    dateTime: fc.option(octets(12)),
    messageCode: fc.nat(0xffff),
    content,
  };
  const shared: fc.Arbitrary<Supplementary | null>[] = [
    fc.constant(null),
    fc.record({ remoteParty: eui64 }),
    fc.record(party),
  ];
  const ofCommand = fc.oneof(...shared, fc.record({ ...party, certificate }));
  const ofAnswer = fc.oneof(...shared, fc.record({ ...party, originatorCounter: counter }));
  const protection = { signature: fc.option(octets(64)), mac: fc.option(octets(12)) };
  return fc.oneof(
    fc.record({
      kind: fc.constant("PRECOMMAND" as const),
      form: fc.constantFrom("bare" as const, "duis" as const),
      ...common,
      supplementary: ofCommand,
    }),
    fc
      .record({ kind: fc.constant("COMMAND" as const), ...common, supplementary: ofCommand, ...protection })
      .filter((command) => command.signature !== null || command.mac !== null),
    fc.record({
      kind: fc.constantFrom("RESPONSE" as const, "ALERT" as const),
      ...common,
      supplementary: ofAnswer,
      ...protection,
    }),
  );
}

function outcome(message: Uint8Array): HanwayError | Envelope {
  try {
    return decodeEnvelope(message);
  } catch (error) {
    if (error instanceof HanwayError) return error;
    throw error;
  }
}

describe("envelope (GBCS 7.2)", () => {
  it("reads back what it writes, every shape of other information included", () => {
    fc.assert(
      fc.property(envelopes(), (envelope) => {
        expect(decodeEnvelope(encodeEnvelope(envelope))).toEqual(envelope);
      }),
    );
  });

  it("keeps the DUIS form of a pre-command apart from the bare one", () => {
    const bare = decodeEnvelope(golden("ECS42 close load switch (bare)"));
    const duis = decodeEnvelope(golden("ECS42 close load switch (duis)"));
    expect(bare).toMatchObject({ kind: "PRECOMMAND", form: "bare" });
    expect(duis).toEqual({ ...bare, form: "duis" });
    expect(toHex(encodeEnvelope(duis))).toBe(`${toHex(encodeEnvelope(bare))}00`);
  });

  it("changes only the field that is changed and the lengths around it", () => {
    const message = golden("CCS02 remove device");
    const envelope = decodeEnvelope(message);
    const changed = encodeEnvelope({ ...envelope, counter: envelope.counter + 1n });
    const different = [...message.keys()].filter((i) => message[i] !== changed[i]);
    expect(different).toEqual([13 + 3 + 7]);
    const longer = encodeEnvelope({ ...envelope, content: Uint8Array.of(...envelope.content, 0) });
    expect(toHex(longer)).toBe(
      toHex(message)
        .replace("0000000000601100", "0000000000611100")
        .replace("1cd92000", "1dd92000")
        .replace(/00(.{24})$/, "0000$1"),
    );
  });

  it("reads none of the golden messages when cut at any octet, and names field and offset", () => {
    for (const { message, kind } of goldenMessages()) {
      for (let end = 0; end < message.length; end++) {
        const result = outcome(message.subarray(0, end));
        // The DUIS form without its last octet is the bare form.
        if (kind === "PRECOMMAND" && end === message.length - 1 && !(result instanceof HanwayError)) continue;
        expect(result).toBeInstanceOf(HanwayError);
        expect(result).toMatchObject({ field: expect.any(String), offset: expect.any(Number) });
      }
    }
  });

  it("takes a message with a flipped bit only where the bit is in a leaf", () => {
    for (const { message } of goldenMessages()) {
      for (let bit = 0; bit < message.length * 8; bit++) {
        const flipped = message.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const result = outcome(flipped);
        if (result instanceof HanwayError) expect(result.offset).toBeLessThanOrEqual(message.length);
        else expect(toHex(encodeEnvelope(result))).toBe(toHex(flipped));
      }
    }
  });

  it("refuses whatever octets it is given with a coded error, or reads them exactly", () => {
    const heads = goldenMessages().map(({ message }) => message.subarray(0, 60));
    fc.assert(
      fc.property(
        fc.constantFrom(...heads),
        fc.nat(60),
        fc.uint8Array({ maxLength: 300 }),
        (head, at, rest) => {
          const message = Uint8Array.of(...head.subarray(0, at), ...rest);
          const result = outcome(message);
          if (!(result instanceof HanwayError)) expect(toHex(encodeEnvelope(result))).toBe(toHex(message));
        },
      ),
    );
  });

  const grouping = `df09010000000000000001081111111111111111082222222222222222`;
  it.each([
    [
      "a length in two octets where one is enough",
      `${grouping}00810200 02 00`,
      "decode/length",
      "otherInformation",
    ],
    [
      "a length in three octets where two are enough",
      `${grouping}00020002820080`,
      "decode/length",
      "content",
    ],
    ["an indefinite length", `${grouping}0002000280`, "decode/size", "content"],
    ["a length of 4 GB", `${grouping}0002000284ffffffff`, "decode/size", "content"],
    ["a content longer than the message", `${grouping}0002000282ffff00`, "decode/truncated", "content"],
    ["other information of 3 octets", `${grouping}0003000200 00`, "decode/length", "otherInformation"],
    ["a Date-Time of 11 octets", `${grouping}0b0000000000000000000000`, "decode/length", "dateTime"],
    ["a signature of 63 octets", `${grouping}00020002003f${"00".repeat(63)}`, "decode/length", "signature"],
    ["an octet behind the signature", `${grouping}0002000200 00 00`, "decode/trailing", "signature"],
    ["another CRA flag", grouping.replace("df0901", "df0904"), "decode/value", "cra"],
    [
      "a Response without signature field",
      `${grouping.replace("df0901", "df0902")}0002000200`,
      "decode/truncated",
      "signature",
    ],
    [
      "a Command with the Response's other information",
      `${grouping}001a${"00".repeat(26)}00`,
      "decode/length",
      "otherInformation",
    ],
    [
      "another security control",
      "dd0000000000001211310000000000000000000000000000000000000000",
      "decode/trailing",
      "macHeader.length",
    ],
    [
      "an invocation counter",
      `dd00000000000011${"1100000001"}${"00".repeat(12)}`,
      "decode/value",
      "macHeader.invocationCounter",
    ],
  ])("refuses %s", (_name, hex, code, field) => {
    expect(outcome(fromHex(hex.replaceAll(" ", "")))).toMatchObject({ code, field });
  });

  it("refuses a message above 65,536 octets before it looks at it, in both directions", () => {
    expect(outcome(new Uint8Array(65_537))).toMatchObject({ code: "decode/size" });
    const envelope = decodeEnvelope(golden("CCS02 remove device"));
    expect(() => encodeEnvelope({ ...envelope, content: new Uint8Array(65_530) })).toThrow(
      expect.objectContaining({ code: "decode/size" }),
    );
  });
});

describeShared("envelopes of the published messages", "rtds.jsonl", (path) => {
  it("reads every one and writes it back octet for octet", () => {
    for (const line of readFileSync(path, "utf8").trim().split("\n")) {
      const { name, kind, hex }: { name: string; kind: string; hex: string } = JSON.parse(line);
      const envelope = decodeEnvelope(fromHex(hex));
      expect(envelope.kind, name).toBe(kind);
      expect(toHex(encodeEnvelope(envelope)), name).toBe(hex.toLowerCase());
    }
  });
});
