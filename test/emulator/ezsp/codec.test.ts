import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReader, ByteWriter, fromHex, toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { callbacks } from "../../../src/emulator/ezsp/callbacks.ts";
import type { Codec } from "../../../src/emulator/ezsp/codec.ts";
import { commands } from "../../../src/emulator/ezsp/commands.ts";
import {
  decodeFrame,
  describeFrame,
  encodeFrame,
  findCallback,
  findCommand,
} from "../../../src/emulator/ezsp/frame.ts";
import { Status } from "../../../src/emulator/ezsp/status.ts";

const VERSIONS = [13, 14, 16, 18, 19];

function write<T>(codec: Codec<T>, value: T, version: number): string {
  const writer = new ByteWriter();
  codec.write(writer, value, version, "");
  return toHex(writer.done());
}

/** Every layout of every table entry, with the versions that have it. */
const layouts: [string, Codec<unknown>, number][] = [
  ...Object.values(commands).flatMap((each): [string, Codec<unknown>, number][] =>
    VERSIONS.filter((version) => each.since <= version && version <= each.until).flatMap(
      (version): [string, Codec<unknown>, number][] => [
        [`${each.name} request v${version}`, each.request, version],
        [`${each.name} response v${version}`, each.response, version],
      ],
    ),
  ),
  ...Object.values(callbacks).flatMap((each): [string, Codec<unknown>, number][] =>
    VERSIONS.filter((version) => each.since <= version && version <= each.until).map(
      (version): [string, Codec<unknown>, number] => [`${each.name} v${version}`, each.body, version],
    ),
  ),
];

