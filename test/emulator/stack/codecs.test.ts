import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteReader } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { decodeMac } from "../../../src/emulator/air/mac-frame.ts";
import {
  type ApsCommand,
  decodeApsCommand,
  encodeApsCommand,
} from "../../../src/emulator/stack/aps/aps-command.ts";
import {
  type ApsHeader,
  decodeApsHeader,
  encodeApsHeader,
} from "../../../src/emulator/stack/aps/aps-frame.ts";
import {
  decodeNwkHeader,
  encodeNwkHeader,
  type NwkHeader,
} from "../../../src/emulator/stack/network/nwk-frame.ts";
import { decodeAuxiliary } from "../../../src/emulator/stack/security/security.ts";
import { answerZdo } from "../../../src/emulator/stack/zdo/zdo.ts";
import { HUB, METER } from "../home.ts";

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const eui = fc
  .bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn })
  .map((n) => Eui64(n.toString(16).padStart(16, "0")));
const key = fc.uint8Array({ minLength: 16, maxLength: 16 });

const self = {
  nodeId: 5,
  eui64: METER,
  logicalType: "end-device",
  capability: 0x8c,
  manufacturerCode: 0,
  maximumTransfer: 4464,
  serverMask: 0,
  endpoints: [
    {
      endpoint: 1,
      profile: 0x0109,
      deviceId: 0x0501,
      deviceVersion: 0,
      inputClusters: [0x0704],
      outputClusters: [],
    },
  ],
} as const;

test("NWK headers keep every field through octets (Zigbee 3.3.1)", () => {
  const header: fc.Arbitrary<NwkHeader> = fc.record(
    {
      type: fc.constantFrom("data", "command"),
      security: fc.boolean(),
      destination: u16,
      source: u16,
      radius: u8,
      sequence: u8,
      destinationIeee: eui,
      sourceIeee: eui,
    },
    { requiredKeys: ["type", "security", "destination", "source", "radius", "sequence"] },
  );
  fc.assert(
    fc.property(header, (given) => {
      expect(decodeNwkHeader(new ByteReader(encodeNwkHeader(given)))).toEqual(given);
    }),
  );
});

test("APS headers keep every field through octets, acknowledgement bitmaps included (Zigbee 2.2.5.1)", () => {
  const common = { security: fc.boolean(), ackRequest: fc.boolean(), counter: u8 };
  const addressed = { ...common, cluster: u16, profile: u16, sourceEndpoint: u8, destination: u8 };
  const header: fc.Arbitrary<ApsHeader> = fc.oneof(
    fc.record({ type: fc.constant("command" as const), ...common }),
    fc.record({
      type: fc.constant("data" as const),
      delivery: fc.constantFrom("unicast", "broadcast"),
      ...addressed,
    }),
    fc.record({
      type: fc.constant("data" as const),
      delivery: fc.constant("group" as const),
      ...addressed,
      destination: u16,
    }),
    fc.record({
      type: fc.constant("data" as const),
      delivery: fc.constant("unicast" as const),
      ...addressed,
      extended: fc.record({ first: fc.boolean(), block: u8 }),
    }),
    fc.record({
      type: fc.constant("ack" as const),
      delivery: fc.constant("unicast" as const),
      ...addressed,
      extended: fc.record({ first: fc.boolean(), block: u8, bitmap: u8 }),
    }),
  );
  fc.assert(
    fc.property(header, (given) => {
      expect(decodeApsHeader(new ByteReader(encodeApsHeader(given)))).toEqual(given);
    }),
  );
});

const commands: fc.Arbitrary<ApsCommand> = fc.oneof(
  fc.record({
    id: fc.constant("transport-network-key" as const),
    key,
    sequence: u8,
    destination: eui,
    source: eui,
  }),
  fc.record({ id: fc.constant("transport-link-key" as const), key, partner: eui, initiator: fc.boolean() }),
  fc.record({ id: fc.constant("update-device" as const), device: eui, nodeId: u16, status: u8 }),
  fc.record({ id: fc.constant("remove-device" as const), target: eui }),
  fc.constant<ApsCommand>({ id: "request-key", kind: "trust-center" }),
  fc.record({
    id: fc.constant("request-key" as const),
    kind: fc.constant("application" as const),
    partner: eui,
  }),
  fc.record({ id: fc.constant("switch-key" as const), sequence: u8 }),
);

test("APS commands keep every field through octets; cut short or too long they are refused (Zigbee 4.4.11)", () => {
  fc.assert(
    fc.property(commands, (given) => {
      const bytes = encodeApsCommand(given);
      expect(decodeApsCommand(bytes)).toEqual(given);
      for (let length = 0; length < bytes.length; length++)
        expect(() => decodeApsCommand(bytes.slice(0, length))).toThrow(HanwayError);
      expect(() => decodeApsCommand(Uint8Array.of(...bytes, 0))).toThrow(HanwayError);
    }),
  );
});

test("a Transport-Key has the octets of the specification", () => {
  const bytes = encodeApsCommand({
    id: "transport-network-key",
    key: new Uint8Array(16).fill(0xaa),
    sequence: 3,
    destination: METER,
    source: HUB,
  });
  expect(Buffer.from(bytes).toString("hex")).toBe(`0501${"aa".repeat(16)}03a09078563412db00030a00301fd5b390`);
});

test("no decoder of the stack throws anything but a HanwayError, whatever comes in", () => {
  const decoders: ((bytes: Uint8Array) => unknown)[] = [
    decodeMac,
    decodeApsCommand,
    (bytes) => decodeNwkHeader(new ByteReader(bytes)),
    (bytes) => decodeApsHeader(new ByteReader(bytes)),
    (bytes) => decodeAuxiliary(new ByteReader(bytes), "test"),
    ...[0, 1, 2, 3, 4, 5, 6, 0x21].map(
      (cluster) => (bytes: Uint8Array) => answerZdo(cluster, bytes, self, false),
    ),
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      for (const decode of decoders) {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(HanwayError);
          expect(error).toHaveProperty("field", expect.any(String));
          expect(error).toHaveProperty("offset", expect.any(Number));
        }
      }
    }),
    { numRuns: 500 },
  );
});
