import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { HanwayError } from "../../src/base/error.ts";
import {
  decodeKeyEstablishment,
  encodeKeyEstablishment,
  KEY_ESTABLISHMENT_COMMAND,
  type KeyEstablishmentMessage,
} from "../../src/cbke/commands.ts";

const messages: fc.Arbitrary<KeyEstablishmentMessage> = fc.oneof(
  fc.record({
    kind: fc.constant("initiate" as const),
    suites: fc.nat(0xffff),
    ephemeralSeconds: fc.nat(0xfe),
    confirmSeconds: fc.nat(0xfe),
    certificate: fc.uint8Array({ maxLength: 255 }),
  }),
  fc.record({
    kind: fc.constant("ephemeralData" as const),
    point: fc.oneof(
      fc.uint8Array({ minLength: 22, maxLength: 22 }),
      fc.uint8Array({ minLength: 37, maxLength: 37 }),
    ),
  }),
  fc.record({
    kind: fc.constant("confirmKey" as const),
    mac: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  }),
  fc.record({
    kind: fc.constant("terminate" as const),
    status: fc.nat(255),
    waitSeconds: fc.nat(255),
    suites: fc.nat(0xffff),
  }),
);

describe("Key Establishment payloads (ZSE C.3.1.2)", () => {
  it("Initiate: suite and times before the certificate, little-endian", () => {
    const certificate = new Uint8Array(48).fill(0xab);
    const message = {
      kind: "initiate",
      suites: 1,
      ephemeralSeconds: 11,
      confirmSeconds: 16,
      certificate,
    } as const;
    expect(toHex(encodeKeyEstablishment(message))).toBe(`01000b10${toHex(certificate)}`);
    expect(encodeKeyEstablishment(message)).toHaveLength(52);
  });

  it("Terminate: status, wait time, suites", () => {
    const message = { kind: "terminate", status: 4, waitSeconds: 30, suites: 3 } as const;
    expect(toHex(encodeKeyEstablishment(message))).toBe("041e0300");
    expect(decodeKeyEstablishment(3, fromHex("041e0300"))).toEqual(message);
  });

  it("round trip", () => {
    fc.assert(
      fc.property(messages, (message) => {
        const payload = encodeKeyEstablishment(message);
        expect(decodeKeyEstablishment(KEY_ESTABLISHMENT_COMMAND[message.kind], payload)).toEqual(message);
      }),
    );
  });

  it("the time FF is refused with its place", () => {
    expect(() => decodeKeyEstablishment(0, fromHex("0100ff00"))).toThrow(
      expect.objectContaining({ code: "decode/value", field: "ephemeralSeconds", offset: 2 }) as HanwayError,
    );
  });

  it("truncated, lengthened and foreign payloads end in a HanwayError or a message", () => {
    fc.assert(
      fc.property(messages, fc.nat(5), fc.uint8Array({ maxLength: 300 }), (message, id, noise) => {
        const payload = encodeKeyEstablishment(message);
        for (const octets of [
          noise,
          new Uint8Array([...payload, 0]),
          ...[...payload.keys()].map((n) => payload.subarray(0, n)),
        ]) {
          try {
            expect(encodeKeyEstablishment(decodeKeyEstablishment(id, octets))).toEqual(
              new Uint8Array(octets),
            );
          } catch (error) {
            if (!(error instanceof HanwayError)) throw error;
            expect(error.code).toMatch(/^decode\//);
            expect(error.field).toBeDefined();
            expect(error.offset).toBeDefined();
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});
