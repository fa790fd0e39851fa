import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../../src/base/bytes.ts";
import type { IncomingAps, OutgoingAps } from "../../../src/han/radio/port.ts";
import { judgeIncoming, mayLeave } from "../../../src/han/security/gate.ts";
import { readHeader, writeHeader } from "../../../src/zcl/header.ts";

const HEADER = readHeader(new ByteReader(Uint8Array.of(0x00, 1, 0x00)));

function incoming(cluster: number, security: IncomingAps["security"], broadcast = false): IncomingAps {
  return {
    nodeId: 1,
    profile: 0x0109,
    cluster,
    sourceEndpoint: 1,
    destinationEndpoint: 3,
    security,
    broadcast,
    apsCounter: 1,
    lqi: 255,
    rssi: -40,
    payload: Uint8Array.of(0x00, 1, 0x00),
  };
}

function outgoing(
  cluster: number,
  security: OutgoingAps["security"],
  payload: Uint8Array = Uint8Array.of(0x01, 1, 0),
): OutgoingAps {
  return {
    nodeId: 1,
    profile: 0x0109,
    cluster,
    sourceEndpoint: 3,
    destinationEndpoint: 1,
    security,
    payload,
  };
}

const NETWORK_KEY = [0x0000, 0x0003, 0x0800];
const LINK_KEY = [
  0x000a, 0x0019, 0x0025, 0x0700, 0x0702, 0x0703, 0x0704, 0x0705, 0x0707, 0x0708, 0x0709, 0x070b,
];

describe("what a device may say (communications-hub D)", () => {
  it.each(LINK_KEY)("cluster %i only under its link key", (cluster) => {
    expect(judgeIncoming(incoming(cluster, "network"), HEADER, "in")).toBe("in-clear");
    expect(judgeIncoming(incoming(cluster, "link-key"), HEADER, "in")).toBeUndefined();
    expect(judgeIncoming(incoming(cluster, "network", true), HEADER, "in")).toBe("in-clear");
  });

  it.each(NETWORK_KEY)("cluster %i also under the network key", (cluster) => {
    expect(judgeIncoming(incoming(cluster, "network"), HEADER, "in")).toBeUndefined();
  });

  it.each(["out", "seen", "associated", "keying"] as const)(
    "nothing but Key Establishment while it is %s",
    (at) => {
      for (const cluster of [...LINK_KEY, 0x0000, 0x0003])
        for (const security of ["network", "link-key"] as const)
          expect(judgeIncoming(incoming(cluster, security), HEADER, at)).toBe("not-keyed");
      expect(judgeIncoming(incoming(0x0800, "network"), HEADER, at)).toBeUndefined();
    },
  );
});

describe("what the hub may send", () => {
  it.each(LINK_KEY)("cluster %i never in clear", (cluster) => {
    expect(mayLeave(outgoing(cluster, "network"), "in")).toBe(false);
    expect(mayLeave(outgoing(cluster, "link-key"), "in")).toBe(true);
  });

  it("a Default Response to a frame in clear goes back in clear", () => {
    expect(mayLeave(outgoing(0x0704, "network", Uint8Array.of(0x18, 1, 0x0b, 0, 1)), "in")).toBe(true);
    expect(mayLeave(outgoing(0x0704, "network", Uint8Array.of(0x1c, 1, 2, 9, 0x0b, 0, 1)), "in")).toBe(true);
    expect(mayLeave(outgoing(0x0704, "network", Uint8Array.of(0x19, 1, 0x0b)), "in")).toBe(false);
    expect(mayLeave(outgoing(0x0704, "network", Uint8Array.of()), "in")).toBe(false);
  });

  it("nothing but Key Establishment to a device on its way in", () => {
    expect(mayLeave(outgoing(0x0704, "link-key"), "keying")).toBe(false);
    expect(mayLeave(outgoing(0x0000, "network"), "keying")).toBe(false);
    expect(mayLeave(outgoing(0x0800, "network"), "keying")).toBe(true);
  });

  it("knows a Default Response by every header that the codec writes", () => {
    const header = fc.record({
      frameType: fc.constantFrom("global" as const, "cluster" as const),
      direction: fc.constantFrom("clientToServer" as const, "serverToClient" as const),
      disableDefaultResponse: fc.boolean(),
      sequence: fc.nat(255),
      command: fc.nat(255),
      manufacturerCode: fc.option(fc.nat(0xffff), { nil: undefined }),
    });
    fc.assert(
      fc.property(header, ({ manufacturerCode, ...rest }) => {
        const writer = new ByteWriter(5);
        writeHeader(writer, manufacturerCode === undefined ? rest : { ...rest, manufacturerCode });
        const clear = mayLeave(outgoing(0x0704, "network", writer.done()), "in");
        expect(clear).toBe(rest.frameType === "global" && rest.command === 0x0b);
      }),
    );
  });
});
