import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { HanwayError } from "../../src/base/error.ts";
import { decodeEnvelope } from "../../src/gbcs/envelope/decode.ts";
import { encodeEnvelope } from "../../src/gbcs/envelope/encode.ts";
import { fromJson, toJson } from "../../src/gbcs/json.ts";
import { readKeystore } from "../../src/gbcs/keystore.ts";
import { decodeMessage, encodeMessage, isMessage, type Message } from "../../src/gbcs/message.ts";
import { keystoreAgreement } from "../../src/gbcs/security/recorded.ts";
import { describeShared, sharedData } from "../shared-data.ts";
import { golden, goldenKeystore, goldenMessages } from "./golden/load.ts";

const keys = keystoreAgreement(goldenKeystore());

function outcome(message: Uint8Array): HanwayError | Message {
  try {
    return decodeMessage(message, { keys });
  } catch (error) {
    if (error instanceof HanwayError) return error;
    throw error;
  }
}

function throughJson(message: Message): Message {
  const value = fromJson(JSON.parse(JSON.stringify(toJson(message))));
  if (!isMessage(value)) throw new Error("not a message");
  return value;
}

describe("whole messages", () => {
  it("are written back octet for octet from their values alone, also through JSON", () => {
    for (const { name, message } of goldenMessages()) {
      const decoded = decodeMessage(message, { keys });
      message.fill(0);
      expect(toHex(encodeMessage(throughJson(decoded))), name).toBe(toHex(golden(name)));
    }
  });

  it("are known in every payload format", () => {
    const formats = goldenMessages().map(({ message }) => decodeMessage(message).payload.format);
    expect(new Set(formats)).toEqual(new Set(["DLMS", "ASN.1", "GBZ"]));
  });

  it("open their encrypted parts where the key is held, and say where it is not", () => {
    for (const name of [
      "ECS19 prepayment registers",
      "GCS13a consumption",
      "GCS61 daily consumption of an unknown party",
    ]) {
      const [part] = decodeMessage(golden(name), { keys }).decrypted;
      expect(part, name).toMatchObject({ outcome: "decrypted" });
      const [closed] = decodeMessage(golden(name)).decrypted;
      expect(closed, name).toMatchObject({ outcome: "no-key" });
    }
  });

  it("tell a wrong tag from a missing key", () => {
    const envelope = decodeEnvelope(golden("ECS19 prepayment registers"));
    const [part] = decodeMessage(encodeEnvelope({ ...envelope, counter: 0x3e9n }), { keys }).decrypted;
    expect(part).toMatchObject({ outcome: "wrong-tag" });
  });

  it("keep the content of an unknown message code", () => {
    const envelope = { ...decodeEnvelope(golden("CS02a no such credentials")), messageCode: 0xeeee };
    const message = encodeEnvelope(envelope);
    const decoded = decodeMessage(message);
    expect(decoded.payload).toEqual({ format: "unknown", octets: envelope.content });
    expect(encodeMessage(decoded)).toEqual(message);
  });

  it("are refused when the payload is not in the format of the message code", () => {
    const gbz = decodeEnvelope(golden("GCS13a read consumption"));
    const { content } = decodeEnvelope(golden("CCS02 remove device"));
    for (const other of [content, Uint8Array.of(0xff), new Uint8Array(0)]) {
      const result = outcome(encodeEnvelope({ ...gbz, content: other }));
      expect(result).toMatchObject({ code: "decode/value", field: "content" });
    }
    const response = { ...decodeEnvelope(golden("CCS02 removed")), content };
    expect(outcome(encodeEnvelope(response))).toMatchObject({ code: "decode/value", field: "content" });
  });

  it("are refused when cut at any octet, with field and offset in the message", () => {
    for (const { message, kind } of goldenMessages()) {
      for (let end = 0; end < message.length; end++) {
        if (kind === "PRECOMMAND" && end === message.length - 1) continue;
        const result = outcome(message.subarray(0, end));
        expect(result).toMatchObject({ field: expect.any(String), offset: expect.any(Number) });
      }
    }
  });

  it("are refused or written back exactly with any bit flipped", () => {
    for (const { message } of goldenMessages()) {
      for (let bit = 0; bit < message.length * 8; bit++) {
        const flipped = message.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const result = outcome(flipped);
        if (result instanceof HanwayError) {
          expect(result.field).toBeDefined();
          expect(result.offset).toBeLessThanOrEqual(message.length);
        } else expect(toHex(encodeMessage(result))).toBe(toHex(flipped));
      }
    }
  });

  it("are refused or written back exactly with any content, up to 64 KB", () => {
    const envelopes = goldenMessages().map(({ message }) => decodeEnvelope(message));
    const start = fc.constantFrom("", "d9", "da", "0f", "0109", "30", "d92000000100", "010901");
    const rest = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(0, 1, 2, 0x13, 0x30, 0xff).map((octet) => new Uint8Array(60_000).fill(octet)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...envelopes), start, rest, (envelope, head, tail) => {
        const message = encodeEnvelope({ ...envelope, content: Uint8Array.of(...fromHex(head), ...tail) });
        const result = outcome(message);
        if (!(result instanceof HanwayError)) expect(encodeMessage(result)).toEqual(message);
        else expect(result.offset).toBeLessThanOrEqual(message.length);
      }),
    );
  });

  it("built of values of another kind are refused with a coded error", () => {
    const good = toJson(decodeMessage(golden("GCS13a read consumption")));
    const text = JSON.stringify(good);
    const words = [...text.matchAll(/(?<=:)(?:"[^"]*"|\d+|null|true|false)/g)];
    for (const { index, 0: word } of words) {
      for (const other of ['"x"', "-1", "1e9", "null", "[]", "{}"]) {
        const changed = JSON.parse(text.slice(0, index) + other + text.slice(index + word.length));
        try {
          encodeMessage(fromJson(changed) as Message);
        } catch (error) {
          expect(error).toBeInstanceOf(HanwayError);
        }
      }
    }
  });
});

describeShared("published messages", "rtds.jsonl", (path) => {
  const keystorePath = sharedData("rtds-keystore.json");
  const records: { name: string; hex: string }[] = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

  it("are all read and written back octet for octet through JSON", () => {
    for (const { name, hex } of records)
      expect(toHex(encodeMessage(throughJson(decodeMessage(fromHex(hex))))), name).toBe(hex.toLowerCase());
  });

  it("all open: no ciphertext is left", () => {
    if (keystorePath === undefined) throw new Error("no keystore beside the messages");
    const recorded = keystoreAgreement(readKeystore(readFileSync(keystorePath, "utf8")));
    const parts = records.flatMap(({ hex }) => decodeMessage(fromHex(hex), { keys: recorded }).decrypted);
    expect(parts.filter(({ outcome }) => outcome !== "decrypted")).toEqual([]);
    expect(parts.length).toBeGreaterThan(15);
  });
});
