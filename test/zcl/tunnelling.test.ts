import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { HanwayError } from "../../src/base/error.ts";
import { decodeTunnelling, encodeTunnelling, type TunnellingCommand } from "../../src/zcl/tunnelling.ts";

const FRAMES: [string, TunnellingCommand, "clientToServer" | "serverToClient"][] = [
  [
    "01050006ffff00dc05",
    {
      name: "RequestTunnel",
      protocolId: 6,
      manufacturerCode: 0xffff,
      flowControlSupport: false,
      maximumIncomingTransferSize: 1500,
    },
    "clientToServer",
  ],
  [
    "090500010000dc05",
    { name: "RequestTunnelResponse", tunnelId: 1, tunnelStatus: 0, maximumIncomingTransferSize: 1500 },
    "serverToClient",
  ],
  ["0106010100", { name: "CloseTunnel", tunnelId: 1 }, "clientToServer"],
  ["010602010001", { name: "TransferData", tunnelId: 1, data: fromHex("01") }, "clientToServer"],
  ["09070101000200", { name: "TransferData", tunnelId: 1, data: fromHex("0200") }, "serverToClient"],
  ["090802010000", { name: "TransferDataError", tunnelId: 1, transferDataStatus: 0 }, "serverToClient"],
  ["010903010002", { name: "TransferDataError", tunnelId: 1, transferDataStatus: 2 }, "clientToServer"],
  ["010904010005a0", { name: "AckTransferData", tunnelId: 1, numberOfBytesLeft: 0xa005 }, "clientToServer"],
  ["0909040100ffff", { name: "ReadyData", tunnelId: 1, numberOfOctetsLeft: 0xffff }, "serverToClient"],
  ["010a0600", { name: "GetSupportedTunnelProtocols", protocolOffset: 0 }, "clientToServer"],
  [
    "090a050102ffff0610cac8",
    {
      name: "SupportedTunnelProtocolsResponse",
      protocolListComplete: true,
      protocols: [
        { manufacturerCode: 0xffff, protocolId: 6 },
        { manufacturerCode: 0xca10, protocolId: 200 },
      ],
    },
    "serverToClient",
  ],
  ["090b060100", { name: "TunnelClosureNotification", tunnelId: 1 }, "serverToClient"],
];

describe("ZSE D.6 Tunneling commands", () => {
  test.each(FRAMES)("%s", (hex, command, direction) => {
    const frame = decodeTunnelling(fromHex(hex));
    expect(frame.command).toEqual(command);
    expect(frame.header.direction).toBe(direction);
    expect(toHex(encodeTunnelling(command, { sequence: frame.header.sequence, direction }))).toBe(hex);
  });

  test("a truncated frame is refused at every octet, save TransferData whose data has no length", () => {
    for (const [hex, command] of FRAMES) {
      const whole = fromHex(hex);
      const least = command.name === "TransferData" ? 5 : whole.length;
      for (let length = 0; length < least; length++) {
        expect(() => decodeTunnelling(whole.subarray(0, length))).toThrow(HanwayError);
      }
    }
  });

  test("trailing octets are refused with their offset", () => {
    for (const [hex, command] of FRAMES) {
      if (command.name === "TransferData") continue;
      try {
        decodeTunnelling(fromHex(`${hex}00`));
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: "decode/trailing", offset: hex.length / 2 });
      }
    }
  });

  test("TransferData of 4,400 octets comes back as a view into the frame", () => {
    const data = new Uint8Array(4400).fill(0xdf);
    const frame = encodeTunnelling(
      { name: "TransferData", tunnelId: 0x1234, data },
      { sequence: 1, direction: "serverToClient" },
    );
    const { command } = decodeTunnelling(frame);
    if (command?.name !== "TransferData") return expect.unreachable();
    expect(command.tunnelId).toBe(0x1234);
    expect(command.data).toEqual(data);
    expect(command.data.buffer).toBe(frame.buffer);
  });

  test("an unknown, a general and a manufacturer specific command give the header alone", () => {
    expect(decodeTunnelling(fromHex("010b7f")).command).toBeUndefined();
    expect(decodeTunnelling(fromHex("000b0b0100")).command).toBeUndefined();
    const frame = decodeTunnelling(fromHex("0534120b020100"));
    expect(frame.command).toBeUndefined();
    expect(frame.header.manufacturerCode).toBe(0x1234);
  });

  test("a number that does not fit, and a side that does not send the command, are refused", () => {
    expect(() => encodeTunnelling({ name: "CloseTunnel", tunnelId: 0x10000 }, { sequence: 0 })).toThrow(
      HanwayError,
    );
    expect(() => encodeTunnelling({ name: "CloseTunnel", tunnelId: 1 }, { sequence: 256 })).toThrow(
      HanwayError,
    );
    expect(() =>
      encodeTunnelling({ name: "CloseTunnel", tunnelId: 1 }, { sequence: 0, direction: "serverToClient" }),
    ).toThrow(HanwayError);
    expect(() =>
      encodeTunnelling({ name: "TransferData", tunnelId: 1, data: new Uint8Array() }, { sequence: 0 }),
    ).toThrow(HanwayError);
  });

  test("whatever the octets: a frame that encodes back to them, or a HanwayError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          const { header, command } = decodeTunnelling(bytes);
          if (command === undefined) return;
          expect(toHex(encodeTunnelling(command, header))).toBe(toHex(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(HanwayError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