describe("every layout of every EZSP version", () => {
  test("writes back exactly the octets that it read", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...layouts),
        fc.uint8Array({ minLength: 220, maxLength: 220 }),
        (layout, octets) => {
          const [, codec, version] = layout;
          const reader = new ByteReader(octets);
          let value: unknown;
          try {
            value = codec.read(reader, version, "");
          } catch (error) {
            // A length octet may promise more than there is.
            expect(error).toBeInstanceOf(HanwayError);
            return;
          }
          expect(write(codec, value, version)).toBe(toHex(octets.subarray(0, reader.offset)));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("cut short at any octet says which field ended and where", () => {
    for (const [name, codec, version] of layouts) {
      const whole = new Uint8Array(220);
      const reader = new ByteReader(whole);
      codec.read(reader, version, "");
      const needed = reader.offset;
      if (needed === whole.length) continue;
      for (let length = 0; length < needed; length++) {
        let problem: unknown;
        try {
          codec.read(new ByteReader(whole, 0, length), version, "");
        } catch (error) {
          problem = error;
        }
        // Only a last field that hosts may leave out can end early.
        if (problem === undefined) expect(name).toMatch(/^networkInit request/);
        else {
          expect(problem, name).toBeInstanceOf(HanwayError);
          if (problem instanceof HanwayError) {
            expect(problem.code).toBe("decode/truncated");
            expect(problem.field).toBeTruthy();
            expect(problem.offset).toBeLessThanOrEqual(length);
          }
        }
      }
    }
  });
});

describe("layouts that changed with EZSP 14", () => {
  const aps = {
    profileId: 0x0109,
    clusterId: 0x0704,
    sourceEndpoint: 1,
    destinationEndpoint: 2,
    options: 0x8060,
    groupId: 0x0300,
    sequence: 0x2a,
  };
  const apsHex = "090104070102608000032a";

  test("statuses have one octet before and four from then on", () => {
    expect(write(callbacks.stackStatus.body, { status: Status.NETWORK_UP }, 13)).toBe("90");
    expect(write(callbacks.stackStatus.body, { status: Status.NETWORK_UP }, 14)).toBe("15000000");
    expect(
      write(commands.sendUnicast.response, { status: Status.APS_ENCRYPTION_ERROR, sequence: 1 }, 13),
    ).toBe("a601");
    expect(
      write(commands.sendUnicast.response, { status: Status.APS_ENCRYPTION_ERROR, sequence: 1 }, 18),
    ).toBe("0a0c000001");
  });

  test("the message tag has one octet before and two from then on", () => {
    const message = {
      type: 0,
      indexOrDestination: 0x1234,
      apsFrame: aps,
      messageTag: 0x81,
      message: fromHex("aabb"),
    };
    expect(write(commands.sendUnicast.request, message, 13)).toBe(`003412${apsHex}8102aabb`);
    expect(write(commands.sendUnicast.request, message, 14)).toBe(`003412${apsHex}810002aabb`);
  });

  test("messageSent puts the status last before and first from then on", () => {
    const sent = {
      status: Status.DELIVERY_FAILED,
      type: 0,
      indexOrDestination: 0x1234,
      apsFrame: aps,
      messageTag: 5,
      message: new Uint8Array(0),
    };
    expect(write(callbacks.messageSent.body, sent, 13)).toBe(`003412${apsHex}056600`);
    expect(write(callbacks.messageSent.body, sent, 14)).toBe(`020c0000003412${apsHex}050000`);
  });

  test("incomingMessage carries the sender behind the signal before and ahead of it from then on", () => {
    const incoming = {
      type: 0,
      apsFrame: aps,
      sender: 0xc9de,
      senderEui64: Eui64("0000000000000000"),
      bindingIndex: 0xff,
      addressIndex: 0xff,
      lastHopLqi: 200,
      lastHopRssi: -50,
      lastHopTimestamp: 0x01020304,
      message: fromHex("0102"),
    };
    expect(write(callbacks.incomingMessage.body, incoming, 13)).toBe(`00${apsHex}c8cedec9ffff020102`);
    expect(write(callbacks.incomingMessage.body, incoming, 14)).toBe(
      `00${apsHex}dec90000000000000000ffffc8ce04030201020102`,
    );
  });

  test("exportKey puts the key first before and the status first from then on, four octets in both", () => {
    const context = {
      coreKeyType: 1,
      keyIndex: 0,
      derivedType: 0,
      eui64: Eui64("0000000000000000"),
      multiNetworkIndex: 0,
      flags: 0,
      psaKeyAlgorithm: 0,
    };
    const key = new Uint8Array(16).fill(7);
    const answer = { status: Status.OK, key, context };
    expect(write(commands.exportKey.response, answer, 13)).toBe(`${"07".repeat(16)}00000000`);
    expect(write(commands.exportKey.response, answer, 14)).toMatch(/^00000000(07){16}01/);
  });

  test("ids given out anew are told apart by version", () => {
    expect(findCommand(0x5c, 13)?.name).toBe("setAddressTableRemoteEui64");
    expect(findCommand(0x5c, 14)?.name).toBe("setAddressTableInfo");
    expect(findCallback(0x62, 13)?.name).toBe("incomingSenderEui64");
    expect(findCallback(0x62, 18)).toBeUndefined();
  });
});

describe("frames", () => {
  test("any octets are a frame or a coded error, and a frame comes back as it was", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 220 }),
        fc.constantFrom("legacy" as const, "widened" as const, "extended" as const),
        fc.constantFrom(...VERSIONS),
        (octets, form, version) => {
          try {
            const frame = decodeFrame(octets, form);
            expect(encodeFrame(frame)).toEqual(octets);
            const described = describeFrame(frame, version);
            if (described) expect(described.encode()).toEqual(frame.parameters);
          } catch (error) {
            expect(error).toBeInstanceOf(HanwayError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("values that do not fit are refused with the field's name", () => {
    expect(() => write(commands.permitJoining.request, { duration: 256 }, 13)).toThrow(/duration/);
    expect(() => write(commands.echo.request, { data: new Uint8Array(256) }, 13)).toThrow(HanwayError);
    expect(() => write(commands.setToken.request, { tokenId: 1, data: new Uint8Array(7) }, 13)).toThrow(
      /data/,
    );
  });
});
