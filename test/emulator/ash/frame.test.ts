import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes, fromHex, toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { type Deframed, deframe, emptyDeframer } from "../../../src/emulator/ash/deframer.ts";
import {
  type AshFrame,
  crcCcitt,
  decodeAsh,
  encodeAsh,
  MAX_CONTENT,
  randomize,
} from "../../../src/emulator/ash/frame.ts";

function frames(...chunks: Uint8Array[]): Deframed[] {
  let state = emptyDeframer;
  const out: Deframed[] = [];
  for (const chunk of chunks) {
    const [next, found] = deframe(state, chunk);
    state = next;
    out.push(...found);
  }
  return out;
}

function decodeOne(bytes: Uint8Array): AshFrame {
  const [only] = frames(bytes);
  if (only?.type !== "frame") throw new Error("no frame");
  return decodeAsh(only.bytes);
}

describe("ASH frames as UG101 prints them", () => {
  const examples: [string, AshFrame, string][] = [
    ["RST", { type: "rst" }, "c038bc7e"],
    ["RSTACK(2, 2)", { type: "rstack", version: 2, code: 2 }, "c102029b7b7e"],
    ["RSTACK(2, 11)", { type: "rstack", version: 2, code: 11 }, "c1020b0a527e"],
    ["ACK(1)+", { type: "ack", ackNumber: 1, notReady: false }, "8160597e"],
    ["ACK(6)-", { type: "ack", ackNumber: 6, notReady: true }, "8e91b67e"],
    ["NAK(6)+", { type: "nak", ackNumber: 6, notReady: false }, "a634dc7e"],
    ["NAK(5)-", { type: "nak", ackNumber: 5, notReady: true }, "ad85b77e"],
    [
      "DATA(2, 5, 0), command version",
      { type: "data", frameNumber: 2, ackNumber: 5, resent: false, data: fromHex("00000002") },
      "254221a856a6097e",
    ],
  ];
  test.each(examples)("%s", (_name, frame, hex) => {
    expect(toHex(encodeAsh(frame))).toBe(hex);
    expect(decodeOne(fromHex(hex))).toEqual(frame);
  });

  test("the CRC is CRC-CCITT with initial 0xFFFF", () => {
    expect(crcCcitt(new TextEncoder().encode("123456789"))).toBe(0x29b1);
  });

  test("the pseudo-random sequence starts 42 21 A8 54 2A and undoes itself", () => {
    expect(toHex(randomize(new Uint8Array(5)))).toBe("4221a8542a");
    const data = fromHex("00112233445566");
    expect(randomize(randomize(data))).toEqual(data);
  });
});

const octets = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const number = fc.integer({ min: 0, max: 7 });
const anyFrame: fc.Arbitrary<AshFrame> = fc.oneof(
  fc.record({
    type: fc.constant("data" as const),
    frameNumber: number,
    ackNumber: number,
    resent: fc.boolean(),
    data: octets(3, 220),
  }),
  fc.record({
    type: fc.constantFrom("ack" as const, "nak" as const),
    ackNumber: number,
    notReady: fc.boolean(),
  }),
  fc.record({ type: fc.constant("rst" as const) }),
  fc.record({
    type: fc.constantFrom("rstack" as const, "error" as const),
    version: fc.nat(255),
    code: fc.nat(255),
  }),
);

describe("ASH frames of any content", () => {
  test("come back as they went, however the line cuts them", () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 6 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (sent, cuts) => {
          const line = concatBytes(...sent.map((frame) => encodeAsh(frame)));
          const chunks: Uint8Array[] = [];
          for (let at = 0; at < line.length; ) {
            const size = cuts.next().value ?? 1;
            chunks.push(line.subarray(at, at + size));
            at += size;
          }
          const got = frames(...chunks).map((item) => (item.type === "frame" ? decodeAsh(item.bytes) : item));
          expect(got).toEqual(sent);
        },
      ),
    );
  });

  test("never hold a reserved octet between the flags", () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const body = encodeAsh(frame).subarray(0, -1);
        expect([...body].some((octet) => [0x7e, 0x11, 0x13, 0x18, 0x1a].includes(octet))).toBe(false);
      }),
    );
  });

  test("cut short or with any bit flipped are refused with a coded error", () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), (frame, flip) => {
        const item = frames(encodeAsh(frame))[0];
        if (item?.type !== "frame") throw new Error("no frame");
        const { bytes } = item;
        for (let length = 0; length < bytes.length; length++) {
          const cut = bytes.subarray(0, length);
          // One cut in 65,536 has a CRC that fits by chance.
          if (length >= 3 && crcCcitt(cut) === 0) continue;
          expect(() => decodeAsh(cut)).toThrow(HanwayError);
        }
        const bit = flip % (bytes.length * 8);
        const spoilt = Uint8Array.from(bytes);
        spoilt[bit >> 3] = (spoilt[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => decodeAsh(spoilt)).toThrow(HanwayError);
      }),
    );
  });

  test("out of noise never become anything but frames or a coded error", () => {
    fc.assert(
      fc.property(octets(0, 600), (noise) => {
        for (const item of frames(noise)) {
          if (item.type !== "frame") continue;
          expect(item.bytes.length).toBeLessThanOrEqual(MAX_CONTENT);
          try {
            decodeAsh(item.bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(HanwayError);
          }
        }
      }),
    );
  });
});

describe("the deframer", () => {
  const ack = encodeAsh({ type: "ack", ackNumber: 3, notReady: false });

  test("holds no more than one frame of a line without flags", () => {
    let state = emptyDeframer;
    for (let i = 0; i < 1000; i++) [state] = deframe(state, new Uint8Array(1000).fill(0x55));
    expect(state.held.length).toBeLessThanOrEqual(MAX_CONTENT);
    const [, found] = deframe(state, concatBytes(Uint8Array.of(0x7e), ack));
    expect(found.map((item) => item.type)).toEqual(["spoilt", "frame"]);
  });

  test("CANCEL drops what was before it without a complaint", () => {
    expect(frames(concatBytes(fromHex("2542211a"), ack)).map((item) => item.type)).toEqual(["frame"]);
  });

  test("SUBSTITUTE spoils the frame it stands in and no other", () => {
    expect(frames(concatBytes(fromHex("254218a856a6097e"), ack)).map((item) => item.type)).toEqual([
      "spoilt",
      "frame",
    ]);
  });

  test("XON and XOFF may stand anywhere", () => {
    const [item] = frames(fromHex("11811360 59137e".replace(" ", "")));
    if (item?.type !== "frame") throw new Error("no frame");
    expect(decodeAsh(item.bytes)).toEqual({ type: "ack", ackNumber: 1, notReady: false });
  });

  test("idle flags and wake octets between frames are nothing", () => {
    expect(frames(fromHex("7e7eff7effff7e"))).toEqual([]);
  });
});
